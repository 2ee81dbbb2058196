"""The table of docs/kernels.md: what each kernel takes of a core, and how long it runs.

python -m benchmarks.kernel_table            # prints it, from what ./doit built
python -m benchmarks.kernel_table --write    # puts it into docs/kernels.md
python -m benchmarks.kernel_table --check    # exit code 1 if the page says something else
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.designs import Variant
from pipeline.discovery import discover
from runner import artifact
from runner.errors import RunnerError
from runner.estimate import steady_run
from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import CoreOp
from softnpu.dialects.text import parse_file
from softnpu.errors import SoftnpuError
from softnpu.targets.linking.elf import Elf
from softnpu.targets.linking.layout import DATA_MEMORY, PROGRAM_MEMORY
from softnpu.targets.standin import core_name, stack_need
from softnpu.targets.standin.core import core_layout

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "kernels.md"
BEGIN = "<!-- python -m benchmarks.kernel_table --write -->\n"
END = "<!-- end of the table -->\n"

CYCLES_PER_MS = 1_000_000
TOLERANCE = 0.05
"""How far a number of the page may be from what is measured now: compilers move a little."""


@dataclass(frozen=True)
class Known:
    """What a run of a variant does, and the time that others measured for such work."""

    work: str
    phoenix: str = "-"


KNOWN = {
    "passthrough/default": Known("4 KB"),
    "vector_add/default": Known("4096 elements"),
    "vector_add_aie/n4096": Known("4096 elements"),
    "vector_scale/small": Known("4096 elements"),
    "vector_scale/large": Known("65,536 elements"),
    "vector_scale_aie/n4096": Known("4096 elements"),
    "vector_affine/one": Known("1024 elements"),
    "vector_affine/several": Known("4 x 1024 elements, each by numbers of its own"),
    "reduce_sum/n4096": Known("4 lines of 1024"),
    "reduce_sum_aie/n4096": Known("4 lines of 1024"),
    "mel/frame": Known("1 frame", "0.58 ms"),
    "mel/stream_30s": Known("3000 frames, a 10 ms hop"),
    "mel_batch/n10": Known("2 x 10 frames", "2.37 ms for 10"),
    "mel_batch/n20": Known("2 x 20 frames"),
    "mel_batch/n30": Known("2 x 30 frames"),
    "attention/t16": Known("1 tile", "0.56 ms (estimated by them)"),
    "attention/t64": Known("1 tile", "2.08-2.40 ms"),
    "attention_aie/t64": Known("1 tile"),
    "attention_multicore/column": Known("4 tiles", "never ran correctly"),
    "attention_multicore/columns": Known("4 tiles", "never ran correctly"),
    "attention_sequence/n1500": Known("1500 x 1500 rows, one head"),
    "softmax_bf16/n1024": Known("1 row of 1024", "1.54 ms"),
    "softmax_bf16/rows4": Known("4 rows of 1024", "5.4 ms"),
    "softmax_bf16/tiles4": Known("4 rows, 4 cores", "1.44 ms (2 columns)"),
    "softmax_bf16_aie/n1024": Known("1 row of 1024"),
    "gelu_int8/n512": Known("512 elements", "0.126 ms"),
    "gelu_int8/n2048": Known("2048 elements", "0.151 ms"),
    "gelu_bf16/n1024": Known("1024 elements", "1.83 ms"),
    "gelu_bf16_aie/n1024": Known("1024 elements"),
    "layernorm_int8/n256": Known("1 row of 256", "0.12-0.59 ms"),
    "layernorm_bf16/n512": Known("1 row of 512", "0.45 ms"),
    "layernorm_bf16/n1024": Known("1 row of 1024", "0.90 ms"),
    "layernorm_bf16_aie/n1024": Known("1 row of 1024"),
    "matmul_int8/n16": Known("16 x 16 x 16", "0.48 ms"),
    "matmul_int8/n32": Known("32 x 32 x 32"),
    "matmul_int8/n64": Known("64 x 64 x 64", "did not compile"),
    "matmul_int8_aie/n64": Known("64 x 64 x 64"),
    "matmul_int8_aie/npu2": Known("64 x 64 x 64"),
    "matmul_tiled_int8/n256": Known("256 x 256 x 256"),
    "matmul_bf16/n64": Known("64 x 64 x 64", "49-54 ms; 0.208 ms vectorised"),
    "matmul_bf16_aie/n64": Known("64 x 64 x 64"),
    "matmul_bf16_aie/npu2": Known("64 x 64 x 64"),
    "conv2d_int8/c8": Known("8 x 16 pixels, 3 x 3 x 8 x 8"),
    "conv2d_int8_aie/c8": Known("8 x 16 pixels, 3 x 3 x 8 x 8"),
    "blur_uint8/image": Known("2 images of 6 x 256 pixels, 3 x 3"),
    "sharpen_uint8/neighbours": Known("2 images of 6 x 256 pixels, two cores"),
    "sharpen_uint8/apart": Known("2 images of 6 x 256 pixels, two cores"),
    "sharpen_uint8/npu2": Known("2 images of 6 x 256 pixels, two cores"),
    "encoder_chain_bf16/n1024": Known("4 rows of 1024", "not tested"),
    "encoder_block_int8/head64": Known("2 tiles of one head", "5.40 ms, then 2.87 ms for 1"),
}
"""The library's variants whose cores hold code.

