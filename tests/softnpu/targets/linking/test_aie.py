"""Checks of what Peano links, on objects of the wheel's clang: relocations are relocations."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.errors import DesignError, ToolError
from softnpu.targets.linking import aie
from softnpu.targets.linking.elf import Elf
from softnpu.targets.linking.layout import Buffer, CoreLayout
from softnpu.targets.linking.stack import StackNeed
from softnpu.targets.standin import compile_core, compile_kernel
from softnpu.targets.standin import stack_need as decoded_need
from tests.softnpu.targets.core_machine import Buffers, core_of, design

BUFFERS: Buffers = {"a": ((64,), "i32")}
DECLARED = 'func.func private @kernel(memref<64xi32>) attributes {link_with = "kernel.o"}'
CALL = "func.call @kernel(%a) : (memref<64xi32>) -> ()\naie.end"

LAYOUT = CoreLayout((0, 2), 0x400, (Buffer("a", 0x400, 256),))


def build(folder: Path, kernel: str) -> tuple[Path, list[Path]]:
    """A core's ELF, and the objects that it was linked of."""
    source = folder / "kernel.c"
    source.write_text(kernel)
    compile_kernel(source, folder / "kernel.o")
    device, core = core_of(design(CALL, BUFFERS, DECLARED, 0x1000))
    elf = compile_core(device, core, {"kernel.o": folder / "kernel.o"}, folder)
    return elf, [folder / "main_core_0_2.o", folder / "kernel.o"]


def need(folder: Path, kernel: str) -> StackNeed:
    elf, objects = build(folder, kernel)
    return aie.stack_need(Elf(elf), objects, "core_0_2")


NOINLINE = "__attribute__((noinline))"
SCRATCH = "volatile int32_t scratch[100]; scratch[a[0] & 63] = 1; a[1] = scratch[a[0] & 31];"


def test_calls_are_seen_in_relocations(tmp_path: Path) -> None:
    elf, objects = build(
        tmp_path,
        f"""
        static {NOINLINE} void inner(int32_t *a) {{ {SCRATCH} }}
        void kernel(int32_t *a) {{ inner(a); a[2] = a[1] + 1; }}
        """,
    )
    found = aie.stack_need(Elf(elf), objects, "core_0_2")
    assert [name for name, _ in found.path] == ["core_0_2", "kernel", "inner"]
    assert found.size > 400
    # Decoded from the instructions, the start code in front of the core's body comes on top.
    assert 0 <= decoded_need(elf).size - found.size <= 64


def test_a_call_through_a_table_counts_as_a_call(tmp_path: Path) -> None:
    found = need(
        tmp_path,
        f"""
        {NOINLINE} void one(int32_t *a) {{ {SCRATCH} }}
        {NOINLINE} void two(int32_t *a) {{ a[0] = 2; }}
        static void (*const steps[])(int32_t *) = {{one, two}};
        void kernel(int32_t *a) {{ steps[a[0] & 1](a); a[1]++; }}
        """,
    )
    assert [name for name, _ in found.path] == ["core_0_2", "kernel", "one"]


def test_recursion_is_found(tmp_path: Path) -> None:
    elf = tmp_path / "kernel.o"
    (tmp_path / "kernel.c").write_text(
        f"""
        {NOINLINE} int32_t down(int32_t *a, int32_t n) {{
          return n ? a[n] * down(a, n - 1) + 1 : 0;
        }}
        void kernel(int32_t *a) {{ a[0] = down(a, a[0]); }}
        """
    )
    compile_kernel(tmp_path / "kernel.c", elf)
    assert aie.stack_need(Elf(elf), [elf], "kernel").recursive == ("down",)


def test_functions_of_one_name_in_two_files_are_two(tmp_path: Path) -> None:
    for name, body in (("first", "a[0] = 1;"), ("second", SCRATCH)):
        (tmp_path / f"{name}.c").write_text(
            f"""
            static {NOINLINE} void helper(int32_t *a) {{ {body} }}
            void {name}(int32_t *a) {{ helper(a); a[3] = 0; }}
            """
        )
        compile_kernel(tmp_path / f"{name}.c", tmp_path / f"{name}.o")
    objects = [tmp_path / "first.o", tmp_path / "second.o"]
    program = Elf(objects[0])
    assert aie.stack_need(program, objects, "first").size < 100
    assert aie.stack_need(program, objects, "second").size > 400


