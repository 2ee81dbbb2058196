"""Stream switches, shim mux and cascade as register writes."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.formats.operations import MaskWrite, Operation, Write
from softnpu.targets.cdo_streams import switches

TILES = """
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
"""
ENABLED = 1 << 31
PACKET = 1 << 30
DROP_HEADER = 1 << 7


def written(text: str) -> list[Operation]:
    module = parse_text(
        f"module {{ aie.device(npu1_1col) {{ {TILES} {text} }} }}", "d.mlir", check=False
    )
    device_op = next(op for op in module.walk() if isinstance(op, DeviceOp))
    return list(switches(device_op, device("npu1_1col")))


def packet_switch(tile: str, master: str) -> str:
    return f"""
    %switch = aie.switchbox(%{tile}) {{
      %a = aie.amsel<2> (1)
      %b = aie.amsel<2> (3)
      %set = aie.masterset({master}
      aie.packet_rules(North : 2) {{
        aie.rule(31, 5, %a)
        aie.rule(28, 8, %b)
      }}
    }}"""


def test_a_circuit_writes_the_master_with_the_slaves_index_then_the_slave() -> None:
    assert written("%s = aie.switchbox(%core) { aie.connect<North : 1, DMA : 0> }") == [
        Write(0x23F004, ENABLED | 16),
        Write(0x23F140, ENABLED),
    ]


def test_a_packet_master_joins_the_selects_of_its_arbiter() -> None:
    first, *rest = written(packet_switch("core", "South : 1, %a, %b)"))
    assert first == Write(0x23F018, ENABLED | PACKET | 0b1010 << 3 | 2)
    assert rest == [
        Write(0x23F144, ENABLED | PACKET),
        Write(0x23F310, 5 << 24 | 31 << 16 | 1 << 8 | 1 << 4 | 2),
        Write(0x23F144, ENABLED | PACKET),
        Write(0x23F314, 8 << 24 | 28 << 16 | 1 << 8 | 3 << 4 | 2),
    ]


@pytest.mark.parametrize(
    ("tile", "master", "dropped"),
    [
        ("core", "DMA : 0, %a)", True),
        ("core", "South : 0, %a)", False),
        ("shim", "South : 2, %a)", True),
        ("mem", "South : 2, %a)", False),
        ("core", "DMA : 0, %a) {keep_pkt_header = true}", False),
        ("core", "South : 0, %a) {keep_pkt_header = false}", True),
    ],
)
def test_headers_are_dropped_for_dmas_unless_told_otherwise(
    tile: str, master: str, dropped: bool
) -> None:
    first = written(packet_switch(tile, master))[0]
    assert isinstance(first, Write)
    assert bool(first.value & DROP_HEADER) is dropped


def test_the_shim_mux_leads_ports_to_and_from_the_dma() -> None:
    operations = written(
        """
    %mux = aie.shim_mux(%shim) {
      aie.connect<DMA : 1, North : 7>
      aie.connect<North : 2, DMA : 0>
    }"""
    )
    assert operations == [
        MaskWrite(0x1F000, 0b11 << 14, 1 << 14),
        MaskWrite(0x1F004, 0b11 << 4, 1 << 4),
    ]


@pytest.mark.parametrize(
    ("inputs", "value"), [("North, South", 0), ("West, South", 1), ("North, East", 2)]
)
def test_cascade_directions(inputs: str, value: int) -> None:
    assert written(f"aie.configure_cascade(%core, {inputs})") == [Write(0x236060, value)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "%m = aie.shim_mux(%shim) { aie.connect<DMA : 0, North : 2> }",
            "MM2S leads to North 3 or 7",
        ),
        (
            "%m = aie.shim_mux(%shim) { aie.connect<NOC : 0, North : 3> }",
            "shim's DMA and its switch",
        ),
        ("%s = aie.switchbox(%mem) { aie.connect<East : 0, DMA : 0> }", "no port from East 0"),
        ("%s = aie.switchbox(%core) { aie.connect<North : 0, North : 1> }", "cannot connect"),
        ("aie.configure_cascade(%core, East, South)", "comes from North or West"),
    ],
)
def test_what_the_switch_cannot_do_is_refused(text: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        written(text)
    assert message in str(error.value)
