"""A profile as text and as a flame graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from softnpu.emulator.profiling.profile import RV32, Profile
from softnpu.emulator.scheduling.clock import CYCLES_PER_US

_ROWS = 24
_RV32_NOTE = (
    "Instructions are RV32's, one a cycle: they compare kernels with each other; an AIE core's "
    "cycles are others."
)


def text(profiles: Sequence[Profile], rows: int = _ROWS) -> str:
    """Each core's functions, lines and waits, the largest first.

    Args:
        rows: of each table at most.
    """
    parts = ["\n".join(_of_core(profile, rows)) for profile in profiles]
    if any(profile.code == RV32 for profile in profiles):
        parts.append(_RV32_NOTE)
    return "\n\n".join(parts) if parts else "no core has executed anything"


def _of_core(profile: Profile, rows: int) -> Iterator[str]:
    whole = profile.cycles
    held = profile.why()
    unit = "RV32 instructions and waits" if profile.code == RV32 else "cycles"
    yield f"{profile.core}: {whole:,} {unit}"
    executed = whole - sum(cycles for _, cycles in held)
    yield from _table(
        "", ((f"{what}", cycles) for what, cycles in [("executes", executed), *held]), whole, rows
    )
    functions = (
        (f"{name}, with what it calls {whole_cycles:,}" if whole_cycles != own else name, own)
        for name, own, whole_cycles in profile.functions()
    )
    yield from _table("by function", functions, whole, rows)
    lines = ((f"{line}, in {function}", cycles) for function, line, cycles in profile.lines())
    yield from _table("by line, without waits", lines, whole, rows)


def _table(title: str, pairs: Iterable[tuple[str, int]], whole: int, rows: int) -> Iterator[str]:
    if title:
        yield f"  {title}:"
    listed = list(pairs)
    for what, cycles in listed[:rows]:
        yield f"  {100 * cycles / whole if whole else 0:5.1f} % {cycles:14,}  {what}"
    if len(listed) > rows:
        rest = sum(cycles for _, cycles in listed[rows:])
        yield f"  {100 * rest / whole:5.1f} % {rest:14,}  {len(listed) - rows} more"


@dataclass
class _Frame:
    cycles: int = 0
    inner: dict[str, _Frame] = field(default_factory=dict)


def flame(profiles: Sequence[Profile]) -> dict[str, Any]:
    """The profiles as a JSON object of the trace event format, which speedscope and Perfetto open.

    A track a core; slices lie in each other as functions call each other, down to lines and what
    they wait for. They are as long as all cycles that went there, one shown as a nanosecond, and
    stand in the order of size, not of time.
    """
    events: list[dict[str, Any]] = [_named("process_name", 1, 0, "cycles by function and line")]
    for number, profile in enumerate(profiles, 1):
        root = _Frame()
        for one in profile.spent:
            frame = root
            frame.cycles += one.cycles
            for name in (*one.stack, one.line, *([one.why] if one.why else [])):
                frame = frame.inner.setdefault(name, _Frame())
                frame.cycles += one.cycles
        events.append(_named("thread_name", 1, number, f"{profile.core} ({profile.code})"))
        events += _slices(root, number, 0)
    return {"traceEvents": events, "displayTimeUnit": "ns"}


def _named(what: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}}


def _slices(frame: _Frame, thread: int, begin: int) -> Iterator[dict[str, Any]]:
    for name, inner in sorted(frame.inner.items(), key=lambda item: -item[1].cycles):
        common = {"name": name, "pid": 1, "tid": thread}
        yield {**common, "ph": "B", "ts": begin / CYCLES_PER_US}
        yield from _slices(inner, thread, begin)
        begin += inner.cycles
        yield {**common, "ph": "E", "ts": begin / CYCLES_PER_US}
