"""Designs that the debugger's tests run, and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softnpu.compiler.driver import compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.debugging.debugger import Debugger, Quit
from softnpu.emulator.debugging.prompt import Prompt
from softnpu.emulator.explaining.report import RunReport
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.naming import names
from softnpu.formats.xclbin import parse
from softnpu.targets.standin import compile_kernel

LINE = 16
OBJECTS = 4

KERNEL = """\
#include <npu_core.h>
#include <stdint.h>

typedef enum { SMALL, LARGE } size_kind;
typedef struct { int16_t low; float scale; } pair;
int32_t calls = 0;

static int32_t twice(int32_t value) {
    int32_t doubled = value + value;
    return doubled;
}

void scale(const int32_t *in, int32_t *out) {
    pair both = {-3, 1.5f};
    size_kind kind = LARGE;
    int8_t table[4] = {1, -2, 3, -4};
    calls++;
    for (int i = 0; i < 16; i++) {
        int32_t value = in[i];
        out[i] = twice(value) + (kind == SMALL) + (both.low + 3) * table[0];
    }
}

void add(const int32_t *in, int32_t *out) {
    for (int i = 0; i < 16; i++)
        out[i] = in[i] + 1;
}
"""
DESIGN = """\
!line = memref<16xi32>
!sub = !aie.objectfifosubview<memref<16xi32>>
aie.device(npu1_1col) {
  func.func private @scale(!line, !line)
  func.func private @add(!line, !line)
  %shim = aie.tile(0, 0)
  %first = aie.tile(0, 2)
  %second = aie.tile(0, 4)
  aie.objectfifo @in(%shim, {%first}, 2 : i32) : !aie.objectfifo<!line>
  aie.objectfifo @mid(%first, {%second}, 2 : i32) : !aie.objectfifo<!line>
  aie.objectfifo @out(%second, {%shim}, 2 : i32) : !aie.objectfifo<!line>
  %a = aie.core(%first) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %forever = arith.constant 9223372036854775807 : index
    scf.for %n = %c0 to %forever step %c1 {
      %i = aie.objectfifo.acquire @in(Consume, 1) : !sub
      %x = aie.objectfifo.subview.access %i[0] : !sub -> !line
      %o = aie.objectfifo.acquire @mid(Produce, 1) : !sub
      %y = aie.objectfifo.subview.access %o[0] : !sub -> !line
      func.call @scale(%x, %y) : (!line, !line) -> ()
      aie.objectfifo.release @in(Consume, 1)
      aie.objectfifo.release @mid(Produce, 1)
    }
    aie.end
  } {link_with = "kernel.o"}
  %b = aie.core(%second) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %forever = arith.constant 9223372036854775807 : index
    scf.for %n = %c0 to %forever step %c1 {
      %i = aie.objectfifo.acquire @mid(Consume, 1) : !sub
      %x = aie.objectfifo.subview.access %i[0] : !sub -> !line
      %o = aie.objectfifo.acquire @out(Produce, 1) : !sub
      %y = aie.objectfifo.subview.access %o[0] : !sub -> !line
      func.call @add(%x, %y) : (!line, !line) -> ()
      aie.objectfifo.release @mid(Consume, 1)
      aie.objectfifo.release @out(Produce, 1)
    }
    aie.end
  } {link_with = "kernel.o"}
  aie.runtime_sequence(%x: memref<SENTxi32>, %y: memref<64xi32>) {
    aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, SENT][0, 0, 0, 1])
      {id = 0 : i64, metadata = @in} : memref<SENTxi32>
    aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
      {id = 1 : i64, metadata = @out, issue_token = true} : memref<64xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""


def line_of(text: str) -> int:
    """The line of the kernel that holds a text."""
    return KERNEL[: KERNEL.index(text)].count("\n") + 1


@dataclass(frozen=True)
class Built:
    """A design that was built into a folder."""

    folder: Path

    def context(
        self, debugger: Debugger | None = None, *, check: bool = False, profile: bool = False
    ) -> Context:
        """A context on it."""
        image = parse((self.folder / "final.xclbin").read_bytes())
        memcheck = MemoryCheck(self.names) if check else None
        return Context(image, debugger=debugger, memcheck=memcheck, profile=profile)

    @property
    def names(self) -> names.Names:
        """What its parts are called."""
        return names.beside(self.folder / "final.xclbin")

    def run(self, context: Context) -> tuple[RunReport, np.ndarray]:
        """Runs it on 100, 101, …; what happened, and the output."""
        sent, taken = context.allocate(256, "x"), context.allocate(256, "y")
        sent.data.view(np.int32)[:] = 100 + np.arange(64)
        report = context.run((self.folder / "insts.bin").read_bytes(), [sent, taken])
        return report, taken.data.view(np.int32)


def build(
    folder: Path,
    kernel: str = KERNEL,
    flags: Sequence[str] = ("-O0",),
    sent: int = 64,
    element: str = "i32",
) -> Built:
    """Builds the design with a kernel; `sent` elements of its input are sent."""
    (folder / "kernel.c").write_text(kernel)
    design = DESIGN.replace("SENT", str(sent)).replace("xi32>", f"x{element}>")
    (folder / "design.mlir").write_text(design)
    compile_kernel(folder / "kernel.c", folder / "kernel.o", flags=flags)
    compile_design(folder / "design.mlir", folder)
    return Built(folder)


@dataclass(frozen=True)
class Session:
    """What became of a session at the prompt.

    Attributes:
        told: what was shown behind each command, the command itself in front; what was shown before
            the first one stands first.
        report: None if the run was left.
    """

    told: list[str]
    report: RunReport | None
    output: np.ndarray | None

    def last(self) -> str:
        """What the last command has shown, without the command."""
        return self.told[-1].partition("\n")[2]


def session(
    built: Built,
    *commands: str,
    check: bool = False,
    strict: bool = False,
    profile: bool = False,
) -> Session:
    """Runs a design under the prompt with these commands, and then to its end."""
    told = [""]

    def given() -> object:
        for command in commands:
            told.append(command)
            yield command

    def tell(text: str) -> None:
        told[-1] += f"\n{text}"

    prompt = Prompt(tell, given(), (built.folder,), strict=strict)  # type: ignore[arg-type]
    debugger = Debugger(built.names, prompt.stopped)
    context = built.context(debugger, check=check, profile=profile)
    try:
        report, output = built.run(context)
    except Quit:
        return Session(told, None, None)
    return Session(told, report, output)
