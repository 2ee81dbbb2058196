"""The settings of a sweep: values for some of a design's parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from typing import Any

from pipeline.errors import PipelineError

Setting = Mapping[str, Any]
"""Parameter -> value, of those that vary."""

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse(given: Iterable[str], defaults: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """`n=128,256` and the like: each parameter with its values, in the order that they came in.

    Args:
        defaults: all parameters of the design; a value is of the type that its default has.

    Raises:
        PipelineError: no `=`, no such parameter, a value of another type, none at all.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise PipelineError(f"--set takes NAME=VALUE,VALUE,..., not {text!r}")
        if name not in defaults:
            near = get_close_matches(name, defaults, n=1)
            hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(defaults)}"
            raise PipelineError(f"--set {text}: the design has no parameter {name!r}; {hint}")
        one = (_value(value, name, defaults[name]) for value in values.split(","))
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *one)))
    if not found:
        raise PipelineError("a sweep needs --set NAME=VALUE,VALUE,... at least once")
    return found


def _value(text: str, name: str, default: Any) -> Any:
    kind = type(default)
    try:
        if kind is bool:
            return _TRUTH[text.lower()]
        if kind in (int, float):
            return int(text, 0) if kind is int else float(text)
    except (KeyError, ValueError) as error:
        raise PipelineError(
            f"--set {name}={text}: {text!r} is no {kind.__name__}, as the design's own"
            f" {name} = {default!r} is"
        ) from error
    if kind is not str:
        raise PipelineError(
            f"--set {name}: it is a {kind.__name__} in the design; a sweep varies numbers, words"
            " and truth values"
        )
    return text


def every(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """All settings, the last parameter varying fastest."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def told(setting: Setting) -> str:
    """A setting as it is printed: "n=128 tile=16"."""
    return " ".join(f"{name}={value}" for name, value in setting.items())
