"""The check of routes against flows: AMD's own routes pass, and every planted fault is told."""

from pathlib import Path
from typing import TypeGuard

import pytest

from softnpu.arch.address import split_address
from softnpu.arch.ports import (
    SHIM_DEMUX_REGISTER,
    SHIM_MUX_REGISTER,
    STREAM_SWITCHES,
)
from softnpu.arch.tiles import TileKind
from softnpu.compiler.design_flows import of_device
from softnpu.compiler.selection import main_device
from softnpu.dialects.text import parse_file
from softnpu.formats import cdo, txn
from softnpu.formats.operations import BlockWrite, MaskWrite, Operation, Write
from softnpu.inspect.array import of_operations
from softnpu.inspect.flows import DesignFlows
from softnpu.inspect.route_check import Difference, differences
from tests.conftest import STREAMS
from tests.softnpu.inspect.wiring import flows, wired

ROUTED = [path.parent.name for path in STREAMS if path.name == "insts.bin"]
CIRCUIT = "aie.flow(%c, DMA : 0, %d, DMA : 1)"
PACKETS = "aie.packet_flow(3) { aie.packet_source<%c, DMA : 0> aie.packet_dest<%d, DMA : 1> }"


def golden_flows(folder: Path) -> DesignFlows:
    module = parse_file(folder / "input_with_addresses.mlir", check=False)
    return of_device(main_device(module))


def golden_setup(folder: Path) -> list[Operation]:
    files = sorted(folder.glob("main_aie_cdo_*.bin"), key=lambda path: "enable" in path.name)
    return [one for path in files for one in cdo.operations(cdo.parse(path.read_bytes()))]


def found(body: str, switches: str) -> list[Difference]:
    return differences(flows(body), wired(switches))


def messages(body: str, switches: str) -> list[str]:
    return [difference.message for difference in found(body, switches)]


@pytest.mark.parametrize("design", ROUTED)
def test_what_amd_routed_is_what_the_design_says(golden: Path, design: str) -> None:
    folder = golden / design
    sequence = txn.parse((folder / "insts.bin").read_bytes()).operations
    array = of_operations([*golden_setup(folder), *sequence])
    assert differences(golden_flows(folder), array) == []


@pytest.mark.parametrize("design", ROUTED)
def test_each_setting_of_a_switch_counts(golden: Path, design: str) -> None:
    wanted, setup = golden_flows(golden / design), golden_setup(golden / design)
    registers = {one.address for one in setup if of_a_stream(one)}
    assert len(registers) > 10
    for register in registers:
        others = [one for one in setup if not (of_a_stream(one) and one.address == register)]
        assert differences(wanted, of_operations(others)), hex(register)


def of_a_stream(one: Operation) -> TypeGuard[Write | MaskWrite]:
    """Whether an operation sets a stream switch or a shim's mux."""
    if not isinstance(one, (Write, MaskWrite)):
        return False
    _, row, offset = split_address(one.address)
    if offset in (SHIM_MUX_REGISTER, SHIM_DEMUX_REGISTER) and row == 0:
        return True
    switch = STREAM_SWITCHES[(TileKind.SHIM, TileKind.MEMORY)[row] if row < 2 else TileKind.CORE]
    end = switch.slot_base + 16 * len(switch.slaves)
    return switch.master_base <= offset < end


def test_a_flow_that_ends_too_early_never_arrives() -> None:
    (difference,) = found(CIRCUIT, "aie.switchbox(%c) { aie.connect<DMA : 0, North : 0> }")
    assert difference.message == (
        "the flow from tile (0, 2) DMA 0 to tile (0, 3) DMA 1 never arrives"
    )
    assert difference.notes == (
        "it is stuck at tile (0, 3), South 0: the switch connects this port to nothing",
    )
    assert difference.location is not None
    assert difference.location.line == 9


def test_a_flow_that_goes_astray_is_told_with_where_it_goes() -> None:
    (difference,) = found(CIRCUIT, "aie.switchbox(%c) { aie.connect<DMA : 0, DMA : 0> }")
    assert difference.message.endswith("never arrives")
    assert difference.notes == ("it arrives at tile (0, 2) DMA 0 instead",)


ARRIVES = "aie.switchbox(%d) { aie.connect<South : 0, DMA : 1> }"


def test_a_flow_that_arrives_elsewhere_too() -> None:
    switches = "aie.connect<DMA : 0, North : 0>  aie.connect<DMA : 0, Core : 0>"
    (message,) = messages(CIRCUIT, f"aie.switchbox(%c) {{ {switches} }} {ARRIVES}")
    assert message == (
        "the flow from tile (0, 2) DMA 0 to tile (0, 3) DMA 1 arrives at tile (0, 2) Core 0 as well"
    )


