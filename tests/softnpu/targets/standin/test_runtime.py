"""The runtime and headers of stand-in cores, run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.arch.standin import Service
from softnpu.emulator.cores.printing import printf
from softnpu.errors import ToolError
from softnpu.targets.standin import compile_core, compile_kernel
from softnpu.targets.standin.toolchain import runtime
from tests.softnpu.targets.core_machine import Machine, Program, core_of, design, program

DECLARED = 'func.func private @kernel(memref<64xi8>) attributes {link_with = "kernel.o"}'
CALL = "func.call @kernel(%a) : (memref<64xi8>) -> ()\naie.end"
BYTES = {"a": ((64,), "i8")}


def kernel(folder: Path, text: str, suffix: str = ".c") -> Program:
    """A core that calls `kernel` on 64 bytes."""
    source = folder / f"kernel{suffix}"
    source.write_text(text)
    compile_kernel(source, folder / "kernel.o")
    return program(folder, CALL, BYTES, DECLARED, kernel=folder / "kernel.o")


def test_a_kernel_in_c_talks_to_the_array(tmp_path: Path) -> None:
    made = kernel(
        tmp_path,
        """
        #include <npu_core.h>
        void kernel(int8_t *a) {
          int last;
          npu_acquire_greater_equal(49, 2);
          npu_acquire_equal(48, 1);
          npu_put_packet_header(3, 1);
          npu_put_stream(npu_get_stream_last(&last) + last, 1);
          npu_get_cascade(a);
          a[0]++;
          npu_put_cascade(a);
          npu_event(1);
          npu_release(50, -1);
        }
        """,
    )
    machine = Machine(made.elf)
    word = np.arange(64, dtype=np.int8)
    machine.replies = [40, word.tobytes()]
    machine.run()
    address = made.addresses["a"]
    assert machine.asked == [
        (Service.ACQUIRE, 49, -2),
        (Service.ACQUIRE, 48, 1),
        (Service.PUT_PACKET_HEADER, 3, 1),
        (Service.GET_STREAM, 0, 0),
        (Service.PUT_STREAM, 41, 1),
        (Service.GET_CASCADE, address, 0),
        (Service.PUT_CASCADE, address, 0),
        (Service.EVENT, 1, 0),
        (Service.RELEASE, 50, -1),
    ]
    word[0] = 1
    assert machine.sent == [word.tobytes()]


def test_a_vector_of_128_bytes_crosses_the_cascade_in_two(tmp_path: Path) -> None:
    made = kernel(
        tmp_path,
        """
        extern "C" void kernel(int8_t *a) {
          v32int32 v = get_scd_v32int32();
          put_mcd(upd_elem(v, 31, ext_elem(v, 0)));
        }
        """,
        ".cc",
    )
    machine = Machine(made.elf)
    words = np.arange(100, 132, dtype=np.int32)
    machine.replies = [words[:16].tobytes(), words[16:].tobytes()]
    machine.run()
    words[31] = 100
    assert b"".join(machine.sent) == words.tobytes()


def test_memory_functions_move_every_alignment_and_overlap(tmp_path: Path) -> None:
    made = kernel(
        tmp_path,
        """
        #include <string.h>
        void kernel(int8_t *a) {
          volatile uint8_t *b = (volatile uint8_t *)a;
          uint8_t what = b[0], to = b[1], from = b[2], size = b[3];
          if (what == 0) memmove(a + to, a + from, size);
          else if (what == 1) memcpy(a + to, a + from, size);
          else if (what == 2) memset(a + to, from, size);
          else b[4] = (uint8_t)((memcmp(a + to, a + from, size) > 0)
                     - (memcmp(a + to, a + from, size) < 0));
        }
        """,
    )

    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.binary(min_size=56, max_size=56),
        st.integers(0, 3),
        st.integers(8, 40),
        st.integers(8, 40),
        st.integers(0, 20),
    )
    def property(data: bytes, what: int, to: int, start: int, size: int) -> None:
        if what == 1 and abs(to - start) < size:
            return
        given = bytes([what, to, start, size, 0, 0, 0, 0]) + data
        expected = bytearray(given)
        if what < 2:
            expected[to : to + size] = given[start : start + size]
        elif what == 2:
            expected[to : to + size] = bytes([start] * size)
        else:
            left, right = given[to : to + size], given[start : start + size]
            expected[4] = ((left > right) - (left < right)) & 0xFF
        out = made(a=np.frombuffer(given, np.int8))["a"]
        assert out.tobytes() == bytes(expected)

    property()


def test_the_runtime_is_made_once_and_kept_in_the_environment() -> None:
    made = runtime()
    assert made.crt0.name == "crt0.o"
    assert made.library.exists()
    assert runtime() is made


def test_the_elf_tells_lines_of_c(tmp_path: Path) -> None:
    from elftools.elf.elffile import ELFFile

    kernel(tmp_path, "void kernel(int8_t *a) {\n  for (int i = 0; i < 64; i++)\n    a[i]++;\n}\n")
    with (tmp_path / "main_core_0_2.elf").open("rb") as file:
        dwarf = ELFFile(file).get_dwarf_info(relocate_dwarf_sections=False)  # it is linked
        names = {
            unit.get_top_DIE().attributes["DW_AT_name"].value.decode() for unit in dwarf.iter_CUs()
        }
    assert str(tmp_path / "kernel.c") in names
    assert str(tmp_path / "main_core_0_2.c") in names


def test_the_same_design_gives_the_same_program(tmp_path: Path) -> None:
    device, core = core_of(design("aie.event(0)\naie.end", {}))
    first = compile_core(device, core, {}, tmp_path).read_bytes()
    assert compile_core(device, core, {}, tmp_path).read_bytes() == first


def test_std_sort_sorts_numbers(tmp_path: Path) -> None:
    made = kernel(
        tmp_path,
        """
        #include <algorithm>
        extern "C" void kernel(int8_t *a) {
          float numbers[16];
          std::sort(a, a + 32);
          std::sort((uint16_t *)(a + 32), (uint16_t *)(a + 48));
          for (int i = 0; i < 16; i++)
            numbers[i] = a[48 + i] / 2.0f;
          std::sort(numbers, numbers + 16);
          for (int i = 0; i < 16; i++)
            a[48 + i] = numbers[i] * 2;
        }
        """,
        ".cc",
    )
    given = np.random.default_rng(4).integers(-128, 128, 64).astype(np.int8)
    found = made(a=given)["a"]
    assert found[:32].tolist() == sorted(given[:32].tolist())
    assert found[32:48].view(np.uint16).tolist() == sorted(given[32:48].view(np.uint16).tolist())
    assert found[48:].tolist() == sorted(given[48:].tolist())


def test_strings_are_those_of_c(tmp_path: Path) -> None:
    """What each expression gives, beside what C's standard says of it."""
    expected = {
        'strcmp("abc", "abd") < 0': 1,
        'strncmp("abc", "abd", 2)': 0,
        'strcasecmp("NPU", "npu")': 0,
        "strchr(text, 0) - text": 11,
        "strrchr(text, 111) - text": 7,
        'strstr(text, "wor") - text': 6,
        'strspn(text, "ehl")': 4,
        'strcspn(text, " ")': 5,
        "strlcpy(other, text, 4) + strlen(other)": 14,
        '*stpcpy(other, "x") + strlen(strcat(other, "yz"))': 3,
        "(char *)memchr(text, 119, 11) - text": 6,
        'strlen(strtok_r(strcpy(other, "ab,c"), ",", &rest)) + *rest': 101,
        "isalnum(95) + isxdigit(70) + isspace(11) + ispunct(33)": 3,
        "toupper(97) - tolower(90)": -57,
        "div(-17, 5).rem": -2,
        "strnlen(text, 3)": 3,
    }
    stores = "".join(f"a[{at}] = (int8_t)({text});\n" for at, text in enumerate(expected))
    made = kernel(
        tmp_path,
        f"""
        #define _GNU_SOURCE
        #include <ctype.h>
        #include <stdlib.h>
        #include <string.h>
        #include <strings.h>
        void kernel(int8_t *a) {{
          char text[16] = "hello world", other[16] = "", *rest;
          (void)rest;
          {stores}
        }}
        """,
    )
    assert made(a=np.zeros(64, np.int8))["a"][: len(expected)].tolist() == list(expected.values())


