"""What the tests of the objectfifo lowering share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text, print_module
from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass
from softnpu.passes.objectfifo_unroll import ObjectFifoUnrollPass
from tests.softnpu.passes.printed import with_numbers

LowerFifos = Callable[..., "Lowered"]


class Lowered:
    """The text of a lowered device, and its parts; constants are numbers where they are used."""

    def __init__(self, text: str) -> None:
        self.text = with_numbers(text)
        self.lines = [line.strip() for line in self.text.splitlines()]

    def matching(self, pattern: str) -> list[str]:
        """The lines in which a pattern is found, in order."""
        return [line for line in self.lines if re.search(pattern, line)]

    def part(self, start: str) -> list[str]:
        """The lines of the op that starts with `start`, without its first and last."""
        lines = self.text.splitlines()
        first = next(n for n, line in enumerate(lines) if line.strip().startswith(start))
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        last = next(n for n in range(first + 1, len(lines)) if lines[n].startswith(indent + "}"))
        return [line.strip() for line in lines[first + 1 : last]]


@pytest.fixture
def lower_fifos(mlir: Context) -> LowerFifos:
    """Lowers the objectfifos of a device whose body is given as text; `unroll`: and its loops."""

    def run(body: str, device: str = "npu1_2col", unroll: bool = False, **options: bool) -> Lowered:
        text = f"module {{\n  aie.device({device}) {{\n{body}\n  }}\n}}\n"
        module = parse_text(text, "design.mlir", mlir)
        ObjectFifoStatefulTransformPass(**options).apply(mlir, module)
        if unroll:
            ObjectFifoUnrollPass().apply(mlir, module)
        return Lowered(print_module(module))

    return run
