"""Whether a random design does what it says, or is refused as it should be."""

from __future__ import annotations

import logging
import re
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from softnpu.compiler.design_flows import of_device
from softnpu.compiler.driver import WITH_ADDRESSES, Options, compile_design
from softnpu.compiler.selection import main_device
from softnpu.compiler.streams import INSTS
from softnpu.dialects.text import parse_file
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome as Ended
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.naming.names import beside
from softnpu.errors import DesignError, SoftnpuError
from softnpu.formats import cdo, txn
from softnpu.formats.xclbin import parse
from softnpu.inspect.array import of_operations
from softnpu.inspect.route_check import differences
from tests.fuzz.board import Design, Mixture, Packet
from tests.fuzz.traces import BYTES

RAW = re.compile(
    r"Traceback|xdsl|Error\(|<class |object at 0x|does not verify|Operation .* must|"
    r"VerifyException|None\b|\bSSAValue|!builtin|IntegerAttr"
)
"""Words that no message to an author has."""


EXCUSES = re.compile(
    r"was compiled to start at the same one|more of .* than it gives back|"
    r"^\S+ warning: packets can wait for each other for ever"
)
"""Warnings that a design will not do what it seems to say."""

OF_AMD = re.compile(r"aie-opt|AMD's")
"""Warnings of what AMD's tools do with a design that is right."""


class Outcome(Enum):
    """What became of a design."""

    RIGHT = "right"
    WARNED = "warned"
    """It does something else than it seems to say, as a warning or the design has it."""
    REFUSED = "refused"
    WRONG = "wrong"


@dataclass(frozen=True)
class Verdict:
    """What became of a design, in words.

    Attributes:
        sort: what such verdicts have in common, e.g. the message without its names and numbers.
    """

    outcome: Outcome
    sort: str = ""
    text: str = ""


def check(design: Design, seed: int, objects: Path | None = None) -> Verdict:
    """Compiles a design and runs it, in plain and in shuffled order.

    Args:
        seed: shuffles the order.
        objects: the folder of what cores link.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "design.mlir"
        path.write_text(design.text)
        try:
            with warnings() as told:
                compile_design(path, path.parent, Options(objects=(objects,) if objects else ()))
            judged = _run_with_mistake if design.mistake else _run_as_said
            return judged(design, path.parent, seed, told)
        except SoftnpuError as error:
            return _refusal(error, path)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            return Verdict(Outcome.WRONG, *_crash())


def _run_as_said(design: Design, out: Path, seed: int, told: list[str]) -> Verdict:
    """Whether a design does what it says, or a warning has said that it may not."""
    problem = _routes(out) or _run(design, out, None) or _run(design, out, seed)
    if problem is None:
        return Verdict(Outcome.RIGHT, plain(told[0]) if told else "")
    excuse = next((text for text in told if EXCUSES.search(text)), None)
    if excuse is not None:
        return Verdict(Outcome.WARNED, plain(excuse), excuse)
    return Verdict(Outcome.WRONG, *problem)


def _run_with_mistake(design: Design, out: Path, seed: int, told: list[str]) -> Verdict:
    """Whether a mistake was told of, or is at run time at least, with a reason."""
    notes = [text for text in told if not OF_AMD.search(text)]
    problem = None if notes else _run(design, out, None, notes)
    if notes:
        return Verdict(Outcome.WARNED, plain(notes[0]), "\n".join(notes))
    if problem and problem[0] in (Ended.HANG.value, Ended.FAULT.value, Ended.TIMEOUT.value):
        return Verdict(Outcome.WARNED, f"{design.mistake}: {problem[0]}", problem[1])
    text = problem[1] if problem else "it runs as if nothing was wrong"
    return Verdict(Outcome.WRONG, f"nobody told of {design.mistake}", text)


def _crash() -> tuple[str, str]:
    text = traceback.format_exc()
    last = [line for line in text.splitlines() if line.strip().startswith("File ")][-1]
    return f"crash {last.strip()}", text


def plain(text: str) -> str:
    """A message without the names, numbers and places in it."""
    first = next(line for line in text.splitlines() if line.strip())
    first = re.sub(r"^\S+:\d+:\d+: ", "", first)
    return re.sub(r"@\w+|'[^']*'|\"[^\"]*\"|\d+", "_", first)


@contextmanager
def warnings() -> Iterator[list[str]]:
    """The warnings that are logged meanwhile."""
    told: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    logger = logging.getLogger("softnpu")
    handler = Collector(logging.WARNING)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield told
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def _refusal(error: SoftnpuError, path: Path) -> Verdict:
    """Whether an error says where, and what, in an author's words."""
    text = str(error)
    if not isinstance(error, DesignError):
        return Verdict(Outcome.WRONG, f"no DesignError: {plain(text)}", text)
    if error.location is None or error.location.file != path:
        return Verdict(Outcome.WRONG, f"refused without a place: {plain(text)}", text)
    if RAW.search("\n".join((error.message, *error.notes))):
        return Verdict(Outcome.WRONG, f"raw words: {plain(error.message)}", text)
    return Verdict(Outcome.REFUSED, plain(error.message), text)


