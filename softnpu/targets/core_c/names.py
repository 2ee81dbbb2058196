"""C names for the things of a design."""

from __future__ import annotations

import re
from functools import cache

from softnpu.targets.standin.toolchain import KERNEL_INCLUDE, STANDIN_INCLUDE

KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef
    union unsigned void volatile while asm typeof bool true false main
    """.split()  # noqa: SIM905
)
LOOP_NAMES = "ijklmnpq"
"""What loop variables are called, from the outermost in."""

_WORD = re.compile(r"[A-Za-z_]\w*")


@cache
def reserved() -> frozenset[str]:
    """Names that the generated file's headers use."""
    headers = (KERNEL_INCLUDE / "npu_core.h", STANDIN_INCLUDE / "core_support.h")
    words = {word for header in headers for word in _WORD.findall(header.read_text())}
    return KEYWORDS | words - set(LOOP_NAMES) - {"value", "first", "second", "word", "lock"}


def identifier(name: str) -> str:
    """`name` with everything that no C identifier holds replaced."""
    text = re.sub(r"\W", "_", name)
    return f"_{text}" if text[:1].isdigit() or not text else text


class Names:
    """Names in use, so that each new one differs from all."""

    def __init__(self, outer: Names | None = None) -> None:
        self._outer = outer
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        if name in self._taken:
            return True
        return name in self._outer if self._outer else name in reserved()

    def take(self, wanted: str) -> str:
        """A name like `wanted` that nothing has yet."""
        name = base = identifier(wanted)
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
