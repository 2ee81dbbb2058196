"""What an author says of a design's outputs: a reference, and how close they must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner.artifact import Argument
from runner.errors import RunnerError
from runner.fitting import fitted
from runner.verdicts.criteria import Criterion

Array = np.ndarray[Any, Any]
Reference = Callable[[dict[str, Array]], Mapping[str, Any]]
"""Inputs by name -> outputs by name; RunnerError for what the author has to mend."""


@dataclass(frozen=True)
class Expected:
    """What the author says of the outputs.

    Attributes:
        reference: None for a design that nothing judges.
        checks: how close an output must be, by name; those without one are judged by dtype.
        place: where the reference stands, "saxpy.py:12"; "" if nobody knows.
    """

    reference: Reference | None = None
    checks: Mapping[str, Criterion] = field(default_factory=dict)
    place: str = ""

    def answers(
        self, inputs: Mapping[str, Array], arguments: Sequence[Argument]
    ) -> dict[str, Array] | None:
        """What the outputs must hold, in their shapes and dtypes; None without a reference.

        Raises:
            RunnerError: the reference fails, or gives something else; all that is wrong with it.
        """
        if self.reference is None:
            return None
        outputs = [argument for argument in arguments if argument.is_output]
        given = self.reference({name: values.copy() for name, values in inputs.items()})
        found, problems = {}, list(_misnamed(given, outputs))
        for argument in outputs if not problems else ():
            try:
                found[argument.name] = fitted(given[argument.name], argument)
            except RunnerError as error:
                problems.append(str(error))
        if problems:
            raise RunnerError(self._told(given, outputs, problems))
        return found

    def _told(
        self, given: Mapping[str, Any], outputs: Sequence[Argument], problems: Sequence[str]
    ) -> str:
        head = f"{self.place}: error: " if self.place else ""
        lines = [f"{head}what the reference gives does not fit the outputs:"]
        lines += [f"- {problem}" for problem in problems]
        if _fits_in_another_order(given, outputs):
            lines.append(
                "In another order they fit: give a dict by output, or the arrays in the order of"
                f" buffers(p): {', '.join(argument.name for argument in outputs)}"
            )
        return "\n".join(lines)


def _misnamed(given: Mapping[str, Any], outputs: Sequence[Argument]) -> Iterator[str]:
    """Outputs that are missing, and names that no output has."""
    names = [argument.name for argument in outputs]
    for argument in outputs:
        if argument.name not in given:
            yield f"{argument.name} ({argument.told}) is missing"
    for name in given:
        if name not in names:
            yield f"there is no output {name!r}; outputs are {', '.join(names)}"


def _fits_in_another_order(given: Mapping[str, Any], outputs: Sequence[Argument]) -> bool:
    """Whether each output takes another one's array."""
    rest = [given[argument.name] for argument in outputs if argument.name in given]
    if len(rest) != len(outputs) or len(outputs) < 2:
        return False
    for argument in outputs:
        taken = next((i for i, values in enumerate(rest) if _is(values, argument)), None)
        if taken is None:
            return False
        del rest[taken]
    return True


def _is(values: object, argument: Argument) -> bool:
    """Whether an array has the very shape and dtype of an output."""
    array = np.asarray(values)
    return array.shape == argument.shape and array.dtype == argument.kind
