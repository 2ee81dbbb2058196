"""How cores hand over to their programs."""

from __future__ import annotations

from pathlib import Path

from softnpu.compiler.programs import hand_over, program_files
from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.text import parse_text, print_module


def device_with(core: str, name: str = "main") -> DeviceOp:
    text = (
        f"module {{ aie.device(npu1_1col) @{name} {{ %t = aie.tile(0, 2) "
        'func.func private @f() attributes {link_with = "f.o"}\n'
        f"%c = aie.core(%t) {core} }} }}"
    )
    return next(op for op in parse_text(text).walk() if isinstance(op, DeviceOp))


def test_a_handed_over_core_names_its_program_and_has_no_body() -> None:
    device_op = device_with("{ func.call @f() : () -> ()\n aie.end }", name="other")
    module = device_op.parent_op()
    hand_over(module)  # type: ignore[arg-type]
    assert program_files(device_op, Path("out")) == [Path("out/other_core_0_2.elf")]
    text = print_module(device_op)
    assert 'elf_file = "other_core_0_2.elf"' in text
    assert "func.call" not in text


def test_a_program_that_the_design_names_keeps_its_name() -> None:
    device_op = device_with('{ aie.end } {elf_file = "mine.elf"}')
    hand_over(device_op.parent_op())  # type: ignore[arg-type]
    assert program_files(device_op, Path("out")) == [Path("out/mine.elf")]
