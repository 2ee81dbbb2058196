"""Which artifacts a name on a command line stands for: the same ones in every command.

`design` stands for all of its variants, `design/variant` for one; `*`, `?` and `[...]` stand for
what a shell takes them for. A task in front, as in `test_emu:design`, tells what is done with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from runner.errors import RunnerError

TASKS = (
    *("render", "kernels", "lower", "cores", "insts", "cdo", "routes", "pdi", "xclbin", "manifest"),
    *("build", "compare", "parity", "test_emu", "test_hw", "races", "profile", "bundle"),
    *("observe", "report"),
)
"""What doit does with artifacts."""

MOST = 4
"""Suggestions for one name."""


class UnknownNameError(RunnerError):
    """A name that nothing has; the message tells what may have been meant."""

    def __init__(self, name: str, told: str, likely: Iterable[str] = ()) -> None:
        meant = " or ".join(likely)
        ending = f"did you mean {meant}?" if meant else told
        super().__init__(f"nothing is called {name!r}; {ending}")


def matching(name: str, labels: Iterable[str]) -> list[str]:
    """The labels that a name without a task stands for, in their order.

    Args:
        labels: `<design>/<variant>`; `<design>` alone of one whose variants nobody knows, for which
            any variant stands.
    """
    return [label for label in labels if name and _stands_for(name, label)]


def _stands_for(name: str, label: str) -> bool:
    known = label if "/" in label else f"{label}/{name.partition('/')[2]}"
    return fnmatchcase(known, name) or fnmatchcase(design_of(label), name)


def design_of(label: str) -> str:
    """The design of a label or of a name."""
    return label.partition("/")[0]


def chosen(names: Iterable[str], labels: Iterable[str]) -> list[str]:
    """The labels that names stand for, each once; any of TASKS may stand in front of a name.

    Raises:
        UnknownNameError: one of them stands for nothing.
    """
    known = list(labels)
    return list(dict.fromkeys(label for name in names for label in _chosen(name, known)))


def _chosen(name: str, known: Sequence[str]) -> list[str]:
    task, colon, rest = name.partition(":")
    bare = rest.partition(":")[0] if colon else name
    found = matching(bare, known)
    if found and (not colon or any(fnmatchcase(one, task) for one in TASKS)):
        return found
    near = [bare] if found else nearest(bare, known)
    if colon and task not in TASKS:
        near = [f"{one}:{meant}" for one in like(task, TASKS) for meant in near]
    raise UnknownNameError(name, designs(known), near)


def designs(labels: Iterable[str]) -> str:
    """What there is, for a name that is like nothing."""
    known = ", ".join(dict.fromkeys(design_of(label) for label in labels))
    return f"the designs are {known}" if known else "there are no designs: npuforge new makes one"


def nearest(name: str, labels: Iterable[str]) -> list[str]:
    """Names that stand for something and are like one that does not; at most MOST."""
    known = list(labels)
    design, slash, variant = name.partition("/")
    own = {label.partition("/")[2]: label for label in matching(design, known)}
    if own:
        return [own[near] for near in like(variant, own)] or list(own.values())[:MOST]
    near = _like_design(design.strip("*?"), dict.fromkeys(map(design_of, known)))
    whole = [f"{found}/{variant}" for found in near if slash]
    elsewhere = [label for label in known if name and label.endswith(f"/{name}")]
    return [found for found in whole if matching(found, known)] or near or elsewhere[:MOST]


def _like_design(word: str, known: Iterable[str]) -> list[str]:
    """Those that begin so, or the one that is most like it."""
    begun = [one for one in known if word and one.startswith(word)]
    return begun[:MOST] or like(word, known)


def like(word: str, known: Iterable[str]) -> list[str]:
    """The word that is most like another, whatever the case of its letters; [] if none is."""
    by_small = {one.lower(): one for one in known}
    return [by_small[near] for near in get_close_matches(word.lower(), by_small, 1, cutoff=0.65)]
