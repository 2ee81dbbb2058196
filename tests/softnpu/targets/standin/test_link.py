"""Linking a core: what fits, what is missing, and by how much."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from softnpu import zig
from softnpu.arch.standin import Service
from softnpu.emulator.cores.processor import MachineError
from softnpu.errors import DesignError, ToolError
from softnpu.targets.linking.checks import STANDIN, check_object
from softnpu.targets.linking.elf import Elf
from softnpu.targets.standin import compile_core, compile_kernel, core_name
from softnpu.targets.standin.toolchain import _build_runtime
from softnpu.targets.standin_runtime import RUNTIME
from tests.softnpu.targets.core_machine import (
    Buffers,
    Machine,
    core_of,
    design,
    program,
)

BUFFERS: Buffers = {"a": ((64,), "i32")}
DECLARED = 'func.func private @kernel(memref<64xi32>) attributes {link_with = "kernel.o"}'
CALL = "func.call @kernel(%a) : (memref<64xi32>) -> ()\naie.end"


def build(folder: Path, kernel: str, *, stack: int = 0x1000, suffix: str = ".c") -> Path:
    """Compile and link a core that calls `kernel`."""
    source = folder / f"kernel{suffix}"
    source.write_text(kernel)
    compile_kernel(source, folder / "kernel.o")
    device, core = core_of(design(CALL, BUFFERS, DECLARED, stack))
    return compile_core(device, core, {"kernel.o": folder / "kernel.o"}, folder)


def refusal(folder: Path, kernel: str, **options: object) -> DesignError | ToolError:
    with pytest.raises((DesignError, ToolError)) as caught:
        build(folder, kernel, **options)  # type: ignore[arg-type]
    assert not (folder / "main_core_0_2.elf").exists()
    return caught.value


def test_files_are_named_as_aiecc_names_them(tmp_path: Path) -> None:
    device, core = core_of(design("aie.end", {}))
    assert core_name(device, core) == "main_core_0_2"
    compile_core(device, core, {}, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"main_core_0_2.{suffix}" for suffix in ("c", "o", "ld.script", "elf")}


def test_the_linker_script_is_mlir_aies(tmp_path: Path, golden: Path) -> None:
    from softnpu.dialects.aie import CoreOp, DeviceOp
    from softnpu.dialects.text import parse_file

    folder = golden / "initial_data"
    module = parse_file(folder / "input_with_addresses.mlir")
    core = next(op for op in module.walk() if isinstance(op, CoreOp))
    device = core.parent_op()
    assert isinstance(device, DeviceOp)
    elf = compile_core(device, core, {}, tmp_path)
    script = "main_core_0_2.ld.script"
    assert (tmp_path / script).read_text() == (folder / script).read_text()
    symbols = {s.name: s.value for s in Elf(elf).symbols}
    assert symbols["weights"] == 0x74020
    assert symbols["main"] == symbols["core_0_2"]
    assert Elf(elf).entry == symbols["__start"] == 0


def test_globals_of_a_kernel_start_as_c_says(tmp_path: Path) -> None:
    build(
        tmp_path,
        """
        static int32_t count, table[3] = {5, 6, 7};
        static const int16_t rom[2] = {100, 200};
        void kernel(int32_t *a) { a[0] = ++count; a[1] = table[2]++; a[2] = rom[a[0]]; }
        """,
    )
    machine = Machine(tmp_path / "main_core_0_2.elf")
    garbage = next(s for s in Elf(machine.elf).symbols if s.name == "count")
    machine.write(garbage.value, np.array([99], np.int32))
    machine.run()
    assert machine.read(0x71000, 3, np.int32).tolist() == [1, 7, 200]


def test_a_kernel_missing_from_its_object_is_reported_at_the_call(tmp_path: Path) -> None:
    error = refusal(tmp_path, "void kernle(int32_t *a) { a[0] = 1; }")
    assert isinstance(error, DesignError)
    assert "core (0, 2) calls 'kernel', which none of the objects that it links defines" in str(
        error
    )
    assert "did you mean 'kernle'?" in str(error)
    assert "kernel.o defines: kernle" in str(error)
    assert error.location is not None


def test_a_cpp_name_is_seen_through(tmp_path: Path) -> None:
    error = refusal(tmp_path, "void kernel(int *a) { a[0] = 1; }", suffix=".cc")
    assert 'as a C++ function (_Z6kernelPi): declare it extern "C"' in str(error)


def test_no_object_at_all_says_how_to_name_one(tmp_path: Path) -> None:
    device, core = core_of(design(CALL, BUFFERS, "func.func private @kernel(memref<64xi32>)"))
    with pytest.raises(DesignError, match="the core links no object: name it with link_with"):
        compile_core(device, core, {}, tmp_path)


def test_an_object_that_was_not_built_is_named(tmp_path: Path) -> None:
    device, core = core_of(design(CALL, BUFFERS, DECLARED))
    with pytest.raises(DesignError, match=r"links 'kernel.o', which was not built"):
        compile_core(device, core, {"other.o": tmp_path / "other.o"}, tmp_path)


@pytest.mark.parametrize("function", ["sqrtf", "expf", "tanhf", "floorf", "pow", "fmaf"])
def test_what_peanos_libm_lacks_is_missing_here_too(tmp_path: Path, function: str) -> None:
    arguments = {"pow": "x, x", "fmaf": "x, x, x"}.get(function, "x")
    error = refusal(
        tmp_path,
        f"#include <math.h>\nvoid kernel(int32_t *a) {{ float x = a[0];\n"
        f"a[1] = (int){function}({arguments}); }}",
    )
    assert f"undefined symbol '{function}', used in" in str(error)
    assert "kernel.c:3" in str(error)
    assert f"no AIE core has {function}: Peano's libm holds fabs, fabsf, fabsl only" in str(error)


def test_fabsf_the_memory_functions_and_libm_of_constants_are_there(tmp_path: Path) -> None:
    build(
        tmp_path,
        """
        #include <math.h>
        #include <stdlib.h>
        #include <string.h>
        void kernel(int32_t *a) {
          memmove(a + 1, a, 12);
          a[8] = (int)fabsf((float)a[0]) + abs(a[1]) + memcmp(a, a + 1, 4);
          a[9] = (int)round(0.299 * (1 << 15)) + (int)floorf(-1.5f) + (int)pow(2, 10);
        }
        """,
    )


@pytest.mark.parametrize(
    ("call", "hint"),
    [('printf("x")', "a core has no output"), ("*(int **)a = malloc(4)", "a core has no heap")],
)
def test_what_no_core_has_is_explained(tmp_path: Path, call: str, hint: str) -> None:
    headers = "#include <stdio.h>\n#include <stdlib.h>\n"
    error = refusal(tmp_path, f"{headers}void kernel(int32_t *a) {{ {call}; }}")
    assert hint in str(error)


def test_a_program_larger_than_its_memory_shows_its_functions(tmp_path: Path) -> None:
    body = "".join(f"a[{i % 64}] = a[{(i * 7) % 64}] * {i + 3} + {i};" for i in range(2500))
    error = refusal(tmp_path, f"void kernel(volatile int32_t *a) {{ {body} }}")
    assert "of the 16,384 bytes of program memory" in str(error)
    assert "  kernel" in str(error)
    assert isinstance(error, DesignError)


def test_data_that_does_not_fit_shows_the_tiles_table(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        "const int8_t hann[70000] = {1};\nvoid kernel(int32_t *a) { a[0] = hann[a[1]]; }",
    )
    text = str(error)
    assert "of the 65,536 bytes of data memory" in text
    assert "0x00000    4,096  stack (stack_size)" in text
    assert "0x01000      256  a" in text
    assert "70,000  constants and variables of the code: hann 70,000" in text
    assert "61,184 bytes in the largest gap, 8,816 too few" in text


def test_data_that_runs_from_its_gap_into_a_buffer_is_refused(tmp_path: Path) -> None:
    """Room behind that buffer does not help; what just fits is linked, and reaches up to it."""
    kernel = tmp_path / "kernel.c"
    text = design(CALL, {**BUFFERS, "behind": ((64,), "i32")}, DECLARED)
    device, core = core_of(text.replace("address = 4352 ", "address = 40960 "))
    room = 40960 - (0x1000 + 256)

    def link(size: int) -> Elf:
        kernel.write_text(
            f"const int8_t hann[{size}] = {{1}};\nvoid kernel(int32_t *a) {{ a[0] = hann[a[1]]; }}"
        )
        compile_kernel(kernel, tmp_path / "kernel.o")
        return Elf(compile_core(device, core, {"kernel.o": tmp_path / "kernel.o"}, tmp_path))

    program = link(room)
    assert max(s.address + s.size for s in program.segments if s.size) == 0x70000 + 40960
    with pytest.raises(DesignError) as caught:
        link(room + 4)
    assert f"{room:,} bytes in the largest gap, 4 too few" in str(caught.value)
    assert "0x0a000      256  behind" in str(caught.value)


def test_a_stack_too_small_says_what_to_write(tmp_path: Path) -> None:
    kernel = """
    static __attribute__((noinline)) int deep(volatile int8_t *p) { volatile int8_t t[3000];
      for (int i = 0; i < 3000; i++) t[i] = p[i & 63]; return t[p[0] & 63]; }
    void kernel(volatile int32_t *a) { volatile int32_t b[200]; b[a[0] & 63] = 1;
      a[0] = deep((volatile int8_t *)a) + b[3]; }
    """
    error = refusal(tmp_path, kernel, stack=1024)
    text = str(error)
    assert "bytes of stack, and has 1,024" in text
    assert "overwrite the first buffer" in text
    assert "  deep" in text
    assert "  kernel" in text
    assert "write {stack_size = 38" in text
    assert build(tmp_path, kernel, stack=4096).exists()


def test_recursion_has_no_bound(tmp_path: Path) -> None:
    kernel = """
    __attribute__((noinline)) int again(volatile int32_t *a, int n) {
      a[n & 63] = n; return n ? again(a, n - 1) * 2 + a[n & 63] : 1; }
    void kernel(int32_t *a) { a[0] = again(a, 5); }
    """
    assert "again calls itself, so its stack has no bound" in str(refusal(tmp_path, kernel))


def test_a_static_object_with_a_constructor_is_refused(tmp_path: Path) -> None:
    kernel = """
    struct Table { int x[4]; Table() { for (int &v : x) v = event_count(); }
                   static int event_count(); };
    int Table::event_count() { event0(); return 3; }
    static Table table;
    extern "C" void kernel(int *a) { a[0] = table.x[a[1] & 3]; }
    """
    assert "needs a constructor, which no core runs" in str(refusal(tmp_path, kernel, suffix=".cc"))


def test_objects_for_other_machines_are_told_apart(tmp_path: Path, golden: Path) -> None:
    aie = tmp_path / "aie.o"
    head = bytearray(Path("/proc/self/exe").read_bytes()[:64])
    head[4], head[18:20] = 1, (264).to_bytes(2, "little")
    aie.write_bytes(head)
    with pytest.raises(ToolError, match=r"holds AIE code .* give the kernel's source instead"):
        check_object(aie, STANDIN)
    head[18:20] = (62).to_bytes(2, "little")
    aie.write_bytes(head)
    with pytest.raises(ToolError, match="is for another machine"):
        check_object(aie, STANDIN)
    text = tmp_path / "text.o"
    text.write_text("version https://git-lfs.github.com/spec/v1\n" * 3)
    with pytest.raises(ToolError, match="is no 32-bit little-endian ELF file"):
        check_object(text, STANDIN)


def test_a_call_beyond_the_stack_hits_nothing_that_is_mapped(tmp_path: Path) -> None:
    """The stack's own end: below it lies the north window, which the emulator leaves open there."""
    elf = build(
        tmp_path,
        "void kernel(int32_t *a) { a[0] = (int32_t)(uintptr_t)__builtin_frame_address(0); }",
    )
    top = int(Machine(elf).run().read(0x71000, 1, np.int32)[0])
    assert 0x70000 < top <= 0x71000


