"""Small designs around a runtime sequence, for the tests of the passes over such sequences."""

from __future__ import annotations

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.text import parse_text
from tests.softnpu.passes.printed import with_numbers

ARGUMENTS = "%a: memref<1024xi32>, %b: memref<1024xi32>"
SHIM = """
  %shim = aie.tile(0, 0)
  aie.shim_dma_allocation @in(%shim, MM2S, 0)
  aie.shim_dma_allocation @out(%shim, S2MM, 1)
"""


def design(
    steps: str, *, device: str = "npu1_1col", before: str = SHIM, arguments: str = ARGUMENTS
) -> str:
    """A device with `before` and one runtime sequence of `steps`."""
    return f"""aie.device({device}) {{
{before}
  aie.runtime_sequence({arguments}) {{
{steps}
  }}
}}
"""


def sequence(text: str) -> RuntimeSequenceOp:
    """The first runtime sequence of a design."""
    module = parse_text(text, "design.mlir")
    return next(op for op in module.walk() if isinstance(op, RuntimeSequenceOp))


def numbered_steps_of(text: str) -> list[str]:
    """The ops of the first runtime sequence, with numbers where their operands are constants."""
    return steps_of(with_numbers(text))


def steps_of(text: str) -> list[str]:
    """The ops of the first runtime sequence of a printed design, one a line."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if "aie.runtime_sequence" in line)
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    last = lines.index(f"{indent}}}", first)
    return [line.strip() for line in lines[first + 1 : last]]
