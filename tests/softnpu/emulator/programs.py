"""Core programs for the emulator's tests: compiled by hand, loaded the way aie-rt loads them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from softnpu.arch.address import tile_address
from softnpu.formats.operations import BlockWrite

SERVICES = Path(__file__).parent / "standin_runtime" / "standin.h"

FLAGS = ("-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+a+f+d+c", "-O2")

LINKER_SCRIPT = """
MEMORY { program : ORIGIN = 0, LENGTH = 0x4000  data : ORIGIN = 0x7e000, LENGTH = 0x2000 }
SECTIONS {
  .text : { *(.start) *(.text*) } > program
  .data : { *(.data*) *(.rodata*) *(.srodata*) *(.sdata*) *(.bss*) *(.sbss*) } > data
  /DISCARD/ : { *(.comment) *(.eh_frame*) *(.riscv.attributes) }
}
"""

Segments = tuple[tuple[int, bytes], ...]
"""(address as the core sees it, bytes) of each part of a program that is loaded."""


def symbols(script: Path) -> dict[str, int]:
    """The addresses of the buffers in an AMD linker script."""
    found = re.findall(r"\. = (0x[0-9a-fA-F]+);\n(\w+) = \.;", script.read_text())
    return {name: int(address, 16) for address, name in found}


def header(places: Mapping[str, int]) -> list[str]:
    """What stands in front of a program's source: services, and buffers as pointers."""
    lines = [f'#include "{SERVICES}"']
    return lines + [f"#define {name} ((void *){at:#x})" for name, at in places.items()]


def compile_program(text: str, folder: Path, *flags: str) -> Segments:
    from elftools.elf.elffile import ELFFile

    (folder / "core.c").write_text(text)
    (folder / "core.ld").write_text(LINKER_SCRIPT)
    zig = (sys.executable, "-m", "ziglang")
    steps = (
        (*zig, "cc", *FLAGS, *flags, "-c", "core.c", "-o", "core.o"),
        (*zig, "ld.lld", "-T", "core.ld", "core.o", "-o", "core.elf"),
    )
    for step in steps:
        subprocess.run(step, cwd=folder, check=True, capture_output=True)
    elf = ELFFile(BytesIO((folder / "core.elf").read_bytes()))
    parts = (s for s in elf.iter_sections() if s["sh_flags"] & 2 and s["sh_size"])
    return tuple((s["sh_addr"], s.data()) for s in parts)


def loads(programs: Mapping[tuple[int, int], Segments]) -> list[BlockWrite]:
    """Program memory at tile + 0x20000, the core's own data at the tile's start."""
    return [
        BlockWrite(
            tile_address(*tile, 0x20000 + address if address < 0x4000 else address - 0x70000),
            data + bytes(-len(data) % 4),
        )
        for tile, segments in programs.items()
        for address, data in segments
    ]


WORKER = """
void program(void) {
  for (int half = 0;; half ^= 1) {
    const int32_t *from = half ? FROM_1 : FROM_0;
    int32_t *to = half ? TO_1 : TO_0;
    acquire(IN_FULL, -1); acquire(OUT_FREE, -1);
    for (int i = 0; i < COUNT; i++) { int32_t x = from[i]; to[i] = RESULT; }
    release(IN_FREE, 1); release(OUT_FULL, 1);
  }
}
"""
"""A worker between two objectfifos of depth 2."""

OWN_LOCKS = {"IN_FREE": 48, "IN_FULL": 49, "OUT_FREE": 50, "OUT_FULL": 51}


@dataclass(frozen=True)
class Cores:
    """Compiles programs for a golden design's cores and makes contexts with them."""

    march: Path
    context: Callable[..., Any]
    compile: Callable[..., Segments]

    def places(self, design: str, col: int, row: int) -> dict[str, int]:
        return symbols(self.march / design / f"main_core_{col}_{row}.ld.script")

    def program(
        self, design: str, tile: tuple[int, int], source: str, **defines: object
    ) -> Segments:
        text = "".join(f"#define {name} {value}\n" for name, value in defines.items())
        return self.compile(text + source, self.places(design, *tile))

    def worker(
        self, design: str, tile: tuple[int, int], source: str, to: str, count: int, result: str
    ) -> Segments:
        ends = {f"FROM_{i}": f"{source}_{i}" for i in (0, 1)} | {
            f"TO_{i}": f"{to}_{i}" for i in (0, 1)
        }
        return self.program(
            design, tile, WORKER, COUNT=count, RESULT=f"({result})", **ends, **OWN_LOCKS
        )

    def elf(self, design: str, tile: tuple[int, int], source: str, folder: Path) -> Path:
        """The ELF file of a program, with debug information."""
        lines = header(self.places(design, *tile))
        compile_program("\n".join([*lines, source]), folder, "-g")
        return folder / "core.elf"

    def insts(self, design: str) -> Path:
        return self.march / design / "insts.bin"
