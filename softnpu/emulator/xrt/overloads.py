"""Argument lists as pybind11 reads them: several forms for one name, chosen by number and type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Form = Mapping[str, type]
"""Names and types in order; a name that begins with "arg" cannot be given as a keyword."""


@dataclass(frozen=True)
class Overloads:
    """What one function can be called with.

    Attributes:
        name: as messages call it, e.g. "pyxrt.bo".
        forms: tried in their order.
    """

    name: str
    forms: tuple[Form, ...]

    def read(self, given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name.

        Raises:
            TypeError: they fit no form; with all forms, as pybind says it.
        """
        for form in self.forms:
            found = _fit(form, given, named)
            if found is not None:
                return found
        shown = "\n".join(f"    {i}. {text}" for i, text in enumerate(self._shown(), start=1))
        raise TypeError(
            "__init__(): incompatible constructor arguments. The following argument types are "
            f"supported:\n{shown}\n\nInvoked with: {_invoked(given, named)}"
        )

    def _shown(self) -> Iterator[str]:
        for form in self.forms:
            listed = ", ".join(f"{name}: {_type_name(type)}" for name, type in form.items())
            yield f"{self.name}({listed})"


def _fit(form: Form, given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any] | None:
    names = list(form)
    if len(given) + len(named) != len(form) or any(name.startswith("arg") for name in named):
        return None
    found = dict(zip(names, given, strict=False)) | dict(named)
    if found.keys() != form.keys():
        return None
    return found if all(_takes(form[name], value) for name, value in found.items()) else None


def _takes(type: type, value: Any) -> bool:
    """pybind takes for an int whatever has an index, and for a string only a str or bytes."""
    if type is int:
        return hasattr(value, "__index__")
    if type is str:
        return isinstance(value, str | bytes)
    return isinstance(value, type)


def _type_name(type: type) -> str:
    return type.__name__ if type in (int, str, dict) else f"pyxrt.{type.__qualname__}"


def _invoked(given: Sequence[Any], named: Mapping[str, Any]) -> str:
    plain = ", ".join(map(repr, given))
    keywords = ", ".join(f"{name}={value!r}" for name, value in named.items())
    return f"{plain}; kwargs: {keywords}" if keywords else plain
