"""Command lines as LLVM's programs read them: `-name`, `--name`, `--name=value`, `--name value`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum, auto

from softnpu.errors import ToolError


class Kind(Enum):
    """What an option takes."""

    SWITCH = auto()
    """Nothing, or `=true`, `=false`, `=1`, `=0`."""
    VALUE = auto()
    """A value, behind `=` or as the next word."""
    PREFIX = auto()
    """A value that may stand right behind it, as in -Idir; else the next word."""
    GET = auto()
    """Nothing or `=value`, never the next word."""


@dataclass(frozen=True)
class Option:
    """An option that a program knows.

    Attributes:
        ignored: why it is taken and changes nothing, "" if it does.
    """

    kind: Kind
    ignored: str = ""


@dataclass
class Words:
    """A command line that was read.

    Attributes:
        values: of each option given, in the order of the command line; "true" or "false" of a
            switch.
        inputs: the words that are no options.
        behind: what stands behind a lone `--`.
        ignored: the options that were taken and change nothing, each with its reason.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)

    def last(self, name: str, default: str = "") -> str:
        """The value that counts of an option: the last one."""
        return self.values.get(name, [default])[-1]

    def on(self, name: str, default: bool = False) -> bool:
        """Whether a switch is on."""
        return self.last(name, str(default).lower()) == "true"


_TRUTH = {"": "true", "true": "true", "1": "true", "false": "false", "0": "false"}
_TRUTH |= {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}


def read(given: Sequence[str], options: Mapping[str, Option]) -> Words:
    """Reads a command line.

    Raises:
        ToolError: an option that the program does not know, with the nearest one, or a value that
            is missing or none.
    """
    found = Words()
    waiting = iter(given)
    for word in waiting:
        if word == "--":
            found.behind.extend(waiting)
        elif word == "-" or not word.startswith("-"):
            found.inputs.append(word)
        else:
            name, value = _option(word, options, waiting)
            found.values.setdefault(name, []).append(value)
            if options[name].ignored:
                found.ignored[name] = options[name].ignored
    return found


def _option(word: str, options: Mapping[str, Option], waiting: Iterator[str]) -> tuple[str, str]:
    bare = word[2:] if word.startswith("--") else word[1:]
    name, equals, value = bare.partition("=")
    if name not in options:
        prefixes = [n for n, o in options.items() if o.kind is Kind.PREFIX and bare.startswith(n)]
        if not prefixes or word.startswith("--"):
            near = get_close_matches(name, options, n=1)
            hint = f"; did you mean --{near[0]}?" if near else ""
            raise ToolError(f"there is no option {word.partition('=')[0]}{hint}")
        name = max(prefixes, key=len)
        return name, bare[len(name) :].removeprefix("=")
    kind = options[name].kind
    if kind is Kind.SWITCH:
        if value not in _TRUTH:
            raise ToolError(f"--{name} is true or false, not {value!r}")
        return name, _TRUTH[value]
    if equals or kind is Kind.GET:
        return name, value
    try:
        return name, next(waiting)
    except StopIteration:
        raise ToolError(f"{word} needs a value") from None
