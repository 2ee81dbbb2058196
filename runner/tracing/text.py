"""A trace as text: each event, or what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runner.tracing.naming import event_name, unit_name
from softnpu.emulator.naming.names import Names
from softnpu.formats.trace_frames import Mode
from softnpu.inspect.trace import Seen, UnitTrace

_BEGINS, _ENDS = "INSTR_EVENT_0", "INSTR_EVENT_1"


def listing(units: Iterable[UnitTrace], names: Names) -> Iterator[str]:
    """Every event, unit by unit, in the order of time."""
    for unit in units:
        yield _head(unit)
        timed = unit.mode is Mode.EVENT_TIME
        yield (
            f"  {'cycle':>10} {'cycles':>8}  event"
            if timed
            else f"  {'pc':>10} {'cycles':>8}  event"
        )
        for seen in unit.seen:
            where = f"{seen.begin:,}" if timed else f"{seen.pc or 0:#x}"
            source = "" if seen.pc is None else names.source(unit.place, seen.pc) or ""
            told = event_name(unit, seen.name, names)
            yield f"  {where:>10} {seen.cycles:>8,}  {told}" + (f", in {source}" if source else "")


def _head(unit: UnitTrace) -> str:
    span = f"{unit.end - unit.begin:,} cycles" if unit.mode is Mode.EVENT_TIME else "event-PC mode"
    notes = [] if unit.stopped else ["the end is cut off"]
    if unit.lost:
        notes.append(f"went on after a loss {unit.lost} times")
    told = "".join(f"; {note}" for note in notes)
    return f"{unit_name(unit)}: {len(unit.seen):,} events, {span}{told}"


def summary(units: Iterable[UnitTrace], names: Names) -> Iterator[str]:
    """For each event how often, for how long and what share of the time; and what lay between
    event0() and event1()."""
    for unit in units:
        yield _head(unit)
        yield f"  {'times':>8} {'cycles':>10} {'share':>7} {'shortest':>9} {'longest':>9}  event"
        for slot in sorted({seen.slot for seen in unit.seen}):
            yield _line(unit, [seen for seen in unit.seen if seen.slot == slot], names)
        calls = list(between(unit.seen))
        if calls:
            mean = sum(calls) / len(calls)
            yield (
                f"  from event0() to event1(): {len(calls):,} times, first {calls[0]:,}, "
                f"least {min(calls):,}, mean {mean:,.1f}, most {max(calls):,} cycles"
            )


def _line(unit: UnitTrace, seen: Sequence[Seen], names: Names) -> str:
    cycles = [one.cycles for one in seen]
    whole = unit.end - unit.begin
    share = f"{sum(cycles) / whole:.1%}" if whole and unit.mode is Mode.EVENT_TIME else ""
    return (
        f"  {len(seen):>8,} {sum(cycles):>10,} {share:>7} {min(cycles):>9,} {max(cycles):>9,}  "
        f"{event_name(unit, seen[0].name, names)}"
    )


def between(seen: Iterable[Seen]) -> Iterator[int]:
    """Cycles from each event0() to the event1() behind it."""
    since: int | None = None
    for one in seen:
        if one.name == _BEGINS and since is None:
            since = one.begin
        elif one.name == _ENDS and since is not None:
            yield one.begin - since
            since = None