def relabelled(path: Path, machine: int = 264) -> Path:
    data = bytearray(path.read_bytes())
    data[18:20] = machine.to_bytes(2, "little")
    path.write_bytes(data)
    return path


def test_objects_of_two_compilers_are_refused_by_name(tmp_path: Path) -> None:
    _, objects = build(tmp_path, "void kernel(int32_t *a) { a[0] = 1; }")
    for path in objects:
        relabelled(path)
    aie.check_objects(objects)
    data = objects[1].read_bytes()
    assert b"clang version " in data
    objects[1].write_bytes(data.replace(b"clang version ", b"clang VERSION "))
    with pytest.raises(ToolError) as caught:
        aie.check_objects(objects)
    assert "objects of different compilers in one core's program" in str(caught.value)
    assert "kernel.o by clang VERSION" in str(caught.value)


def test_a_stand_ins_object_is_refused(tmp_path: Path) -> None:
    _, objects = build(tmp_path, "void kernel(int32_t *a) { a[0] = 1; }")
    with pytest.raises(ToolError, match=r"for a stand-in core .*build it with Peano"):
        aie.check_objects(objects)


def test_a_linked_core_is_checked_for_kind_room_and_stack(tmp_path: Path) -> None:
    elf, objects = build(tmp_path, f"void kernel(int32_t *a) {{ {SCRATCH} }}")
    _, core = core_of(design(CALL, BUFFERS, DECLARED))
    layout = CoreLayout((0, 2), 0x1000, (Buffer("a", 0x1000, 256),))
    with pytest.raises(ToolError, match="expected an AIE executable that starts at 0"):
        aie.check_linked(elf, objects, layout, core)
    relabelled(elf)
    aie.check_linked(elf, objects, layout, core)
    tight = CoreLayout((0, 2), 0x100, (Buffer("a", 0x100, 256),))
    with pytest.raises(DesignError, match=r"needs \d+ bytes of stack, and has 256"):
        aie.check_linked(elf, objects, tight, core)


def test_data_that_does_not_fit_shows_the_tiles_table() -> None:
    _, core = core_of(design(CALL, BUFFERS, DECLARED))
    said = "ld.lld: error: section '.data' will not fit in region 'data': overflowed by 6176 bytes"
    error = aie.failed_link(said, [], core, LAYOUT)
    assert isinstance(error, DesignError)
    assert ".data is 6,176 bytes too large for the data memory" in str(error)
    assert "0x00400      256  a" in str(error)
    assert "  note: shrink a buffer, its depth, or a table in the C code" in str(error)


def test_buffers_that_lie_apart_are_named_where_that_takes_the_room() -> None:
    _, core = core_of(design(CALL, BUFFERS, DECLARED))
    apart = CoreLayout((0, 2), 0x400, (Buffer("a", 0x400, 256), Buffer("b", 0xC000, 256)))
    message = "ld.lld: error: section '.bss' will not fit in region 'data': overflowed by {} bytes"
    behind = 0x10000 - 0xC100  # the data has the gap between the two
    for missing, helps in ((behind, True), (behind + 1, False)):
        said = message.format(missing)
        text = str(aie.failed_link(said, [], core, apart))
        assert ('allocation_scheme = "basic-sequential" on the tile' in text) == helps


def test_a_kernel_that_no_object_defines_is_reported_at_the_call(tmp_path: Path) -> None:
    _, objects = build(tmp_path, "void kernel(int32_t *a) { a[0] = 1; }")
    _, core = core_of(design(CALL, BUFFERS, DECLARED))
    said = "ld.lld: error: undefined symbol: kernel\n>>> referenced by main_core_0_2.o\n"
    error = aie.failed_link(said, objects[:1], core, LAYOUT)
    assert isinstance(error, DesignError)
    assert "core (0, 2) calls 'kernel', which none of the objects" in str(error)
    assert error.location is not None