def test_the_services_of_the_header_are_the_emulators() -> None:
    text = (RUNTIME / "include" / "npu_core.h").read_text()
    stated: Mapping[str, int] = {
        name.strip().removeprefix("NPU_"): int(number)
        for name, number in (
            part.split("=") for part in text.split("enum npu_service {")[1].split("}")[0].split(",")
        )
    }
    services = {service.name: int(service) for service in Service}
    assert stated == {name: services.get(name) for name in stated}
    assert list(stated) == list(services)[: len(stated)]  # those behind are AIE2 code's alone


def test_a_trap_of_c_stops_the_core(tmp_path: Path) -> None:
    source = tmp_path / "kernel.c"
    source.write_text("void kernel(int32_t *a) { if (a[0] == 0) __builtin_trap(); }")
    compile_kernel(source, tmp_path / "kernel.o")
    run = program(tmp_path, CALL, BUFFERS, DECLARED, kernel=tmp_path / "kernel.o")
    run(a=np.ones(64, np.int32))
    with pytest.raises(MachineError):
        run(a=np.zeros(64, np.int32))


def test_a_path_may_hold_a_percent_sign(tmp_path: Path) -> None:
    folder = tmp_path / "100%s"
    folder.mkdir()
    assert build(folder, "void kernel(int *a) { a[0] = 1; }").is_file()
    _build_runtime(folder)
    assert (folder / "libstandin.a").is_file()


def test_native_code_is_kept_below_any_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zig, "cache_folder", lambda: tmp_path / "100%s")
    header = zig.precompiled_header("static int two(void) { return 2; }\n")
    three = zig.object_file("int three(void) { return 3; }", ())
    source = "int three(void);\nint five(void) { return two() + three(); }"
    flags = ("-include-pch", str(header))
    library = zig.shared_library(source, includes=(), flags=flags, objects=(three,))
    assert ctypes.CDLL(str(library)).five() == 5