The times are those of a Whisper-on-Phoenix effort (scalar C, one core).
"""


@dataclass(frozen=True)
class CoreUse:
    """What a core's program takes, in bytes.

    Attributes:
        stack, stack_size: what its deepest calls need, and what the design declares.
        data: stack, buffers, constants and variables, without gaps between memory banks.
    """

    stack: int
    stack_size: int
    program: int
    data: int


@dataclass(frozen=True)
class Row:
    """A variant: the most that one of its cores takes of each kind, and one run."""

    label: str
    core: CoreUse
    instructions: int
    cycles: int

    def cells(self) -> list[str]:
        """The row's text."""
        known = KNOWN[self.label]
        return [
            self.label,
            known.work,
            f"{self.core.stack:,} of {self.core.stack_size:,}",
            f"{self.core.program:,}",
            f"{self.core.data:,}",
            f"{self.instructions:,}",
            f"{self.cycles:,}",
            f"{self.cycles / CYCLES_PER_MS:.3f} ms",
            known.phoenix,
        ]


HEADINGS = (
    "design/variant",
    "a run does",
    "stack: needed of declared",
    f"program, of {PROGRAM_MEMORY:,}",
    f"data, of {DATA_MEMORY:,}",
    "instructions of the busiest core",
    "cycles of the run, estimated",
    "at 1 GHz, estimated",
    "measured by others on a Phoenix NPU",
)


def rows(root: Path) -> Iterator[Row]:
    """A row for each of the library's variants; an author's own designs are left out."""
    for variant in discover(root).variants:
        if variant.label not in KNOWN:
            continue
        uses = list(core_uses(variant))
        report = steady_run(artifact.load(variant.folder))
        busiest = max(core.instructions for core in report.statistics.cores.values())
        yield Row(variant.label, largest(uses), busiest, report.cycles)


def largest(uses: Sequence[CoreUse]) -> CoreUse:
    """The most that any core takes, figure by figure; of stacks, the fullest."""
    fullest = max(uses, key=lambda use: use.stack / use.stack_size)
    return CoreUse(
        fullest.stack,
        fullest.stack_size,
        max(use.program for use in uses),
        max(use.data for use in uses),
    )


def core_uses(variant: Variant) -> Iterator[CoreUse]:
    """What each core of a built variant takes."""
    device = main_device(parse_file(variant.folder / "input_array.mlir"))
    for core in device.body.ops:
        if not isinstance(core, CoreOp):
            continue
        path = variant.folder / f"{core_name(device, core)}.elf"
        elf, layout = Elf(path), core_layout(device, core)
        code, data = split_sizes(elf)
        held = layout.stack_size + sum(buffer.size for buffer in layout.buffers) + data
        yield CoreUse(stack_need(path).size, layout.stack_size, code, held)


def split_sizes(elf: Elf) -> tuple[int, int]:
    """Bytes of program memory, and of constants and variables."""
    sections = [s for s in elf.sections if s.allocated]
    code = sum(s.size for s in sections if s.address < PROGRAM_MEMORY)
    return code, sum(s.size for s in sections if s.address >= PROGRAM_MEMORY)


def table(found: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = [HEADINGS, [":--", ":--", *("--:" for _ in HEADINGS[2:])]]
    return "".join(f"| {' | '.join(line)} |\n" for line in (*lines, *(r.cells() for r in found)))


def split_page(text: str) -> tuple[str, str, str]:
    """What stands before the table, the table, what stands behind it."""
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before + BEGIN, inside, END + after


def differences(page: str, measured: str) -> list[str]:
    """The rows of the measured table that the page's does not have, but for small changes."""
    known = {row.split("|")[1]: row for row in page.splitlines()}
    return [
        row for row in measured.splitlines() if not _alike(known.get(row.split("|")[1], ""), row)
    ]


_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def _alike(one: str, other: str) -> bool:
    if _NUMBER.sub("", one) != _NUMBER.sub("", other):
        return False
    pairs = zip(_numbers(one), _numbers(other), strict=True)
    return all(abs(a - b) <= max(TOLERANCE * max(a, b), 0.0011) for a, b in pairs)


def _numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="The table of docs/kernels.md")
    parser.add_argument("--write", action="store_true", help="put it into the page")
    parser.add_argument("--check", action="store_true", help="compare it with the page")
    options = parser.parse_args()
    try:
        measured = table(rows(ROOT))
    except (SoftnpuError, RunnerError) as error:
        print(f"{error}\nIt measures what is built, all designs of it: ./doit", file=sys.stderr)
        return 1
    if not options.write and not options.check:
        print(measured, end="")
        return 0
    before, inside, after = split_page(PAGE.read_text())
    if options.write:
        PAGE.write_text(before + measured + after)
        return 0
    for row in differences(inside, measured):
        print(f"{PAGE.relative_to(ROOT)} does not say: {row}", file=sys.stderr)
    return 1 if differences(inside, measured) else 0


if __name__ == "__main__":
    sys.exit(main())
