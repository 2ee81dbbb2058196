"""DMA programs: which descriptors are written, in which order, and how channels start."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.formats.operations import BlockWrite, MaskWrite, Operation, Write
from softnpu.targets.cdo_dma import program_steps, programs

BUFFERS = """
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    %host = aie.external_buffer {sym_name = "host"} : memref<64xi32>
    %m = aie.buffer(%mem) {address = 0 : i32, sym_name = "m"} : memref<64xi32>
    %c = aie.buffer(%core) {address = 1024 : i32, sym_name = "c"} : memref<64xi32>
"""


def written(text: str) -> list[Operation]:
    module = parse_text(
        f"module {{ aie.device(npu1_1col) {{ {BUFFERS} {text} }} }}", "d.mlir", check=False
    )
    device_op = next(op for op in module.walk() if isinstance(op, DeviceOp))
    target = device("npu1_1col")
    return [
        step.operation for one in programs(device_op.body) for step in program_steps(one, target)
    ]


def test_a_channels_task_is_queued_then_the_channel_enabled() -> None:
    operations = written(
        """
    %program = aie.mem(%core) {
      %0 = aie.dma_start(MM2S, 1, ^bd, ^end, repeat_count = 4)
    ^bd:
      aie.dma_bd(%c : memref<64xi32>) {bd_id = 3 : i32}
      aie.next_bd ^end
    ^end:
      aie.end
    }"""
    )
    assert isinstance(operations[0], BlockWrite)
    assert operations[0].address == 0x21D060
    assert operations[1:] == [Write(0x21DE1C, 4 << 16 | 3), MaskWrite(0x21DE18, 0, 1)]


def test_only_a_shims_writing_channel_asks_for_a_token() -> None:
    text = """
    %program = aie.shim_dma(%shim) {{
      %0 = aie.dma_start({}, 0, ^bd, ^end)
    ^bd:
      aie.dma_bd(%host : memref<64xi32>) {{bd_id = 1 : i32}}
      aie.next_bd ^end
    ^end:
      aie.end
    }}"""
    assert Write(0x1D204, 1 << 31 | 1) in written(text.format("S2MM"))
    assert Write(0x1D214, 1) in written(text.format("MM2S"))


def test_descriptors_are_written_in_the_order_in_which_mlir_aie_follows_them() -> None:
    operations = written(
        """
    %program = aie.mem(%core) {
      %0 = aie.dma_start(S2MM, 0, ^a, ^more)
    ^a:
      aie.dma_bd(%c : memref<64xi32>) {bd_id = 0 : i32, next_bd_id = 1 : i32}
      aie.next_bd ^b
    ^b:
      aie.dma_bd(%c : memref<64xi32>) {bd_id = 1 : i32, next_bd_id = 0 : i32}
      aie.next_bd ^a
    ^more:
      %1 = aie.dma_start(MM2S, 0, ^d, ^end)
    ^d:
      aie.dma_bd(%c : memref<64xi32>) {bd_id = 2 : i32, next_bd_id = 2 : i32}
      aie.next_bd ^d
    ^end:
      aie.end
    }"""
    )
    blocks = [op.address for op in operations if isinstance(op, BlockWrite)]
    assert blocks == [0x21D000, 0x21D040, 0x21D020]


def test_channels_written_as_regions_start_with_their_first_descriptor() -> None:
    operations = written(
        """
    %program = aie.memtile_dma(%mem) {
      %0 = aie.dma(S2MM, 1) {repeat_count = 2 : i32} [{
        aie.dma_bd(%m : memref<64xi32>) {bd_id = 24 : i32, next_bd_id = 25 : i32}
      }, {
        aie.dma_bd(%m : memref<64xi32>) {bd_id = 25 : i32, next_bd_id = 24 : i32}
      }]
      aie.end
    }"""
    )
    assert [op.address for op in operations[:2] if isinstance(op, BlockWrite)] == [
        0x1A0300,
        0x1A0320,
    ]
    assert operations[2] == Write(0x1A060C, 2 << 16 | 24)


def test_core_programs_come_before_memory_tiles_before_shims() -> None:
    one = (
        "{0} {{ %0 = aie.dma_start(MM2S, 0, ^bd, ^end)\n^bd: aie.dma_bd({1}) {{bd_id = 0 : i32}}\n"
    )
    one += "aie.next_bd ^end\n^end: aie.end }}\n"
    text = "".join(
        (
            "%a = " + one.format("aie.shim_dma(%shim)", "%host : memref<64xi32>"),
            "%b = " + one.format("aie.memtile_dma(%mem)", "%m : memref<64xi32>"),
            "%c0 = " + one.format("aie.mem(%core)", "%c : memref<64xi32>"),
        )
    )
    blocks = [op.address for op in written(text) if isinstance(op, BlockWrite)]
    assert blocks == [0x21D000, 0x1A0000, 0x1D000]


def start(kind: str, buffer: str, channel: int, bd: str, repeat: str = "") -> str:
    return f"""
    %program = {kind} {{
      %0 = aie.dma_start(S2MM, {channel}, ^bd, ^end{repeat})
    ^bd:
      aie.dma_bd({buffer} : memref<64xi32>) {bd}
      aie.next_bd ^end
    ^end:
      aie.end
    }}"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (start("aie.memtile_dma(%mem)", "%m", 1, "{bd_id = 0 : i32}"), "cannot run BD 0"),
        (start("aie.mem(%core)", "%c", 2, "{bd_id = 0 : i32}"), "has 2 channels"),
        (start("aie.mem(%core)", "%c", 0, "{bd_id = 16 : i32}"), "16"),
        (start("aie.mem(%core)", "%c", 0, ""), "no id yet"),
        (
            start("aie.mem(%core)", "%c", 0, "{bd_id = 0 : i32}", ", repeat_count = 256"),
            "not within 0 to 255",
        ),
    ],
)
def test_what_the_hardware_cannot_do_is_refused(text: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        written(text)
