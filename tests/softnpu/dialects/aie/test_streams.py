"""Streams: spelling and accessors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.aie import ConnectOp, FlowOp, PacketFlowOp, PacketSourceOp, WireBundle

Lines = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (
            'aie.flow(%shim, "DMA" : 0, %core, "DMA" : 1)',
            ["aie.flow(%shim_noc_tile_0_0, DMA : 0, %tile_0_2, DMA : 1)"],
        ),
        (
            "%s = aie.switchbox(%core) { aie.connect<South : 1, DMA : 0> }",
            [
                "%switchbox_0_2 = aie.switchbox(%tile_0_2) {",
                "  aie.connect<South : 1, DMA : 0>",
                "}",
            ],
        ),
        (
            """%s = aie.switchbox(%core) {
                 %a = aie.amsel<0>(1)
                 %m = aie.masterset(DMA : 0, %a) {keep_pkt_header = true}
                 aie.packet_rules(South : 0) { aie.rule(31, 2, %a) }
               }""",
            [
                "%switchbox_0_2 = aie.switchbox(%tile_0_2) {",
                "  %0 = aie.amsel<0> (1)",
                "  %1 = aie.masterset(DMA : 0, %0) {keep_pkt_header = true}",
                "  aie.packet_rules(South : 0) {",
                "    aie.rule(31, 2, %0)",
                "  }",
                "}",
            ],
        ),
        (
            "aie.packet_flow(0x10) { aie.packet_source<%shim, DMA : 0> "
            "aie.packet_dest<%core, DMA : 0> } {keep_pkt_header = true}",
            [
                "aie.packet_flow(16) {",
                "  aie.packet_source<%shim_noc_tile_0_0, DMA : 0>",
                "  aie.packet_dest<%tile_0_2, DMA : 0>",
                "} {keep_pkt_header = true}",
            ],
        ),
        (
            "%x = aie.shim_mux(%shim) { aie.connect<DMA : 0, North : 3> }",
            [
                "%shim_mux_0_0 = aie.shim_mux(%shim_noc_tile_0_0) {",
                "  aie.connect<DMA : 0, North : 3>",
                "}",
            ],
        ),
        ("aie.cascade_flow(%north, %core)", ["aie.cascade_flow(%tile_0_3, %tile_0_2)"]),
        (
            "aie.configure_cascade(%core, North, South)",
            ["aie.configure_cascade(%tile_0_2, North, South)"],
        ),
    ],
)
def test_aie_opts_spelling(written: str, printed: list[str], lines: Lines) -> None:
    assert lines(written) == printed


def test_a_core_reads_and_writes_streams(lines: Lines) -> None:
    written = """
    %c = aie.core(%core) {
      %p = arith.constant 0 : i32
      %v = aie.get_stream(%p : i32) : i32
      aie.put_stream(%p : i32, %v : i32)
      %w = aie.get_cascade() : vector<16xi32>
      aie.put_cascade(%w : vector<16xi32>)
      aie.end
    }"""
    assert lines(written)[1:6] == [
        "  %c0_i32 = arith.constant 0 : i32",
        "  %0 = aie.get_stream(%c0_i32 : i32) : i32",
        "  aie.put_stream(%c0_i32 : i32, %0 : i32)",
        "  %1 = aie.get_cascade() : vector<16xi32>",
        "  aie.put_cascade(%1 : vector<16xi32>)",
    ]


def test_ports_are_bundle_and_channel(read: Callable[[str], ModuleOp]) -> None:
    module = read(
        """aie.flow(%shim, DMA : 0, %core, DMA : 1)
           %s = aie.switchbox(%core) { aie.connect<South : 1, DMA : 0> }
           aie.packet_flow(3) { aie.packet_source<%mem, DMA : 5> aie.packet_dest<%core, DMA : 0> }
        """
    )
    by_class = {type(op): op for op in module.walk()}
    flow, connect, packets = by_class[FlowOp], by_class[ConnectOp], by_class[PacketFlowOp]
    source = by_class[PacketSourceOp]
    assert isinstance(flow, FlowOp)
    assert isinstance(connect, ConnectOp)
    assert isinstance(packets, PacketFlowOp)
    assert isinstance(source, PacketSourceOp)
    assert (flow.source_port, flow.dest_port) == ((WireBundle.DMA, 0), (WireBundle.DMA, 1))
    assert connect.source_port == (WireBundle.South, 1)
    assert packets.id == 3
    assert (source.port, source.tile_op.position) == ((WireBundle.DMA, 5), (0, 1))
