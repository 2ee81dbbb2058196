"""What cores print, held against C's own printf of the same arguments."""

from __future__ import annotations

import struct

import pytest

from softnpu.emulator.cores.printing import Printed, printf
from softnpu.targets.standin_runtime import RUNTIME
from tests.softnpu.emulator.running import LEFT, Compile, fault_of, run
from tests.softnpu.emulator.wiring import make_array

PRINT = (RUNTIME / "source" / "print.c").read_text()
PRINT = PRINT.replace("<npu_core.h>", f'"{RUNTIME / "include" / "npu_core.h"}"')
FORMAT, ARGUMENTS, TEXT = 0x40, 0x104, 0x200
"""Where they lie; an address of arguments that is no multiple of 8, as a stack may give."""


def printed(text: str, layout: str = "", *values: float) -> str:
    memory = bytearray(0x300)
    memory[FORMAT : FORMAT + len(text)] = text.encode()
    memory[TEXT : TEXT + 5] = b"gr\xc3\xbcn"
    struct.pack_into(f"<{layout}", memory, ARGUMENTS, *values)
    return printf(lambda at, size: bytes(memory[at : at + size]), FORMAT, ARGUMENTS)


@pytest.mark.parametrize(
    ("format_", "layout", "values", "text"),
    [
        ("plain 100%%", "", (), "plain 100%"),
        ("%d %i|%5d|%-5d|%05d|%+d", "6i", (-1, 2, 3, 4, 5, 6), "-1 2|    3|4    |00005|+6"),
        ("%u %x %X %#x %o", "5i", (-1, 255, 255, 16, 8), "4294967295 ff FF 0x10 10"),
        ("%hhd %hd %hhu", "3i", (200, 40000, -1), "-56 -25536 255"),
        ("%d %lld %llu", "i q q", (7, -(1 << 40), -1), f"7 {-(1 << 40)} {(1 << 64) - 1}"),
        ("%ld %zu", "2i", (-3, 4), "-3 4"),
        (
            "%f %.2f %8.3e|%g",
            "4x4d",
            (1.5, -2.25, 12345.678, 1e-7),
            "1.500000 -2.25 1.235e+04|1e-07",
        ),
        ("%d %f", "id", (1, 0.5), "1 0.500000"),
        ("%c%c %s|%-6s|%.2s", "2i 3i", (65, 66, TEXT, TEXT, TEXT), "AB grün|grün  |gr"),
        ("%*d %.*f", "3id", (5, 42, 1, 0.25), "   42 0.2"),
        ("%p", "i", (0x70400,), "0x70400"),
        ("%y is none", "", (), "%y is none"),
    ],
)
def test_conversions(format_: str, layout: str, values: tuple[float, ...], text: str) -> None:
    assert printed(format_, layout, *values) == text


def test_a_core_prints_with_its_place_and_time(compile_core: Compile) -> None:
    source = (
        PRINT
        + """
    void program(void) {
        volatile float half = 0.5f;
        volatile int64_t wide = -5000000000;
        npu_printf("%s: %d of %lld, %.1f\\nand more", "in", -3, wide, half);
    }"""
    )
    array = run(make_array(), {LEFT: compile_core(source)})
    first, second = array.printed
    assert first.text == "in: -3 of -5000000000, 0.5"
    assert second.text == "and more"
    assert 0 < first.clock == second.clock
    assert str(Printed("core (0,2)", 1234, "x")) == "core (0,2) at 1.23 us: x"


def test_a_string_where_there_is_no_memory_is_a_fault_of_the_core(compile_core: Compile) -> None:
    source = PRINT + 'void program(void) { npu_printf("%s", (const char *)0x900000); }'
    fault = fault_of(make_array(), LEFT, compile_core(source))
    assert fault.startswith("core (0,2) reads from 0x900000"), fault
    assert "(npu_printf)" in fault
