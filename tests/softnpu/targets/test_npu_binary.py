"""Instruction streams, against AMD's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from softnpu.compiler.pipelines import npu_lowering, run
from softnpu.compiler.streams import number_pdis
from softnpu.dialects.text import parse_file, parse_text
from softnpu.errors import DesignError
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    LoadPdi,
    MaskWrite,
    Operation,
    Preempt,
    Sync,
    Write,
)
from softnpu.formats.txn import parse
from softnpu.targets.npu_binary import emit
from tests.conftest import DESIGNS, GOLDEN
from tests.test_parity import REFUSED


def device(steps: str, *, name: str = "main", sequence: str = "", arguments: str = "") -> str:
    return f"""aie.device(npu2_2col) @{name} {{
      memref.global "private" constant @data : memref<2xi32> = dense<[1, -1]>
      aie.runtime_sequence {sequence}({arguments}) {{
        {steps}
      }}
    }}"""


def operations(text: str, **options: Any) -> tuple[Operation, ...]:
    return parse(emit(parse_text(f"module {{ {text} }}", "design.mlir"), **options)).operations


def write(value: int) -> str:
    return f"aiex.npu.write32 {{address = 4 : ui32, value = {value} : ui32}}"


STREAMS = [
    path
    for name in DESIGNS
    for path in sorted((GOLDEN / name).glob("insts*.bin"))
    if name not in REFUSED
]


def named(path: Path) -> tuple[str, str]:
    """Device and sequence of `insts_DEVICE_SEQUENCE.bin`; of `insts.bin` the only ones."""
    device_name, _, sequence = path.stem.removeprefix("insts").lstrip("_").partition("_")
    return device_name, sequence


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_stream_is_that_of_aie_translate(path: Path) -> None:
    module = parse_file(path.parent / "input_physical.mlir")
    run(npu_lowering(), module)
    number_pdis(module)
    assert emit(module, *named(path)) == path.read_bytes()


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sequence_that_aie_opt_lowered_makes_the_same_stream(path: Path) -> None:
    module = parse_file(path.parent / "npu_insts.mlir")
    assert emit(module, *named(path)) == path.read_bytes()


@pytest.mark.parametrize("name", REFUSED)
def test_a_loop_that_only_the_run_knows_is_refused(golden: Path, name: str) -> None:
    with pytest.raises(DesignError, match=r"this scf\.for depends on a value that only the run"):
        emit(parse_file(golden / name / "npu_insts.mlir"))


def test_a_value_that_only_the_run_knows_is_refused_with_what_to_do() -> None:
    write = "aiex.npu.write32(%v, %v) : i32, i32"
    with pytest.raises(
        DesignError, match="address comes from argument 1 of the runtime"
    ) as refused:
        operations(device(write, arguments="%a: memref<4xi32>, %v: i32"))
    assert "which is an i32 and known at run time only" in refused.value.message
    assert "npuforge compile --npu-cpp" in str(refused.value)


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("aiex.npu.rtp_write(@gain, 0, %n)", "'aiex.npu.rtp_write': value comes"),
        (
            "%three = arith.constant 3 : i32\n%more = arith.addi %n, %three : i32\n"
            "aiex.npu.rtp_write(@gain, 0, %more)",
            "'aiex.npu.rtp_write': value comes",
        ),
        (
            "%l = arith.extsi %n : i32 to i64\n"
            "aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, %l][0, 0, 0, 1]) "
            "{id = 0 : i64, metadata = @in} : memref<64xi32>",
            "'aiex.npu.dma_memcpy_nd': value comes",
        ),
    ],
)
def test_the_refused_value_is_told_at_the_op_that_its_author_wrote(
    tmp_path: Path, steps: str, found: str
) -> None:
    design = tmp_path / "design.mlir"
    design.write_text(f"""module {{
      aie.device(npu1_1col) {{
        %shim = aie.tile(0, 0)
        %core = aie.tile(0, 2)
        %gain = aie.buffer(%core) {{sym_name = "gain", address = 1024 : i32}} : memref<4xi32>
        aie.shim_dma_allocation @in(%shim, MM2S, 0)
        aie.runtime_sequence(%a: memref<64xi32>, %n: i32) {{
          {steps}
        }}
      }}
    }}""")
    module = parse_file(design)
    run(npu_lowering(), module)
    with pytest.raises(DesignError, match="argument 1 of the runtime sequence") as refused:
        emit(module)
    assert refused.value.message.startswith(found)
    assert refused.value.location is not None
    assert refused.value.location.line == 8 + steps.count("\n")


def test_the_header_says_generation_and_shape() -> None:
    stream = parse(emit(parse_text(device(""), "design.mlir")))
    assert (stream.devgen, stream.rows, stream.columns, stream.memory_rows) == (4, 6, 2, 1)


def test_every_op_of_the_controller_has_its_operation() -> None:
    steps = """
      aiex.npu.write32 {address = 8 : ui32, column = 1 : i32, row = 2 : i32, value = 7 : ui32}
      aiex.npu.maskwrite32 {address = 12 : ui32, value = 1 : ui32, mask = 3 : ui32}
      %0 = memref.get_global @data : memref<2xi32>
      aiex.npu.blockwrite(%0) {address = 64 : ui32, column = 1 : i32, row = 3 : i32} : memref<2xi32>
      aiex.npu.sync {channel = 1 : i32, column = 0 : i32, column_num = 2 : i32,
        direction = 1 : i32, row = 0 : i32, row_num = 1 : i32}
      aiex.npu.load_pdi {id = 2 : i32, size = 1024 : i32, address = 0xabc12345678 : ui64}
      aiex.npu.preempt {level = 3 : ui8}
    """
    assert operations(device(steps)) == (
        Write(0x2200008, 7),
        MaskWrite(12, 3, 1),
        BlockWrite(0x2300040, b"\x01\0\0\0\xff\xff\xff\xff", tile=1 | 3 << 8),
        Sync(0, 0, 1, 1, columns=2, rows=1),
        LoadPdi(2, 1024, 0xABC12345678),
        Preempt(3),
    )


def test_device_and_sequence_are_chosen_by_name() -> None:
    both = device(write(1)) + device(write(2), name="other", sequence="@second")
    assert operations(both) == (Write(4, 1),)
    assert operations(both, device_name="other") == (Write(4, 2),)
    assert operations(both, device_name="other", sequence_name="second") == (Write(4, 2),)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"device_name": "mian"}, "did you mean '@main'?"),
        ({"sequence_name": "secnd"}, "did you mean '@second'?"),
    ],
)
def test_a_wrong_name_is_an_error_that_suggests_the_nearest(
    names: dict[str, str], message: str
) -> None:
    with pytest.raises(DesignError) as error:
        operations(device(write(1), sequence="@second"), **names)
    assert message in str(error.value)


def test_what_is_not_lowered_is_refused_and_not_skipped() -> None:
    packet = (
        "aiex.control_packet {address = 0 : ui32, data = array<i32: 1>, opcode = 0 : i32, "
        "stream_id = 0 : i32}"
    )
    with pytest.raises(DesignError, match=r"aiex\.control_packet is nothing that"):
        operations(device(packet))


def buffers(count: int) -> str:
    return ", ".join(f"%b{index}: memref<8xi32>" for index in range(count))


def patch(argument: int) -> str:
    return (
        f"aiex.npu.address_patch {{addr = 4 : ui32, arg_idx = {argument} : i32, "
        "arg_plus = 256 : i32}"
    )


def test_a_kernel_can_take_sixteen_buffers() -> None:
    assert operations(device(write(1), arguments=buffers(16))) == (Write(4, 1),)
    with pytest.raises(DesignError, match="takes 17 host buffers; a kernel can take 16"):
        operations(device(write(1), arguments=buffers(17)))
    with pytest.raises(DesignError, match=r"arg_idx = 16 exceeds the range \[0:15\]"):
        operations(device(patch(16)))


@pytest.mark.parametrize(("translate", "sixth"), [(True, 0x80000100), (False, 0x100)])
def test_the_stream_translates_addresses_that_the_firmware_does_not(
    translate: bool, sixth: int
) -> None:
    both = device(patch(4) + patch(5), arguments=buffers(6))
    assert operations(both, translate=translate) == (
        AddressPatch(4, 4, 0x100),
        AddressPatch(4, 5, sixth),
    )
