"""A report on the ELF file of a whole job, as aiebu makes it and XRT loads it.

What an xclbin and an instruction stream hold lies in its sections: PDIs, control code for each
kernel, what saves and restores the array when the job is interrupted. On AIE2P the control code is
an instruction stream; that of later NPUs is a microcontroller's program, which is named, not
decoded. Sources: XRT, xrt_elf.cpp and elf_patcher.h; aiebu, elfwriter.cpp.
"""

from __future__ import annotations

from collections.abc import Callable

from softnpu.formats import elf
from softnpu.formats.elf import Elf, Section
from softnpu.formats.identify import FileKind, identify
from softnpu.inspect.images import describe_pdi
from softnpu.inspect.report import Report, Row, size
from softnpu.inspect.sequences import describe_control_packets, describe_dpu, describe_txn

_PURPOSES = {
    elf.CONTROL_TEXT: "control code",
    ".ctrldata": "data of the control code",
    ".preempt_save": "saves the array when the job is interrupted",
    ".preempt_restore": "restores it",
    ".ctrlpkt.pm": "control packets that load program memory",
    ".ctrlpkt": "control packets",
    ".pdi": "configuration of the array",
    ".dump": "for the debugger",
}
"""By how a section's name begins; columns, pages and kernels follow in it."""

_READERS: dict[FileKind, Callable[[bytes], Report]] = {
    FileKind.TXN: describe_txn,
    FileKind.DPU: describe_dpu,
    FileKind.CONTROL_PACKETS: describe_control_packets,
    FileKind.PDI: describe_pdi,
}
_UID, _CONFIGURATION = ".note.xrt.UID", ".note.xrt.configuration"


def describe_job(parsed: Elf) -> Report:
    """The ELF file of a job."""
    found = Report("ELF file of a job", table="sections")
    kind = f"control code for {parsed.control_code}, as XRT loads it: no core's program"
    found.fact("kind", kind, parsed.control_code)
    found.fact("version", f"{parsed.abi_version:#x}, {parsed.bits} bits", parsed.abi_version)
    _add_notes(found, parsed)
    for kernel, instance, members in parsed.kernels():
        names = [parsed.sections[n].name for n in members if n < len(parsed.sections)]
        found.fact("kernel", f"{kernel}, instance {instance}: {', '.join(names)}")
    if parsed.patched_with:
        names = list(parsed.patched_with)
        found.fact("patched with", ", ".join(names), names)
    for section in parsed.sections:
        purpose = _purpose(section)
        if purpose is not None:
            text = f"{section.name:<20} {size(section.size):>14}  {purpose}"
            found.rows.append(Row(text, {"name": section.name, "bytes": section.size}))
            with found.noting_trouble(section.name):
                found.parts += _contents(section)
    return found


def _add_notes(found: Report, parsed: Elf) -> None:
    for section in parsed.sections:
        for _, _, description in elf.notes(section):
            if section.name == _UID:
                text = description.decode("ascii", "replace")
                found.fact("uid", text if text.isalnum() else description.hex())
            elif section.name == _CONFIGURATION:
                columns = int.from_bytes(description[:4], "little")
                found.fact("columns", str(columns), columns)


def _purpose(section: Section) -> str | None:
    """What a section is for, None if it only makes the file an ELF file."""
    for start, purpose in _PURPOSES.items():
        if section.name == start or section.name.startswith(f"{start}."):
            return f"{purpose}, compressed" if section.is_compressed else purpose
    return None


def _contents(section: Section) -> list[Report]:
    """A report on what a section holds, if it is of a known format."""
    if section.is_compressed:
        return []
    data = bytes(section.data)
    reader = _READERS.get(identify(data))
    if reader is None:
        return []
    inside = reader(data)
    inside.title = f"{section.name}: {inside.title}"
    return [inside]
