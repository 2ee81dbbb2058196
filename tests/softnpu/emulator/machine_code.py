"""Core programs in assembly for the emulator's tests."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from softnpu.arch.standin import ELF_MACHINE_AIE
from softnpu.formats import elf
from softnpu.formats.elf_records import Header32, Identification, Section32, Segment32, Symbol32
from softnpu.isa import table
from softnpu.isa.assembler import assemble
from softnpu.isa.codec import codec
from tests.softnpu.emulator.programs import LINKER_SCRIPT, Segments

_ABSOLUTE = 0xFFF1
"""SHN_ABS."""
NOPS = "\n".join(["nop"] * 8)
"""As many bundles as a load, and any write, takes to land; `@` in a program stands for them."""


def assembled(text: str, isa: str = table.AIE2) -> Segments:
    """The program of `text` at address 0; its labels, `#name`, are addresses."""
    text = text.replace("@", NOPS)
    labels = assemble(text, table.load(isa)).symbols
    placed = re.sub(
        r"#([A-Za-z_]\w*)", lambda m: f"#{labels[m[1]].address if m[1] in labels else m[1]}", text
    )
    return ((0, bytes(assemble(placed, table.load(isa)).sections[".text"].data)),)


def linked(text: str, stack: int | None = None) -> bytes:
    """`text` as a core's ELF file; its labels in front of code are functions.

    Args:
        stack: where mlir-aie's linker script has put the stack; None for a file that does not tell.
    """
    assembly = assemble(text.replace("@", NOPS), table.load())
    ((_, code),) = assembled(text)
    functions = [s for s in assembly.symbols.values() if not s.temporary]
    told = b"" if stack is None else b"_sp_start_value_DM_stack\0"
    names = b"\0" + b"".join(one.name.encode() + b"\0" for one in functions) + told
    symbols = Symbol32().write() + b"".join(
        Symbol32(
            name=names.index(b"\0" + one.name.encode() + b"\0") + 1,
            value=one.address,
            size=len(code) - one.address,
            info=1 << 4 | 2,
            section=1,
        ).write()
        for one in functions
    )
    if stack is not None:
        name = len(names) - len(told)
        symbols += Symbol32(name=name, value=stack, info=1 << 4, section=_ABSOLUTE).write()
    tables = b"\0.text\0.symtab\0.strtab\0"
    at = 52 + 32
    parts = [code, symbols, names, tables]
    begins = [at + sum(len(part) for part in parts[:n]) for n in range(5)]
    sections = [
        Section32(),
        Section32(name=1, type=1, flags=6, offset=begins[0], size=len(code), alignment=1),
        Section32(
            name=7, type=2, offset=begins[1], size=len(symbols), link=3, info=1, entry_size=16
        ),
        Section32(name=15, type=3, offset=begins[2], size=len(names)),
        Section32(name=15, type=3, offset=begins[3], size=len(tables)),
    ]
    head = [
        Identification(word_class=1, order=1, file_version=1),
        Header32(
            type=elf.EXECUTABLE,
            machine=ELF_MACHINE_AIE,
            version=1,
            segment_table=52,
            section_table=begins[4],
            flags=2,
            header_size=52,
            segment_size=32,
            segments=1,
            section_size=40,
            sections=len(sections),
            names=4,
        ),
        Segment32(type=1, offset=at, file_size=len(code), size=len(code), flags=5, alignment=1),
    ]
    written = b"".join(record.write() for record in head)
    return written + b"".join(parts) + b"".join(section.write() for section in sections)


_UNIT = """
.section .debug_abbrev
.byte 1, 0x11, 0, 0x10, 0x17, 3, 8, 0, 0, 0
.section .debug_info
.long 2f - 1f
1: .short 4
.long 0
.byte 4, 1
.long 0
.asciz "worker.s"
2:
"""
"""A compilation unit that refers to the line table."""


def _located(text: str) -> Iterator[str]:
    """The bytes of `text` as data, each bundle with its line, each label as a function."""
    coder, ((_, code),) = codec(table.load()), assembled(text)
    at = 0
    for number, line in enumerate(text.splitlines(), 1):
        label = re.fullmatch(r"\s*(\w+):\s*", line)
        if label:
            yield f".type {label[1]}, @function\n{label[1]}:"
        elif line.strip():
            for _ in range(8 if line.strip() == "@" else 1):
                size = coder.decode(code, at).size
                yield f".loc 1 {number}\n.byte {','.join(map(str, code[at : at + size]))}"
                at += size


def debugged(text: str, folder: Path) -> bytes:
    """`text` as a core's ELF file with the line of each bundle, in worker.s.

    An assembler for another machine writes the line table: the bundles are data to it.
    """
    functions = re.findall(r"^\s*(\w+):", text, re.M)
    sizes = [f".size {name}, . - {name}" for name in functions]
    body = "\n".join([*_located(text), *sizes])
    (folder / "worker.s").write_text(f'.file 1 "worker.s"\n.text\n{body}\n{_UNIT}')
    (folder / "worker.ld").write_text(LINKER_SCRIPT)
    zig = (sys.executable, "-m", "ziglang")
    for step in (
        (*zig, "cc", "-target", "x86-freestanding-none", "-c", "worker.s", "-o", "worker.o"),
        (*zig, "ld.lld", "-m", "elf_i386", "-T", "worker.ld", "worker.o", "-o", "worker.elf"),
    ):
        subprocess.run(step, cwd=folder, check=True, capture_output=True)
    made = bytearray((folder / "worker.elf").read_bytes())
    struct.pack_into("<H", made, 18, ELF_MACHINE_AIE)
    struct.pack_into("<I", made, 36, 2)
    return bytes(made)
