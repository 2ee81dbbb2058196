"""The three CDO files of a device, against AMD's."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp
from softnpu.dialects.text import parse_file, parse_text
from softnpu.errors import DesignError
from softnpu.formats.operations import BlockWrite, MaskWrite, Write
from softnpu.targets.cdo import PARTS, configuration, file_name, initial_bytes

GOLDEN = Path(__file__).parents[2] / "golden"
DESIGNS = sorted(path.parent.name for path in GOLDEN.glob("*/input_physical.mlir"))


def device_in(text: str) -> DeviceOp:
    module = parse_text(f"module {{ {text} }}", "design.mlir", check=False)
    return next(op for op in module.walk() if isinstance(op, DeviceOp))


@pytest.mark.parametrize("name", DESIGNS)
def test_the_files_are_those_of_aie_translate(name: str) -> None:
    module = parse_file(GOLDEN / name / "input_physical.mlir")
    device_op = next(op for op in module.walk() if isinstance(op, DeviceOp))
    for core in (op for op in device_op.walk() if isinstance(op, CoreOp)):
        core.elf_file = f"main_core_{core.position[0]}_{core.position[1]}.elf"
    files = configuration(device_op, GOLDEN / name).files(device_op.sym_name)
    assert list(files) == [file_name("main", part) for part in PARTS]
    for file, data in files.items():
        assert data == (GOLDEN / name / file).read_bytes(), file


def test_a_core_without_a_program_is_reset_and_started_all_the_same(tmp_path: Path) -> None:
    found = configuration(
        device_in("aie.device(npu1_1col) { %t = aie.tile(0, 2) %c = aie.core(%t) { aie.end } }"),
        tmp_path,
    )
    assert found.elfs == ()
    assert found.init[:2] == (MaskWrite(0x232000, 2, 2), MaskWrite(0x232000, 2, 0))
    assert found.init[2:] == tuple(Write(0x21F000 + 16 * lock, 0) for lock in range(16))
    assert found.enable == (MaskWrite(0x232000, 1, 1),)


def test_a_missing_program_is_an_error_at_its_core(tmp_path: Path) -> None:
    device_op = device_in(
        "aie.device(npu1_1col) {\n %t = aie.tile(0, 2)\n"
        ' %c = aie.core(%t) {\n aie.end\n } {elf_file = "core.elf"} }'
    )
    with pytest.raises(DesignError, match=r"cannot read the core program .*core\.elf") as error:
        configuration(device_op, tmp_path)
    assert error.value.location is not None
    assert error.value.location.line == 3


def test_only_locks_with_both_id_and_value_are_set(tmp_path: Path) -> None:
    found = configuration(
        device_in(
            "aie.device(npu1_1col) { %t = aie.tile(0, 1) %a = aie.lock(%t, 3) {init = 2 : i32}"
            " %b = aie.lock(%t, 4) %c = aie.lock(%t) {init = 1 : i32} }"
        ),
        tmp_path,
    )
    assert found.init == (Write(0x1C0030, 2),)


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("(%t, 16) {init = 0 : i32}", "locks 0 to 15"),
        (
            '(%t, 1) {init = 64 : i32, sym_name = "full"}',
            "lock 'full' starts with 64; a lock counts from 0 to 63",
        ),
    ],
)
def test_locks_that_the_tile_does_not_have_are_refused(
    tmp_path: Path, lock: str, message: str
) -> None:
    device_op = device_in(f"aie.device(npu1_1col) {{ %t = aie.tile(0, 2) %a = aie.lock{lock} }}")
    with pytest.raises(DesignError, match=message):
        configuration(device_op, tmp_path)


def buffer_with(type: str, value: str) -> BufferOp:
    device_op = device_in(
        "aie.device(npu1_1col) { %t = aie.tile(0, 2) %b = aie.buffer(%t) "
        f'{{address = 1024 : i32, sym_name = "b"}} : {type} = {value} }}'
    )
    return next(op for op in device_op.walk() if isinstance(op, BufferOp))


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("memref<4xi8>", "dense<[1, -2, 3, 4]>", "01fe0304"),
        ("memref<2xui8>", "dense<[1, 253]>", "01fd"),
        ("memref<2x2xi16>", "dense<[[1, 2], [3, -4]]>", "010002000300fcff"),
        ("memref<2xi32>", "dense<7>", "0700000007000000"),
        ("memref<2xf32>", "dense<[1.0, -2.5]>", "0000803f000020c0"),
        ("memref<2xbf16>", "dense<[1.0, -2.0]>", "803f00c0"),
        ("memref<1xi64>", "dense<-1>", "ff" * 8),
        ("memref<3xi1>", "dense<[true, false, true]>", "010001"),
        ("memref<2xi4>", "dense<[-1, 7]>", "0f07"),
        ("memref<2xi24>", "dense<[1, -1]>", "010000ffffff"),
    ],
)
def test_initial_values_are_little_endian(type: str, value: str, expected: str) -> None:
    assert initial_bytes(buffer_with(type, value)).hex() == expected


def test_initial_data_are_written_at_the_buffers_address(tmp_path: Path) -> None:
    device_op = buffer_with("memref<2xi32>", "dense<[1, 2]>").parent_op()
    assert isinstance(device_op, DeviceOp)
    assert configuration(device_op, tmp_path).init == (
        BlockWrite(0x200400, bytes.fromhex("0100000002000000")),
    )


@pytest.mark.parametrize(("address", "told"), [(1024, False), (1027, True)])
def test_initial_values_that_amds_tools_misplace_are_told(
    address: int, told: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    buffer = buffer_with("memref<2xi8>", "dense<[1, 2]>")
    buffer.address = address
    device_op = buffer.parent_op()
    assert isinstance(device_op, DeviceOp)
    configuration(device_op, tmp_path)
    assert ("write its initial values from byte 1028 on" in caplog.text) == told