def test_a_part_that_is_stuck_holds_up_the_whole_flow() -> None:
    switches = "aie.connect<DMA : 0, North : 0>  aie.connect<DMA : 0, North : 1>"
    (difference,) = found(CIRCUIT, f"aie.switchbox(%c) {{ {switches} }} {ARRIVES}")
    assert difference.message.endswith("divides, and a part of it is stuck")
    assert difference.notes[0].startswith("at tile (0, 3), South 1")


def test_packets_of_two_flows_that_cannot_be_told_apart() -> None:
    flow = "aie.packet_flow(3) {{ aie.packet_source<%{}, DMA : {}> aie.packet_dest<%{}, DMA : 1> }}"
    crossing = """
        aie.switchbox(%c) {
          %a = aie.amsel<0>(0)
          aie.masterset(North : 0, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 3, %a) }
          aie.packet_rules(DMA : 1) { aie.rule(31, 3, %a) }
        }
        aie.switchbox(%d) {
          %b = aie.amsel<0>(0)
          aie.masterset(DMA : 0, %b)
          aie.masterset(DMA : 1, %b)
          aie.packet_rules(South : 0) { aie.rule(31, 3, %b) }
        }
    """
    second = flow.format("c", 1, "d").replace("DMA : 1> }", "DMA : 0> }")
    first, other = found(flow.format("c", 0, "d") + second, crossing)
    assert first.message == (
        "packet flow 3 from tile (0, 2) DMA 0 to tile (0, 3) DMA 1 arrives at tile (0, 3) DMA 0 as "
        "well"
    )
    assert first.notes == (
        "from South 0 of tile (0, 3) on it shares the way of packet flow 3 from tile (0, 2) DMA 1 "
        "to tile (0, 3) DMA 0, both with id 3",
    )
    assert other.message.endswith("arrives at tile (0, 3) DMA 1 as well")


def test_packets_that_arrive_twice() -> None:
    twice = """
        aie.switchbox(%c) {
          %a = aie.amsel<0>(0)
          aie.masterset(North : 0, %a)
          aie.masterset(North : 1, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 3, %a) }
        }
        aie.switchbox(%d) {
          %b = aie.amsel<0>(0)
          aie.masterset(DMA : 1, %b)
          aie.packet_rules(South : 0) { aie.rule(31, 3, %b) }
          aie.packet_rules(South : 1) { aie.rule(31, 3, %b) }
        }
    """
    (message,) = messages(PACKETS, twice)
    assert message == (
        "packet flow 3 from tile (0, 2) DMA 0 to tile (0, 3) DMA 1 arrives 2 times at tile (0, 3) "
        "DMA 1"
    )


@pytest.mark.parametrize("keeps", [True, False])
def test_a_header_that_is_kept_or_dropped_against_the_flow(keeps: bool) -> None:
    wanted = f"{PACKETS} {{keep_pkt_header = {str(keeps).lower()}}}"
    other = f" {{keep_pkt_header = {str(not keeps).lower()}}}"
    switches = f"""
        aie.switchbox(%c) {{ %a = aie.amsel<0>(0) aie.masterset(North : 0, %a)
          aie.packet_rules(DMA : 0) {{ aie.rule(31, 3, %a) }} }}
        aie.switchbox(%d) {{ %b = aie.amsel<0>(0) aie.masterset(DMA : 1, %b){other}
          aie.packet_rules(South : 0) {{ aie.rule(31, 3, %b) }} }}
    """
    (message,) = messages(wanted, switches)
    have, want = ("without", "with") if keeps else ("with", "without")
    assert message.endswith(f"arrives {have} its packet header, and should {want}")


TO = {"d": "DMA : 1", "e": "TileControl : 0", "s": "South : 0"}


def to(tile: str, source: str, keeps: str = "") -> str:
    """Packets with an id of their own to the port of a tile in TO."""
    id = 3 + int(source[-1])
    return f"""aie.packet_flow({id}) {{
      aie.packet_source<%{tile}, {source}>
      aie.packet_dest<%{tile}, {TO[tile]}> }} {keeps}"""


def to_port(tile: str, *sources: str, keeps: str = "") -> str:
    """A switch that sends these packets there."""
    rules = "".join(
        f"aie.packet_rules({source}) {{ aie.rule(31, {3 + int(source[-1])}, %a) }}\n"
        for source in sources
    )
    return f"""aie.switchbox(%{tile}) {{ %a = aie.amsel<0>(0)
      aie.masterset({TO[tile]}, %a) {keeps} {rules} }}"""


