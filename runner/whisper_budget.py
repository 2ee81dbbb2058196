"""`npuforge whisper-budget`: whisper-base's encoder, added up from times per call.

Two ways to spread 30 s of audio over the kernels of the library, each with two sets of times: what
the emulator estimates for the artifacts in build/, and what others measured on a Phoenix NPU with
kernels of their own. Neither is a measurement of ours; the text says so. A third set is the user's
own, where `npuforge bench --on npu` has measured all designs of a way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from runner import artifact, whisper_layer
from runner.artifact import Artifact
from runner.bench import history
from runner.bench.history import Figure
from runner.errors import RunnerError
from runner.estimate import milliseconds, steady_run


@dataclass(frozen=True)
class Span:
    """A figure, or the least and the most that it is known to be."""

    low: float
    high: float

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> Span:
        return Span(self.low * factor, self.high * factor)

    def text(self, digits: int = 2) -> str:
        """`2.87` or `2.87-5.40`."""
        low, high = f"{self.low:,.{digits}f}", f"{self.high:,.{digits}f}"
        return low if low == high else f"{low}-{high}"


NOTHING = Span(0, 0)

DISPATCH = Span(0.3, 0.4)
"""Milliseconds that each launch took on a Phoenix NPU, whatever it did (measured by others)."""

PHOENIX = {
    "mel, 10 frames": Span(2.37, 2.37),
    "encoder block, 1 tile": Span(2.87, 5.40),
    "attention, 64 x 64": Span(2.08, 2.40),
    "matmul bf16, 64^3, vectorised": Span(0.208, 0.208),
    "layernorm bf16, 512": Span(0.45, 0.45),
    "GELU int8, 2048": Span(0.151, 0.151),
}
"""Milliseconds a call that a Whisper-on-Phoenix effort measured: scalar C on one core, but for the
matrix product (vectorised) and the encoder block (one column)."""


@dataclass(frozen=True)
class Encoder:
    """The sizes of a Whisper encoder; `tile` is the rows that a kernel takes at a time."""

    seconds: float = 30
    frames: int = 3000
    mels: int = 80
    positions: int = 1500
    heads: int = 8
    head: int = 64
    blocks: int = 6
    hidden: int = 2048
    tile: int = 64

    @property
    def width(self) -> int:
        """Numbers a position."""
        return self.heads * self.head

    @property
    def tiles(self) -> int:
        """Tiles of a head."""
        return ceil_div(self.positions, self.tile)

    def products(self) -> list[tuple[int, int, int]]:
        """Every product of an activation with weights, as (rows, depth, columns).

        The two convolutions are products, too, of three neighbouring frames each.
        """
        projections = 4 * [(self.positions, self.width, self.width)]
        perceptron = [
            (self.positions, self.width, self.hidden),
            (self.positions, self.hidden, self.width),
        ]
        convolutions = [
            (self.frames, 3 * self.mels, self.width),
            (self.positions, 3 * self.width, self.width),
        ]
        return convolutions + self.blocks * (projections + perceptron)

    def cubes(self, side: int) -> int:
        """Products of side x side matrices that all of `products` take."""
        return sum(
            ceil_div(rows, side) * ceil_div(depth, side) * ceil_div(columns, side)
            for rows, depth, columns in self.products()
        )

    @property
    def normalised_rows(self) -> int:
        """Rows that pass a layer normalisation: two a block, and one behind the last."""
        return (2 * self.blocks + 1) * self.positions

    @property
    def activations(self) -> int:
        """Numbers that pass a GELU: in each block, and behind the convolutions."""
        return self.blocks * self.positions * self.hidden + self.width * (
            self.frames + self.positions
        )


def ceil_div(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


@dataclass(frozen=True)
class Work:
    """A part of the encoder.

    Attributes:
        variant, a_run, runs: the library's design for it, what a run does, how often it runs.
        measured, calls: the figure of PHOENIX for it, and how often that counts.
    """

    what: str
    variant: str
    a_run: str
    runs: int
    measured: str
    calls: int


@dataclass(frozen=True)
class Plan:
    """A way to compute the encoder."""

    title: str
    about: str
    works: tuple[Work, ...]


def by_tiles(sizes: Encoder) -> Plan:
    """One launch of the encoder block for each tile."""
    tiles = sizes.tiles * sizes.heads * sizes.blocks
    return Plan(
        f"By tiles of {sizes.tile} rows",
        f"{sizes.tiles} tiles x {sizes.heads} heads x {sizes.blocks} blocks, each by itself. A"
        f" position meets those of its own tile only: cheap, and not what Whisper computes. Other"
        " heads' products and the perceptron are left out.",
        (
            Work(
                *("mel", "mel_batch/n10", "20 frames", ceil_div(sizes.frames, 20)),
                *("mel, 10 frames", ceil_div(sizes.frames, 10)),
            ),
            Work(
                *("encoder blocks", "encoder_block_int8/head64", "2 tiles", ceil_div(tiles, 2)),
                *("encoder block, 1 tile", tiles),
            ),
        ),
    )


def in_full(sizes: Encoder) -> Plan:
    """All that the encoder computes, each kind of work by the design that streams it."""
    pairs = sizes.tiles**2 * sizes.heads * sizes.blocks
    gelus = ceil_div(sizes.activations, 2048)
    return Plan(
        "In full",
        f"Every position meets all {sizes.positions}; all projections, the perceptron, the two"
        " convolutions. Left out: the logarithm of mel, additions of residuals and positions.",
        (
            Work(
                *("mel", "mel/stream_30s", "3000 frames", ceil_div(sizes.frames, 3000)),
                *("mel, 10 frames", ceil_div(sizes.frames, 10)),
            ),
            Work(
                *("attention", "attention_sequence/n1500", "1 head", sizes.heads * sizes.blocks),
                *("attention, 64 x 64", pairs),
            ),
            Work(
                *("matrix products", "matmul_tiled_int8/n256", "256^3", sizes.cubes(256)),
                *("matmul bf16, 64^3, vectorised", sizes.cubes(64)),
            ),
            Work(
                *("layernorm", "layernorm_bf16/n512", "1 row", sizes.normalised_rows),
                *("layernorm bf16, 512", sizes.normalised_rows),
            ),
            Work("GELU", "gelu_int8/n2048", "1 row", gelus, "GELU int8, 2048", gelus),
        ),
    )


@dataclass(frozen=True)
class Share:
    """What a work takes; milliseconds.

    Attributes:
        call: one call's time, as estimated or measured.
        compute, dispatch, both: of all calls.
    """

    call: Span
    calls: int
    compute: Span
    dispatch: Span
    both: Span


def estimated(work: Work, time: Callable[[str], float]) -> Share:
    """By the emulator, whose times hold no dispatch: a launch each run comes on top."""
    call = Span(time(work.variant), time(work.variant))
    compute, dispatch = call * work.runs, DISPATCH * work.runs
    return Share(call, work.runs, compute, dispatch, compute + dispatch)


def measured(work: Work) -> Share:
    """As others measured it, a launch a call: their times hold the dispatch, up to all of it."""
    call = PHOENIX[work.measured]
    dispatch = Span(min(DISPATCH.low, call.low), min(DISPATCH.high, call.low))
    compute = Span(call.low - dispatch.high, call.high - dispatch.low)
    return Share(call, work.calls, compute * work.calls, dispatch * work.calls, call * work.calls)


def measured_here(work: Work, figure: Figure) -> Share:
    """As `npuforge bench --on npu` measured it; the floor is the launch of an empty design."""
    milli = 1e3
    call = Span(figure.median * milli, figure.median * milli)
    floor = DISPATCH if figure.floor is None else Span(figure.floor * milli, figure.floor * milli)
    dispatch = Span(min(floor.low, call.low), min(floor.high, call.low))
    compute = Span(call.low - dispatch.high, call.low - dispatch.low)
    return Share(call, work.runs, compute * work.runs, dispatch * work.runs, call * work.runs)


def seconds(spans: Iterable[Span]) -> Span:
    """The sum of milliseconds, in seconds."""
    return sum(spans, start=NOTHING) * 1e-3


SOURCES = ("emulator, estimated", "Phoenix, measured by others")
HERE = "NPU, measured here"

PREAMBLE = """\
"{0}": cycles of stand-in cores (RV32, one instruction a cycle) at 1 GHz, of the
artifacts in {2}. No NPU was involved, and an AIE core's cycles are others.
"{1}": by a Whisper-on-Phoenix effort with kernels of its own, scalar C on
one core unless said (the encoder block: one column). Neither our kernels nor our measurements.
Dispatch is {3} ms a launch, as they measured it: it comes on top of an estimate, and is part
of their times. Everything runs one after the other, on the cores of the one design.
"""

HERE_PREAMBLE = """\
"{0}": medians of npuforge bench --on npu, the latest of each artifact; dispatch is the
floor that it measured with an empty design.
"""


Section = tuple[str, Sequence[Share], Sequence[str]]
"""Where times come from, a share for each work, and what it was taken by."""


def sections(
    plan: Plan, time: Callable[[str], float], here: Mapping[str, Figure]
) -> Iterator[Section]:
    """The sets of times that there are for a plan."""
    ours = [f"{work.variant}: {work.a_run}" for work in plan.works]
    yield SOURCES[0], [estimated(work, time) for work in plan.works], ours
    yield SOURCES[1], [measured(work) for work in plan.works], [w.measured for w in plan.works]
    if not missing(plan, here):
        yield HERE, [measured_here(work, here[work.variant]) for work in plan.works], ours


def missing(plan: Plan, here: Mapping[str, Figure]) -> list[str]:
    """The designs that no NPU was measured with here."""
    return [work.variant for work in plan.works if work.variant not in here]


def print_plan(
    plan: Plan,
    sizes: Encoder,
    time: Callable[[str], float],
    stream: TextIO,
    here: Mapping[str, Figure] = {},
) -> None:
    """The table of a plan.

    Args:
        here: what was measured on an NPU of this machine, by variant.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 120)
    console.print(f"{plan.title}. {plan.about}", markup=False)
    table = Table(box=box.SIMPLE)
    for name in ("work", "by", "calls", "ms a call", "a second", "compute s", "dispatch s"):
        table.add_column(name, justify="left" if name in ("work", "by") else "right")
    for source, shares, names in sections(plan, time, here):
        table.add_section()
        for work, share, name in zip(plan.works, shares, names, strict=True):
            table.add_row(work.what, name, *_cells(share))
        compute, dispatch = seconds(s.compute for s in shares), seconds(s.dispatch for s in shares)
        table.add_row("all", source, "", "", "", compute.text(), dispatch.text())
        factor = seconds(s.both for s in shares) * (1 / sizes.seconds)
        table.add_row(
            "real-time factor", f"for {sizes.seconds:g} s of audio", "", "", "", factor.text(3)
        )
    console.print(table)
    if absent := missing(plan, here):
        console.print(
            f"Not measured on an NPU here: npuforge bench --on npu {' '.join(absent)}\n",
            markup=False,
        )


