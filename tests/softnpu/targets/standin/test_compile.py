"""Kernels: what compiles, what the compiler read, and what an author is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from softnpu.arch.standin import ELF_MACHINE_RISCV
from softnpu.errors import ToolError
from softnpu.targets.linking.elf import Elf
from softnpu.targets.standin import KERNEL_INCLUDE, compile_kernel, compiler_version
from softnpu.warned import collected


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def message(source: Path, **options: object) -> str:
    """What compiling a broken kernel says."""
    with pytest.raises(ToolError) as caught:
        compile_kernel(source, source.with_suffix(".o"), **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_kernel_becomes_an_rv32_object_with_its_functions(tmp_path: Path) -> None:
    source = write(
        tmp_path, "scale.c", "void scale(int32_t *x, int n) { while (n--) *x++ *= FACTOR; }"
    )
    output = tmp_path / "made" / "scale.o"
    compile_kernel(source, output, defines={"FACTOR": "3"})
    elf = Elf(output)
    assert elf.machine == ELF_MACHINE_RISCV
    assert list(elf.functions) == ["scale"]


def test_the_depfile_lists_the_headers_really_read(tmp_path: Path) -> None:
    write(tmp_path, "include/used.h", "#define N 4")
    write(tmp_path, "include/unused.h", "#define M 4")
    source = write(
        tmp_path,
        "k.c",
        '#ifdef MORE\n#include "unused.h"\n#endif\n#include "used.h"\nint k(void) { return N; }',
    )
    depfile = tmp_path / "k.d"
    compile_kernel(source, tmp_path / "k.o", include_dirs=[tmp_path / "include"], depfile=depfile)
    text = depfile.read_text()
    assert text.startswith(f"{tmp_path / 'k.o'}:")
    assert "used.h" in text
    assert "npu_core.h" in text
    assert "unused.h" not in text


def test_an_address_that_only_chess_gives_is_refused_at_its_line(tmp_path: Path) -> None:
    placed = "static volatile uint32_t chess_storage(TM : 0x80000) registers;\n"
    kernel = "uint32_t k() { return registers; }\n"
    said = message(write(tmp_path, "k.cc", "#include <stdint.h>\n" + placed + kernel))
    assert "k.cc:2: error: chess_storage(TM : ...) gives a variable an address" in said
    assert "*(volatile uint32_t *)(0x80000 + register)" in said
    commented = write(tmp_path, "j.cc", "// chess_storage(TM : 0)\nint j() { return 1; }\n")
    compile_kernel(commented, tmp_path / "j.o")


def test_amds_own_aie_headers_among_the_include_folders_do_not_stand_before_the_standins(
    tmp_path: Path,
) -> None:
    """IRON names the `include` of the wheel mlir_aie for every kernel that it compiles."""
    write(tmp_path, "include/aie_api/aie.hpp", "#error needs AMD's compiler")
    write(tmp_path, "include/aie_kernels/size.h", "#define N 16")
    source = write(
        tmp_path,
        "k.cc",
        "#include <aie_api/aie.hpp>\n#include <aie_kernels/size.h>\n"
        "aie::vector<int16_t, N> k(aie::vector<int16_t, N> x) { return aie::neg(x); }",
    )
    compile_kernel(source, tmp_path / "k.o", include_dirs=[tmp_path / "include"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int k(int x) {\n  return x +;\n}", "k.c:2:13: error: expected expression"),
        ("int k(int x) {\n  return helper(x);\n}", "k.c:2:10: error: call to undeclared function"),
        ("int k(int x) {\n  x = 1;\n}", "k.c:3:1: error: non-void function does not return"),
        (
            "int k(char *x) {\n  int *y = x;\n  return *y;\n}",
            "k.c:2:8: error: incompatible pointer",
        ),
        ('#include "missing.h"\n', "k.c:1:10: fatal error: 'missing.h' file not found"),
    ],
)
def test_an_error_has_the_compilers_words_and_the_authors_place(
    tmp_path: Path, text: str, expected: str
) -> None:
    said = message(write(tmp_path, "k.c", text))
    assert f"{tmp_path}/{expected}" in said
    assert "generated." not in said
    assert "zig" not in said


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        (
            "k.cc",
            "#include <aie_api/aie.hpp>\nvoid k(int *a) { aie::nonesuch(a); }",
            "`npuforge docs aie_api` lists what",
        ),
        (
            "k.cc",
            "#include <aie_api/aie.hpp>\nvoid k() { aie::sparse_vector<int4, 256> v; }",
            "aie::sparse_vector: of elements of 8 or 16 bits",
        ),
        (
            "k.cc",
            "#include <aie_api/aie.hpp>\nvoid k(v16int32 *a) { a[0] = a[1] + a[2]; }",
            "Vectors have no operators but those of <aie_api/operators.hpp>",
        ),
        (
            "k.cc",
            "#include <aie_api/aie.hpp>\nint k(int *a) { return aie::load_v<16>(a) * 2; }",
            "invalid operands to binary expression ('vector<int, 16>' and 'int')",
        ),
        ("k.c", "void k(int *a) { aie::vector<int, 16> v; }", "name the file .cc"),
        ("k.cc", "void k(int *a) { v16nonesuch x; }", "do not have this AIE intrinsic"),
        (
            "k.c",
            "void k(int x) { __builtin_aiev2_acquire(48, x); }",
            "do not have this AIE intrinsic",
        ),
        ("k.c", "#include <adf.h>\n", "belongs to AMD's tools"),
        ("k.c", 'extern "C" void k(void);', "name the file .cc"),
        ("k.c", "#include <aie_api/aie.hpp>\n", "The AIE API is C++: name the file .cc"),
        (
            "k.c",
            "void k(v16int32 *a) { *a = broadcast_to_v16int32(3); }",
            "Vector intrinsics are C++, as with Peano",
        ),
        ("k.cc", "void k(int a) { if (a) throw a; }", "Cores have no exceptions"),
        (
            "k.cc",
            "#include <typeinfo>\nauto &k(int a) { return typeid(a); }",
            "Cores know no types at run time",
        ),
        (
            "k.cc",
            "#include <iostream>\nvoid k(int a) { std::cout << a; }",
            "A core has no terminal and no files",
        ),
    ],
)
def test_what_cores_have_not_is_told(tmp_path: Path, name: str, text: str, hint: str) -> None:
    assert hint in message(write(tmp_path, name, text))


def test_candidates_of_other_headers_are_not_told(tmp_path: Path) -> None:
    text = "#include <algorithm>\nint k(int a) { return std::max(a, 2.5f); }"
    told = message(write(tmp_path, "k.cc", text))
    assert "k.cc:2:23: error: no matching function for call to 'max'" in told
    assert "note" not in told


def test_warnings_are_told_one_by_one_and_do_not_stop_the_build(tmp_path: Path) -> None:
    source = write(tmp_path, "k.c", "int k(void) { int unused; int too; return 1; }")
    with collected() as warned:
        compile_kernel(source, tmp_path / "k.o")
    assert [text.splitlines()[0].partition("k.c:")[2] for text in warned] == [
        "1:19: warning: unused variable 'unused' [-Wunused-variable]",
        "1:31: warning: unused variable 'too' [-Wunused-variable]",
    ]


def test_what_peano_always_includes_is_there(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        "k.cc",
        """
        #include <aie_api/aie.hpp>
        #include <type_traits>
        extern "C" void k(int32 *restrict a, bfloat16 *b, uint8 n) {
          event0();
          for (int i = 0; i < n; i++)
            chess_prepare_for_pipelining chess_loop_range(4, )
            chess_peel_pipelined_loop(1) {
              int chess_storage(r0) c = (int)b[i];
              a[i] += c;
            }
          acquire_greater_equal(48, 1);
          put_ms(a[0]);
          v16int32 v = get_scd_v16int32();
          put_mcd(upd_elem(v, 0, ext_elem(v, 1) + get_ss()));
          release(49, 1);
          event1();
        }
        """,
    )
    with collected() as warned:
        compile_kernel(source, tmp_path / "k.o")
    assert not warned


def test_the_portable_header_serves_peano_too() -> None:
    text = (KERNEL_INCLUDE / "npu_core.h").read_text()
    for name in (
        "acquire",
        "release",
        "put_ms",
        "get_ss",
        "mcd_write_vec",
        "scd_read_vec",
        "event",
    ):
        assert f"NPU_BUILTIN({name})" in text


def test_a_missing_source_and_another_language_are_named(tmp_path: Path) -> None:
    assert "no such kernel source" in message(tmp_path / "none.c")
    fortran = write(tmp_path, "k.f90", "end")
    assert "a kernel is C or C++, in a file that ends in .C, .c, .cc, .cpp, .cxx" in message(
        fortran
    )


def test_many_kernels_compile_at_once(tmp_path: Path) -> None:
    sources = [write(tmp_path, f"k{i}.c", f"int k{i}(void) {{ return {i}; }}") for i in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda s: compile_kernel(s, s.with_suffix(".o")), sources))
    assert all(list(Elf(s.with_suffix(".o")).functions) == [s.stem] for s in sources)


def test_the_same_source_gives_the_same_object(tmp_path: Path) -> None:
    text = "float k(float x) { return x * 2; }"
    for place in ("one", "two"):
        source = write(tmp_path, "k.c", text)
        compile_kernel(source, tmp_path / place / "k.o")
    assert (tmp_path / "one/k.o").read_bytes() == (tmp_path / "two/k.o").read_bytes()


def test_the_version_names_compiler_and_runtime() -> None:
    assert compiler_version().startswith("zig clang 0.17")
    assert ", stand-in runtime " in compiler_version()