def test_mathematics_of_constants_costs_no_libm(tmp_path: Path) -> None:
    named = ("tan", "asin", "acos", "tanh", "log1p", "sin", "exp", "sqrt")
    calls = ", ".join(f"{name}f(0.3f), (float){name}(0.7)" for name in named)
    made = kernel(
        tmp_path,
        f"""
        #include <math.h>
        void kernel(int8_t *a) {{
          float numbers[] = {{{calls}}};
          __builtin_memcpy(a, numbers, sizeof numbers);
        }}
        """,
    )
    numpy = {"asin": np.arcsin, "acos": np.arccos}
    found = made(a=np.zeros(64, np.int8))["a"].view(np.float32)
    for at, name in enumerate(named):
        function = numpy.get(name) or getattr(np, name)
        expected = [np.float32(function(float(np.float32(0.3)))), np.float32(function(0.7))]
        assert found[2 * at : 2 * at + 2].tolist() == expected, name


def test_vectors_are_printed_line_by_line(tmp_path: Path) -> None:
    made = kernel(
        tmp_path,
        """
        #include <aie_api/aie.hpp>
        #include <aie_api/utils.hpp>
        extern "C" void kernel(int8_t *a) {
          const auto v = aie::load_v<8>((const int16 *)a);
          aie::print(v, true, "v: ");
          aie::print(aie::to_float(v, 1));
          aie::print(v.cast_to<cint16>().extract<2>(0));
          aie::print(aie::mul(v, v).extract<4>(1));
          aie::print(aie::lt(v, int16(0)), true, "below: ");
          aie::print_fixed(v.extract<4>(0), 2);
          aie::print_matrix(v, 4, "m ");
        }
        """,
        ".cc",
    )
    lines = []

    class Printing(Machine):
        def _service(self, code: int, first: int, second: int) -> tuple[int, ...] | None:
            if code == Service.PRINT:
                lines.append(printf(self.processor.read, first, second))
            return super()._service(code, first, second)

    machine = Printing(made.elf)
    machine.write(made.addresses["a"], np.array([-3, 2, 5, -1, 7, 16, -16, 0], np.int16))
    machine.run()
    assert lines == [
        "v: -3 2 5 -1 7 16 -16 0 ",
        "-1.500000 1.000000 2.500000 -0.500000 3.500000 8.000000 -8.000000 0.000000 ",
        "(-3 2) (5 -1) ",
        "0x00000031 0x00000100 0x00000100 0x00000000 ",
        "below: 1 0 0 1 0 0 1 0 ",
        "-0.750000 0.500000 1.250000 -0.250000 ",
        "m -3 2 5 -1 ",
        "7 16 -16 0 ",
    ]


def test_a_vector_unit_that_cannot_be_built_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_compiler(*_: object) -> None:
        raise ToolError("there is no C compiler")

    made = kernel(
        tmp_path, 'extern "C" void kernel(int8 *a) { *(v16int32 *)a = broadcast_s32(1); }', ".cc"
    )
    monkeypatch.setattr("softnpu.emulator.cores.standin.VectorUnit", no_compiler)
    with pytest.raises(ToolError, match="there is no C compiler"):
        made(a=np.zeros(64, np.int8))
