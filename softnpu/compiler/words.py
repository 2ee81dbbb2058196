"""Command lines as LLVM's programs read them: `-name`, `--name`, `--name=value`, `--name value`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
        refused: why there is nothing that it could do here, "" if there is.
        help: what it is for.
        metavar: what its value is called in a help text.
        check: raises ValueError, which says what a value is, for one that will not do.
    """

    kind: Kind
    ignored: str = ""
    refused: str = ""
    help: str = ""
    metavar: str = "NAME"
    check: Callable[[str], object] = str


def one_of(*choices: str) -> Callable[[str], object]:
    """A check that a value is one of these."""

    def check(text: str) -> None:
        if text not in choices:
            raise ValueError(f"is {' or '.join(choices)}, not {text!r}")

    return check


def number(text: str) -> int:
    """A number as LLVM's programs take it: decimal, or hexadecimal behind 0x."""
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"is a number, not {text!r}") from None


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

    def add(self, name: str, value: str, option: Option) -> None:
        """Takes an option with its value.

        Raises:
            ToolError: an option that is refused, or a value that will not do.
        """
        if option.refused:
            raise ToolError(f"{dashed(name)}: {option.refused}")
        try:
            option.check(value)
        except ValueError as error:
            raise ToolError(f"{dashed(name)} {error}") from None
        self.values.setdefault(name, []).append(value)
        if option.ignored:
            self.ignored[name] = option.ignored

    def number(self, name: str, default: int) -> int:
        """The value of an option that is a number."""
        return number(self.last(name, str(default)))

    def last(self, name: str, default: str = "") -> str:
        """The value that counts of an option: the last one."""
        return self.values.get(name, [default])[-1]

    def on(self, name: str, default: bool = False) -> bool:
        """Whether a switch is on."""
        return self.last(name, str(default).lower()) == "true"


def dashed(name: str) -> str:
    """An option as it is written: letters have one dash."""
    return f"--{name}" if len(name) > 1 else f"-{name}"


TRUTH = {"": "true", "true": "true", "1": "true", "false": "false", "0": "false"}
TRUTH |= {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}


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
            found.add(name, value, options[name])
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
        if value not in TRUTH:
            raise ToolError(f"--{name} is true or false, not {value!r}")
        return name, TRUTH[value]
    if equals or kind is Kind.GET:
        return name, value
    try:
        return name, next(waiting)
    except StopIteration:
        raise ToolError(f"{word} needs a value") from None
