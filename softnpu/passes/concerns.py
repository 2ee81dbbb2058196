"""What passes are about: a pass that lists the classes of ops that it does something for, as
`concerns`, is passed over where a design has none of them (see `compiler.pipelines.run`).

In runtime sequences it asks for no other ops. Those that have none of these are set aside while it
runs: looking for them in a long sequence takes each pass as long as its work. A pass that lists as
`makes` which of the classes that concern any pass it may leave where there were none spares looking
for them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.aside import set_aside
from softnpu.dialects.walking import all_ops, classes_in
from softnpu.passes.sequence_ops import devices, sequences

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

Concerns: TypeAlias = tuple[type[Operation], ...]
Classes: TypeAlias = set[type[Operation]]


class Met:
    """The classes of ops in a module: in its array, and in each of its runtime sequences."""

    def __init__(self, module: ModuleOp) -> None:
        self._module = module
        self._sequences: dict[RuntimeSequenceOp, Classes] = {}
        """Of sequences as they were looked at, and what passes may have made there since."""

    @contextmanager
    def concerned(self, one: ModulePass) -> Iterator[bool]:
        """Whether a pass may have anything to do; it is to run within, and without the sequences
        that do not concern it."""
        concerns: Concerns | None = getattr(one, "concerns", None)
        makes: Concerns | None = getattr(one, "makes", None)
        found = [sequence for device in devices(self._module) for sequence in sequences(device)]
        others = [] if concerns is None else [s for s in found if not self._has(s, concerns)]
        with set_aside(others):
            runs = len(others) < len(found) or concerns is None or self._array_has(concerns)
            yield runs
        for sequence in found if runs else ():
            if sequence not in others and makes is None:
                self._sequences.pop(sequence, None)
            elif sequence not in others and sequence in self._sequences:
                self._sequences[sequence].update(makes or ())

    def _has(self, sequence: RuntimeSequenceOp, concerns: Concerns) -> bool:
        if sequence not in self._sequences:
            self._sequences[sequence] = classes_in(sequence)
        return _is_among(concerns, self._sequences[sequence])

    def _array_has(self, concerns: Concerns) -> bool:
        classes = set(map(type, all_ops(self._module, (RuntimeSequenceOp,))))
        return _is_among(concerns, classes)


def _is_among(concerns: Concerns, classes: Classes) -> bool:
    return any(issubclass(cls, concerns) for cls in classes)
