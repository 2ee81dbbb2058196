from pathlib import Path

import pytest

from softnpu.arch import registers
from softnpu.arch.address import split_address
from softnpu.arch.device import device
from softnpu.arch.register import AIE2, AIE2P, Module
from softnpu.arch.register_tables import table
from softnpu.arch.registers import find, lookup
from softnpu.arch.tiles import TileKind
from softnpu.formats import cdo, pdi, txn
from softnpu.formats.operations import Nop, Sync
from tests.conftest import MARCH_DESIGNS

CORE, MEMORY, SHIM = TileKind.CORE, TileKind.MEMORY, TileKind.SHIM


@pytest.mark.parametrize(
    ("kind", "offset", "name"),
    [
        (CORE, 0x32000, "Core_Control"),
        (CORE, 0x1D0A4, "DMA_BD5_1"),
        (CORE, 0x1F0F0, "Lock15_value"),
        (CORE, 0x3F22C, "Stream_Switch_Slave_DMA_1_Slot3"),
        (CORE, 0x340E4, "Trace_Event1"),
        (MEMORY, 0xA065C, "DMA_MM2S_5_Start_Queue"),
        (MEMORY, 0xB0144, "Stream_Switch_Slave_Config_Trace"),
        (MEMORY, 0x94010, "Event_Broadcast0"),
        (SHIM, 0x1D214, "DMA_MM2S_0_Task_Queue"),
        (SHIM, 0x1F004, "Demux_Config"),
        (SHIM, 0x34010, "Event_Broadcast0_A"),
        (SHIM, 0x3FF00, "Stream_Switch_Event_Port_Selection_0"),
    ],
)
def test_an_offset_has_the_name_that_amd_gives_it(kind: TileKind, offset: int, name: str) -> None:
    match = find(kind, offset)
    assert match is not None
    assert match.name == name
    assert registers.address(match) == offset


def test_memories_are_found_at_every_byte() -> None:
    match = find(CORE, 0x20010)
    assert match is not None
    assert (match.name, match.byte) == ("Program_Memory", 0x10)
    assert find(MEMORY, 0x7FFFC).name == "DataMemory"
    assert find(CORE, 0x10000) is None


def test_offsets_between_registers_are_unknown() -> None:
    assert find(CORE, 0x1D018) is None
    assert find(CORE, 0x1F004) is None
    assert find(SHIM, 0x32000) is None


def test_a_name_is_looked_up_in_any_case_and_by_module() -> None:
    match = lookup(Module.MEMORY, "trace_control1")
    assert match is not None
    assert registers.address(match) == 0x140D4
    assert match.register.field("packet_type").lsb == 12
    assert registers.address(lookup(Module.CORE, "Trace_Control1")) == 0x340D4
    assert lookup(Module.SHIM, "Core_Control") is None


def test_a_few_registers_moved_on_the_second_generation() -> None:
    assert find(CORE, 0x36030).name == "Tile_Control"
    assert find(CORE, 0x60020, AIE2P).name == "Tile_Control"
    assert find(CORE, 0x36030, AIE2P) is None


@pytest.mark.parametrize(
    ("kind", "offset", "name"),
    [
        (CORE, 0x24000, "Program_Memory_Error_Injection"),
        (CORE, 0x32110, "ECC_Scrubbing_Event"),
        (CORE, 0x12110, "ECC_Scrubbing_Event"),
        (CORE, 0x60010, "Module_Reset_Control"),
        (MEMORY, 0x92120, "ECC_Failing_Address"),
        (MEMORY, 0x96040, "CSSD_Trigger"),
        (SHIM, 0x3300C, "PL_Interface_Downsizer_Bypass"),
        (SHIM, 0x3602C, "BISR_test_data3"),
        (SHIM, 0xFFF10, "Module_Reset_Control_0"),
    ],
)
@pytest.mark.parametrize("generation", [AIE2, AIE2P])
def test_what_keeps_the_hardware_sound_has_a_name(
    kind: TileKind, offset: int, name: str, generation: str
) -> None:
    assert find(kind, offset, generation).name == name


def test_the_second_generation_pads_with_a_value_for_each_channel() -> None:
    names = [find(MEMORY, 0xA06E0 + 4 * n, AIE2P).name for n in range(6)]
    assert names == [f"DMA_MM2S_{n}_Constant_Pad_Value" for n in range(6)]
    assert find(MEMORY, 0xA06E0) is None
    assert find(MEMORY, 0xA06F8, AIE2P) is None


def test_the_second_generation_tells_more_bytes_and_ports_apart() -> None:
    for generation, strobes, ports in ((AIE2, 4, 6), (AIE2P, 8, 12)):
        watch = lookup(Module.MEMORY, "WatchPoint0", generation).register
        assert watch.field("WriteStrobes").width == strobes
        injection = lookup(Module.CORE, "Stream_Switch_Parity_Injection", generation).register
        assert len(injection.fields) == ports


@pytest.mark.parametrize(
    ("generation", "counts"),
    [(AIE2, (345, 208, 724, 443)), (AIE2P, (357, 208, 730, 443))],
)
def test_no_register_is_left_out(generation: str, counts: tuple[int, ...]) -> None:
    """Counted once against aie-rt's lists and AM029's; of the vector registers as one memory."""
    found = [sum(r.count for r in table(module, generation)) for module in Module]
    assert tuple(found) == counts


@pytest.mark.parametrize("module", Module)
@pytest.mark.parametrize("generation", [AIE2, AIE2P])
def test_no_two_registers_share_a_place_or_a_name(module: Module, generation: str) -> None:
    registers_of = table(module, generation)
    places = [r.offset + i * r.stride for r in registers_of for i in range(r.count)]
    names = [r.name(i) for r in registers_of for i in range(r.count)]
    assert len(set(places)) == len(places)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_everything_that_amds_tools_write_has_a_name(march: Path, design: str) -> None:
    npu = device("npu1")
    image = pdi.parse((march / design / "design.pdi").read_bytes())
    stream = txn.parse((march / design / "insts.bin").read_bytes())
    for operation in (*cdo.operations(image.cdo()), *stream.operations):
        if not isinstance(operation, (Nop, Sync)):
            col, row, offset = split_address(operation.address)
            assert find(npu.kind(col, row), offset), operation