def _cells(share: Share) -> Sequence[str]:
    return (
        f"{share.calls:,}",
        share.call.text(3),
        Span(1000 / share.call.high, 1000 / share.call.low).text(0),
        (share.compute * 1e-3).text(),
        (share.dispatch * 1e-3).text(),
    )


def find(build: Path, variant: str) -> Artifact:
    """The artifact of `<design>/<variant>` below a build folder, whatever its device.

    Raises:
        RunnerError: when it was not built.
    """
    found = sorted(build.glob(f"*/{variant}/manifest.json"))
    if not found:
        raise RunnerError(f"{variant} is not in {build}: build the library first (npuforge build)")
    return artifact.load(found[0].parent)


def add_parser(commands: Any) -> None:
    """Adds the sub-command `whisper-budget`."""
    parser = commands.add_parser(
        "whisper-budget",
        help="what a whisper-base encoder would take, and a real layer through the kernel",
        description="Adds up a whisper-base encoder for 30 s of audio from times per call, and"
        " takes Q, K and V of a real layer through the attention kernel.",
    )
    parser.add_argument("--build", type=Path, default=Path("build"), metavar="FOLDER")
    parser.add_argument(
        "--history",
        type=Path,
        default=history.FILE,
        metavar="FILE",
        help="where npuforge bench keeps its figures",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        help="a local copy of whisper-base (config.json, model.safetensors); needs transformers"
        " and torch; nothing is downloaded",
    )
    parser.add_argument("--layer", type=int, default=0, metavar="N", help="from 0; default 0")
    parser.add_argument(
        "--audio", type=Path, metavar="FILE.wav", help="16 kHz, mono, 16 bits; else a synthetic one"
    )
    parser.set_defaults(run=budget)


def budget(options: argparse.Namespace) -> int:
    """Prints the plans, and the layer where weights are given; returns the exit code."""
    times: dict[str, float] = {}

    def time(variant: str) -> float:
        if variant not in times:
            times[variant] = milliseconds(steady_run(find(options.build, variant)))
        return times[variant]

    sizes = Encoder()
    here = {f.label: f for f in history.load(options.history) if f.run_on == "npu"}
    sys.stdout.write(PREAMBLE.format(*SOURCES, options.build, DISPATCH.text(1)))
    sys.stdout.write(HERE_PREAMBLE.format(HERE) + "\n" if here else "\n")
    for plan in (by_tiles(sizes), in_full(sizes)):
        print_plan(plan, sizes, time, sys.stdout, here)
    if options.weights is not None:
        layer = whisper_layer.load(options.weights, options.layer, options.audio)
        kernels = [find(options.build, name) for name in whisper_layer.KERNELS]
        sys.stdout.write(whisper_layer.through_kernel(layer, kernels).text() + "\n")
    return 0
