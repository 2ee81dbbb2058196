"""A report on an ELF file: what is loaded where, and which functions there are."""

from __future__ import annotations

from softnpu.formats import elf
from softnpu.inspect.jobs import describe_job
from softnpu.inspect.report import Json, Report, Row, size

_SHOWN_FUNCTIONS = 40

_REGIONS = (
    (0x70000, "own data memory"),
    (0x60000, "the north neighbour's data memory"),
    (0x50000, "the west neighbour's data memory"),
    (0x40000, "the south neighbour's data memory"),
    (0x00000, "program memory"),
)
"""What a core sees at which address."""


def describe_elf(data: bytes) -> Report:
    """An ELF file: of a core, of a job as XRT loads it, or of something else."""
    parsed = elf.parse(data)
    if parsed.control_code is not None:
        return describe_job(parsed)
    found = Report("ELF file")
    found.fact("machine", f"{parsed.machine_name}, {parsed.bits} bits", parsed.machine)
    found.fact("type", elf.TYPES.get(parsed.type, str(parsed.type)), parsed.type)
    found.fact("entry", f"{parsed.entry:#x}", parsed.entry)
    if not parsed.is_for_a_core:
        found.fact("note", "no core of an NPU runs it")
    elif parsed.type != elf.EXECUTABLE:
        found.fact("note", "not linked: as a core's elf_file it would load nothing")
    found.parts = [part for part in (_segments(parsed), _functions(parsed)) if part.rows]
    return found


def _segments(parsed: elf.Elf) -> Report:
    found = Report("loaded segments", table="segments")
    for segment in parsed.segments:
        zeros = segment.size - len(segment.data)
        filled = f", {size(zeros)} of them zeros" if zeros > 0 else ""
        text = f"{segment.address:#07x}  {segment.permissions}  {size(segment.size)}{filled}"
        data: Json = {"address": segment.address, "bytes": segment.size, "zeros": max(zeros, 0)}
        if parsed.is_for_a_core:
            data["region"] = region(segment.address)
            text += f"  ({data['region']})"
        found.rows.append(Row(text, data))
    return found


def region(address: int) -> str:
    """What lies at an address as a core counts them."""
    return next(name for start, name in _REGIONS if address >= start)


def _functions(parsed: elf.Elf) -> Report:
    found = Report("functions", table="functions")
    for number, symbol in enumerate(parsed.functions):
        text = f"{symbol.address:#07x}  {symbol.size:>6} bytes  {symbol.name}"
        data = {"name": symbol.name, "address": symbol.address, "bytes": symbol.size}
        found.rows.append(Row(text, data, hidden=number >= _SHOWN_FUNCTIONS))
    left = len(parsed.functions) - _SHOWN_FUNCTIONS
    if left > 0:
        found.fact("shown", f"the first {_SHOWN_FUNCTIONS}, {left} more with --json", left)
    return found
