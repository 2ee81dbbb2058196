from softnpu.arch.ports import Bundle, EndPoint, Port
from tests.softnpu.inspect.wiring import flows

C0 = EndPoint((0, 2), Bundle.DMA, 0)


def test_a_packet_flow_to_several_ports_is_several_flows() -> None:
    design = flows("""
        aie.packet_flow(3) {
          aie.packet_source<%c, DMA : 0>
          aie.packet_dest<%d, DMA : 1>
          aie.packet_dest<%d, TileControl : 0>
        }
    """)
    found = [(f.source, f.destination, f.packet_id, f.keeps_header) for f in design.flows]
    assert found == [
        (C0, EndPoint((0, 3), Bundle.DMA, 1), 3, None),
        (C0, EndPoint((0, 3), Bundle.TileControl, 0), 3, None),
    ]


def test_a_flow_that_keeps_headers_says_so() -> None:
    (flow,) = flows("""
        aie.packet_flow(3) {
          aie.packet_source<%c, DMA : 0>
          aie.packet_dest<%d, DMA : 1>
        } {keep_pkt_header = true}
    """).flows
    assert flow.keeps_header
    assert flow.location is not None
    assert str(flow) == "packet flow 3 from tile (0, 2) DMA 0 to tile (0, 3) DMA 1"


def test_ports_that_the_design_connects_itself_are_known_with_where_they_lead() -> None:
    own = flows("""
        aie.switchbox(%c) { aie.connect<DMA : 1, DMA : 1>  aie.connect<DMA : 1, Core : 0> }
        aie.switchbox(%d) {
          %a = aie.amsel<0>(0)
          aie.masterset(DMA : 0, %a)
          aie.packet_rules(DMA : 0) { aie.rule(31, 2, %a) }
        }
    """).own
    assert own == {
        ((0, 2), Port(Bundle.DMA, 1)): {Port(Bundle.DMA, 1), Port(Bundle.Core, 0)},
        ((0, 3), Port(Bundle.DMA, 0)): frozenset(),
    }
