"""Argument lists as pybind11 reads them: several forms for one name, chosen by number and type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Form = Mapping[str, type]
"""Names and types in order; a name that begins with "arg" cannot be given as a keyword."""


class Callback:
    """std::function, which the binding makes of nothing: it leaves out pybind11/functional.h."""


class Milliseconds:
    """std::chrono::milliseconds, which it makes of nothing either, without pybind11/chrono.h."""


_SHOWN: Mapping[type, str] = {
    int: "int",
    str: "str",
    dict: "dict",
    object: "capsule",
    Callback: "std::function",
    Milliseconds: "std::chrono::milliseconds",
}

_HINTS = {
    Callback: "no Python function can be given here",
    Milliseconds: "no timeout can be given here; run.wait(timeout_ms) takes an int",
}


@dataclass(frozen=True)
class Overloads:
    """What one function can be called with.

    Attributes:
        name: the class or, for a method, the class and the method: "pyxrt.bo", "pyxrt.bo.sync".
        forms: tried in their order.
        method: whether it is a method, which is told otherwise than a constructor.
    """

    name: str
    forms: tuple[Form, ...]
    method: bool = False

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
        what = self.name.rpartition(".")[2] if self.method else "__init__"
        kind = "function" if self.method else "constructor"
        hints = [
            text for type, text in _HINTS.items() if any(type in f.values() for f in self.forms)
        ]
        raise TypeError(
            f"{what}(): incompatible {kind} arguments. The following argument types are "
            f"supported:\n{shown}\n\nInvoked with: {_invoked(given, named)}"
            + "".join(f"\n({hint})" for hint in hints)
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
    """pybind takes for a size whatever makes an int that is not negative, and a str or bytes for
    a string; what a dict holds are parameters of a context."""
    if type is int:
        number = as_int(value)
        return number is not None and number >= 0
    if type is str:
        return isinstance(value, str | bytes)
    if type is dict:
        return isinstance(value, dict) and all(
            _takes(str, key) and _takes(int, item) for key, item in value.items()
        )
    return isinstance(value, type)


def as_int(value: Any) -> int | None:
    """`value` as pybind makes an int of it: anything that has one and is no float; else None."""
    if isinstance(value, float) or not (hasattr(value, "__index__") or hasattr(value, "__int__")):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def as_int32(value: Any) -> int | None:
    """`value` as the C++ int that pybind casts it to, None if it cannot."""
    number = as_int(value)
    return number if number is not None and -(1 << 31) <= number < 1 << 31 else None


def _type_name(type: type) -> str:
    return _SHOWN.get(type) or f"pyxrt.{type.__qualname__}"


def _invoked(given: Sequence[Any], named: Mapping[str, Any]) -> str:
    plain = ", ".join(map(repr, given))
    keywords = ", ".join(f"{name}={value!r}" for name, value in named.items())
    return f"{plain}; kwargs: {keywords}" if keywords else plain