@pytest.mark.parametrize(("tile", "keeps"), [("d", False), ("e", True), ("s", False)])
def test_headers_are_dropped_before_a_dma_and_kept_elsewhere_unless_a_flow_says(
    tile: str, keeps: bool
) -> None:
    source = "Trace : 0"
    other = f"{{keep_pkt_header = {str(not keeps).lower()}}}"
    assert messages(to(tile, source), to_port(tile, source)) == []
    (message,) = messages(to(tile, source), to_port(tile, source, keeps=other))
    assert message.endswith(f"and should {'with' if keeps else 'without'}")


def test_a_flow_that_leaves_headers_open_goes_by_one_that_does_not() -> None:
    keep = "{keep_pkt_header = true}"
    both = to("d", "Trace : 0", keep) + to("d", "Trace : 1")
    sources = ("Trace : 0", "Trace : 1")
    assert messages(both, to_port("d", *sources, keeps=keep)) == []
    (message,) = messages(both, to_port("d", *sources))
    assert message.startswith("packet flow 3 ")
    assert message.endswith("arrives without its packet header, and should with")


def test_a_stream_that_no_flow_speaks_of() -> None:
    (message,) = messages("", "aie.switchbox(%c) { aie.connect<DMA : 1, DMA : 1> }")
    assert message == "tile (0, 2) DMA 1 leads to tile (0, 2) DMA 1, and no flow says so"


def test_a_stream_that_the_design_leads_itself_needs_no_flow() -> None:
    own = "aie.switchbox(%c) { aie.connect<DMA : 1, DMA : 1> }"
    assert found(own, own) == []


def test_a_flow_of_a_shims_dma_goes_through_its_mux() -> None:
    wanted = "aie.flow(%s, DMA : 0, %s, DMA : 1)"
    switch = "aie.switchbox(%s) { aie.connect<South : 3, South : 3> }"
    to, fro = "aie.connect<DMA : 0, North : 3>", "aie.connect<North : 3, DMA : 1>"
    assert found(wanted, f"{switch} aie.shim_mux(%s) {{ {to} {fro} }}") == []
    (difference,) = found(wanted, f"{switch} aie.shim_mux(%s) {{ {fro} }}")
    assert difference.notes == (
        "it is stuck at tile (0, 0), South 3: the shim's mux does not lead the DMA to it",
    )
    (difference,) = found(wanted, f"{switch} aie.shim_mux(%s) {{ {to} }}")
    assert difference.notes == ("it arrives at tile (0, 0) South 3 instead",)


def test_packets_sent_with_an_id_that_no_flow_has() -> None:
    folder = Path(__file__).parents[2] / "golden" / "packet_routes"
    wanted, setup = golden_flows(folder), golden_setup(folder)
    sequence = txn.parse((folder / "insts.bin").read_bytes()).operations
    sent = [with_another_id(one) for one in sequence]
    assert sent != list(sequence)
    told = [one.message for one in differences(wanted, of_operations([*setup, *sent]))]
    assert told
    assert all("DMA 0 sends packets with id 30 (BD " in message for message in told)


def with_another_id(one: Operation) -> Operation:
    """A shim descriptor that sends packets sends them with id 30."""
    if not isinstance(one, BlockWrite) or split_address(one.address)[1:] >= (1, 0):
        return one
    words = [int.from_bytes(one.data[n : n + 4], "little") for n in range(0, len(one.data), 4)]
    if len(words) == 8 and words[2] >> 30 & 1:
        words[2] = words[2] & ~(0x1F << 19) | 30 << 19
    return BlockWrite(one.address, b"".join(w.to_bytes(4, "little") for w in words), one.tile)


def test_a_trace_unit_that_sends_with_another_id() -> None:
    traced = "aie.packet_flow(3) { aie.packet_source<%c, Trace : 0> aie.packet_dest<%c, DMA : 0> }"
    array = of_operations([Write(2 << 20 | 0x340D4, 7)], 2)
    told = [one.message for one in differences(flows(traced), array)]
    assert told[-1] == (
        "tile (0, 2) Trace 0 sends packets with id 7, and the packet flow from there has id 3"
    )


def test_a_cascade_that_is_led_another_way() -> None:
    wanted = "aie.configure_cascade(%d, West, South)"
    assert found(wanted, wanted) == []
    (message,) = messages(wanted, "")
    assert message == (
        "the cascade of tile (0, 3) leads from North to South, the design says from West to South"
    )