# what was made


def _routes(out: Path) -> tuple[str, str] | None:
    """What the configured switches do otherwise than the flows say, as sort and text."""
    module = parse_file(out / WITH_ADDRESSES, check=False)
    files = [(out / f"main_aie_cdo_{part}.bin").read_bytes() for part in ("init", "enable")]
    setup = [one for data in files for one in cdo.operations(cdo.parse(data))]
    sequence = txn.parse((out / INSTS).read_bytes()).operations
    found = differences(of_device(main_device(module)), of_operations([*setup, *sequence]))
    if not found:
        return None
    told = [one.message for one in found] + [note for one in found for note in one.notes]
    return f"wrong routes: {plain(found[0].message)}", "\n".join(told)


def _run(
    design: Design, out: Path, order: int | None, notes: list[str] | None = None
) -> tuple[str, str] | None:
    """What is wrong with the runs of an artifact, as sort and text; `notes` takes what is told."""
    image = parse((out / "final.xclbin").read_bytes())
    context = Context(image, seed=order, memcheck=MemoryCheck(beside(out / "final.xclbin")))
    instructions = (out / INSTS).read_bytes()
    sizes = [array.nbytes for array in design.before[0]]
    behind = BYTES if "aie.trace.host_config" in design.text else 0
    buffers = [
        context.allocate(size + (behind if n == len(sizes) - 1 else 0), f"a{n}")
        for n, size in enumerate(sizes)
    ]
    for run, (before, after) in enumerate(zip(design.before, design.after, strict=True)):
        for buffer, array in zip(buffers, before, strict=True):
            buffer.data[: array.nbytes] = array.view(np.uint8)
        report = context.run(instructions, buffers)
        if notes is not None:
            notes += report.notes
        if not report.completed:
            text = explain(report, beside(out / "final.xclbin"))
            where = f"run {run}, order {order}"
            return f"{report.outcome.value}", f"{where}: {text}"
        found = [b.data[: a.nbytes].view(a.dtype) for b, a in zip(buffers, after, strict=True)]
        problem = _arguments(design, after, found) or _tiles(design, report)
        if problem:
            return problem[0], f"run {run}, order {order}: {problem[1]}"
    return None


def _arguments(
    design: Design, after: list[np.ndarray], found: list[np.ndarray]
) -> tuple[str, str] | None:
    expected = [array.copy() for array in after]
    for mixture in design.mixtures:
        if mixture.tile is None:
            part = slice(mixture.place, mixture.place + mixture.size)
            words = found[mixture.argument][part]
            problem = _unmixed(words, mixture)
            if problem:
                return "wrong packets", f"argument {mixture.argument}: {problem}"
            expected[mixture.argument][part] = words
    for number, (array, other) in enumerate(zip(expected, found, strict=True)):
        if not np.array_equal(array, other):
            return "wrong values", f"argument {number}: {difference(array, other)}"
    return None


def _tiles(design: Design, report: RunReport) -> tuple[str, str] | None:
    for memory in design.memory:
        found = _words(report, memory.tile, memory.address, len(memory.values))
        if not np.array_equal(found, memory.values):
            where = f"tile {memory.tile} from byte {memory.address:#x} on"
            return "wrong memory", f"{where}: {difference(memory.values, found)}"
    for mixture in design.mixtures:
        if mixture.tile is not None:
            words = _words(report, mixture.tile, mixture.place, mixture.size)
            problem = _unmixed(words, mixture)
            if problem:
                return "wrong packets", f"tile {mixture.tile}: {problem}"
    return None


def _words(report: RunReport, tile: tuple[int, int], address: int, count: int) -> np.ndarray:
    memory = report.array.tile(*tile).memory[address : address + 4 * count]
    words: np.ndarray = memory.view(np.int32)
    return words


def _unmixed(words: np.ndarray, mixture: Mixture) -> str:
    """Whether each source's packets are all there, whole and in their order; what is not."""
    left = [list(source) for source in mixture.sources]
    for number, found in enumerate(words.reshape(-1, mixture.length)):
        source = next((s for s in left if s and _is(found, s[0])), None)
        if source is None:
            due = [s[0].words[:4].tolist() for s in left if s]
            return f"packet {number} is {found[:8].tolist()}, due are {due}"
        source.pop(0)
    return ""


def _is(found: np.ndarray, packet: Packet) -> bool:
    """Whether words are a packet; of a header, the id is in the lowest five bits."""
    if packet.id is None:
        return np.array_equal(found, packet.words)
    return int(found[0]) & 31 == packet.id and np.array_equal(found[1:], packet.words)


def difference(expected: np.ndarray, found: np.ndarray) -> str:
    """How two arrays differ, and where first."""
    places = np.flatnonzero(expected != found)
    first = int(places[0])
    part = slice(max(first - 2, 0), first + 8)
    return (
        f"{len(places)} of {len(expected)} elements differ, first {first}\n"
        f"  expected {expected[part].tolist()}\n  found    {found[part].tolist()}"
    )
