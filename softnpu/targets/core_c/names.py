"""C names for the things of a design."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from softnpu.targets.standin_runtime import KERNEL_INCLUDE, STANDIN_INCLUDE

KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef
    union unsigned void volatile while asm typeof bool true false main
    """.split()  # noqa: SIM905
)
LOOP_NAMES = "ijklmnpq"
"""What loop variables are called, from the outermost in."""

_HEADER_NAMES = re.compile(
    r"npu_|NPU_|core_[a-z]|CORE_|__|U?INT\d+_|u?int(?:\d+|ptr|max)_t$|v\d+[a-z]+\d+$"
)
"""What npu_core.h, core_support.h and <stdint.h> define (a core's function is `core_0_2`)."""
_RUNTIME_NAME = re.compile(r"\b(?:npu|core)_[a-z]\w*(?:##\w+)?")


def is_reserved(name: str) -> bool:
    """Whether C or the generated file's headers use a name."""
    return name in KEYWORDS or _HEADER_NAMES.match(name) is not None


def is_runtime_symbol(name: str) -> bool:
    """Whether the stand-in's runtime has a symbol of that name, which no other may then have."""
    if name in ("main", "__start"):
        return True
    return name.startswith(("npu_", "core_")) and name in _runtime_symbols()


@cache
def _runtime_symbols() -> frozenset[str]:
    """The functions of the generated file's headers, families written out."""
    headers = (KERNEL_INCLUDE / "npu_core.h", STANDIN_INCLUDE / "core_support.h")
    found: set[str] = set()
    for header in headers:
        for name in _RUNTIME_NAME.findall(header.read_text(encoding="utf-8")):
            stem, _, parameter = name.partition("##")
            members = {"N": ("8", "16", "32", "64"), "name": ("f32", "f64")}.get(parameter, ("",))
            found.update(stem + member for member in members)
    return frozenset(found)


def identifier(name: str) -> str:
    """`name` with everything that no C identifier holds replaced."""
    text = re.sub(r"\W", "_", name)
    return f"_{text}" if text[:1].isdigit() or not text else text


class Names:
    """Names in use, so that each new one differs from all."""

    def __init__(self, outer: Names | None = None, avoid: Iterable[str] = ()) -> None:
        """Names inside of `outer`, none of them one of `avoid`."""
        self._outer = outer
        self._avoid = frozenset(avoid)
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        if name in self._taken or name in self._avoid:
            return True
        return name in self._outer if self._outer else is_reserved(name)

    def take(self, wanted: str) -> str:
        """A name like `wanted` that nothing has yet."""
        name = base = identifier(wanted)
        if is_reserved(f"{base}_1"):  # its beginning is
            name = base = f"d_{base}"
        count = 1
        while name in self or name in LOOP_NAMES:
            name = f"{base}_{count}"
            count += 1
        self._taken.add(name)
        return name

    def loop(self, depth: int) -> str:
        """The name of the variable of a loop `depth` loops deep."""
        if depth < len(LOOP_NAMES) and LOOP_NAMES[depth] not in self._taken:
            return LOOP_NAMES[depth]
        return self.take(f"i{depth}")
