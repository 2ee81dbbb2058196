"""Designs that mlir-aie's router would misroute: they are told, and routed rightly."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import pipelines, routing
from softnpu.compiler.design_flows import of_device
from softnpu.dialects.text import parse_file, parse_text, print_module, verify
from softnpu.errors import DesignError
from softnpu.inspect.array import of_operations
from softnpu.inspect.route_check import differences, jams
from softnpu.passes import exact_pathfinder
from softnpu.passes.pathfinder import LATE_ITERATION, Pathfinder
from softnpu.passes.route_flows import find_routes
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.targets.cdo_streams import switches
from tests.conftest import DESIGNS
from tests.softnpu.compiler.random_flows import Flows, Run

TRACE = """
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 2)
    aie.flow(%a, Trace : 0, %b, DMA : 0)
"""
SAME_TILE = """
    %mem = aie.tile(0, 1)
    aie.flow(%mem, DMA : 0, %mem, DMA : 2)
"""
SHIM_TO_ITSELF = """
    %s = aie.tile(0, 0)
    aie.flow(%s, DMA : 0, %s, DMA : 1)
"""
SHIM_TRACE = """
    %s = aie.tile(0, 0)
    %c = aie.tile(1, 2)
    aie.flow(%s, Trace : 0, %c, DMA : 0)
"""
FAN_IN = "%c = aie.tile(0, 2)\n" + "".join(
    f"""
    %s{n} = aie.tile({n}, 0)
    aie.packet_flow(1) {{ aie.packet_source<%s{n}, DMA : 0> aie.packet_dest<%c, DMA : 0> }}
"""
    for n in range(5)
)
TWO_ARBITERS = """
    %m = aie.tile(0, 1)
    aie.packet_flow(1) { aie.packet_source<%m, DMA : 0> aie.packet_dest<%m, DMA : 0> }
    aie.packet_flow(2) { aie.packet_source<%m, DMA : 1> aie.packet_dest<%m, DMA : 1> }
    aie.packet_flow(3) {
      aie.packet_source<%m, DMA : 2>
      aie.packet_dest<%m, DMA : 0>
      aie.packet_dest<%m, DMA : 1>
    }
"""
OWN_SWITCH = """
    %shim = aie.tile(0, 0)
    %memory = aie.tile(0, 1)
    %switchbox = aie.switchbox(%memory) { aie.connect<South : 3, DMA : 0> }
    aie.flow(%shim, DMA : 0, %memory, DMA : 1)
"""
MASKED = """
    %shim = aie.tile(0, 0)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.packet_flow(0) { aie.packet_source<%shim, DMA : 0> aie.packet_dest<%a, DMA : 0> }
    aie.packet_flow(1) { aie.packet_source<%shim, DMA : 0> aie.packet_dest<%b, DMA : 0> }
    aie.packet_flow(3) { aie.packet_source<%shim, DMA : 0> aie.packet_dest<%a, DMA : 0> }
"""
TOO_ALIKE = "%c = aie.tile(0, 5)\n" + "".join(
    f"""
    %t{at} = aie.tile({column}, {row})
    aie.packet_flow(1) {{ aie.packet_source<%t{at}, DMA : 0> aie.packet_dest<%c, DMA : 0> }}
    aie.packet_flow(1) {{ aie.packet_source<%t{at}, DMA : 1> aie.packet_dest<%c, DMA : 0> }}
"""
    for column, row in ((0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (1, 5))
    for at in [f"{column}{row}"]
)
"""Packets with one id share no wire in aie-opt, and ten lead to that tile."""
TOLD = {
    "trace": (TRACE, "misroute this design: the flow from tile (0, 2) Trace 0 to tile (1, 2)"),
    "tile": (SAME_TILE, "misroute this design: the flow from tile (0, 1) DMA 0 to tile (0, 1)"),
    "shim": (SHIM_TO_ITSELF, "refuse this design: the switch of tile (0, 0)"),
    "shim trace": (SHIM_TRACE, "refuse this design: only connections between the shim's DMA"),
    "arbiters": (TWO_ARBITERS, "packet flow 3 from tile (0, 1) DMA 2 to tile (0, 1) DMA 1 never"),
    "ids": (TOO_ALIKE, "refuse this design: the flows cannot be routed: 12 streams have to enter"),
    "own switch": (OWN_SWITCH, "arrives at tile (0, 1) DMA 0 as well"),
}
MENDED = {"fan-in": FAN_IN, "rules": MASKED}
"""What aie-opt of March 2026 misrouted or refused."""


def module(body: str) -> ModuleOp:
    return parse_text(f"module {{\n  aie.device(npu2) {{{body}  }}\n}}\n", "design.mlir")


@pytest.mark.parametrize("seed", range(16))
def test_random_flows_arrive_where_they_say_and_nowhere_else(seed: int) -> None:
    flows = Flows(seed)
    run = Run(routing.route(flows.module()), flows)
    assert run.expected
    for end in run.expected:
        assert run.arrived(end) == run.expected[end], end
    assert not run.left_over()


@pytest.mark.parametrize("design", TOLD)
def test_what_amds_router_would_do_wrong_is_told_and_not_done(
    design: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, message = TOLD[design]
    flows = of_device(devices(module(body))[0])
    (routed,) = devices(routing.route(module(body)))
    array = of_operations(switches(routed, model_of(routed)))
    assert differences(flows, array) == []
    assert message in caplog.text
    assert "design.mlir:" in caplog.text
    assert "npuforge has routed it otherwise" in caplog.text


def test_a_design_that_is_routed_otherwise_keeps_its_dma_programs() -> None:
    programs = """
    %buffer = aie.buffer(%mem) {address = 0 : i32} : memref<8xi32>
    %dma = aie.memtile_dma(%mem) {
      %start = aie.dma_start(MM2S, 5, ^bd, ^end)
    ^bd:
      aie.dma_bd(%buffer : memref<8xi32>) {bd_id = 24 : i32}
      aie.next_bd ^end
    ^end:
      aie.end
    }
"""
    routed = routing.route(module(SAME_TILE + programs))
    verify(routed)
    assert "aie.next_bd" in print_module(routed)


def test_a_design_that_is_routed_otherwise_keeps_its_sequence() -> None:
    sequence = """
    aie.runtime_sequence(%x: memref<64xi32>) {
      %task = aiex.dma_configure_task(%s, MM2S, 0) {
        aie.dma_bd(%x : memref<64xi32> offset = 0 len = 64) {bd_id = 0 : i32}
        aie.end
      }
      aiex.dma_start_task(%task)
    }
"""
    misrouted = next(body for body, _ in TOLD.values() if "%s = aie.tile(0, 0)" in body)
    routed = routing.route(module(misrouted + sequence))
    verify(routed)
    assert "aiex.dma_configure_task(%shim_noc_tile_0_0, MM2S, 0)" in print_module(routed)


@pytest.mark.parametrize("design", MENDED)
def test_what_amds_router_has_learnt_since_is_routed_as_it_does(
    design: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = MENDED[design]
    flows = of_device(devices(module(body))[0])
    (routed,) = devices(routing.route(module(body)))
    array = of_operations(switches(routed, model_of(routed)))
    assert differences(flows, array) == []
    assert not caplog.text


@pytest.mark.parametrize("design", DESIGNS)
def test_where_amds_router_is_right_its_routes_are_kept(
    golden: Path, design: str, caplog: pytest.LogCaptureFixture
) -> None:
    placed = parse_file(golden / design / "input_with_addresses.mlir")
    routed = print_module(routing.route(placed))
    assert routed == (golden / design / "input_physical.mlir").read_text()
    assert not caplog.text


def test_a_design_that_cannot_be_routed_rightly_is_refused_with_what_aie_opt_would_do() -> None:
    """A trace leaves its tile by the FIFO or to the south, and the design has taken both."""
    south = " ".join(f"aie.connect<DMA : 1, South : {channel}>" for channel in range(4))
    taken = f"aie.switchbox(%a) {{ aie.connect<Core : 0, FIFO : 0> {south} }}"
    with pytest.raises(DesignError) as refused:
        routing.route(module(f"{TRACE} {taken}"))
    assert refused.value.message == "there is no way from tile (0, 2) Trace 0 to tile (1, 2) DMA 0"
    assert refused.value.location is not None
    assert refused.value.notes[1:] == (
        "AMD's router (aie-opt) would misroute it: the flow from tile (0, 2) Trace 0 to tile "
        "(1, 2) DMA 0 never arrives",
        "it arrives at tile (0, 2) DMA 0 instead",
        "tile (0, 2) DMA 0 leads to tile (1, 2) DMA 0, and no flow says so",
    )


CIRCUIT = "aie.flow(%a, DMA : 0, %b, DMA : 0)"


@pytest.mark.parametrize(
    ("other", "port"),
    [
        ("aie.flow(%a, DMA : 1, %b, DMA : 0)", "tile (0, 3) DMA 0"),
        (
            "aie.packet_flow(3) { aie.packet_source<%a, DMA : 1> aie.packet_dest<%b, DMA : 0> }",
            "tile (0, 3) DMA 0",
        ),
        (
            "aie.packet_flow(3) { aie.packet_source<%a, DMA : 0> aie.packet_dest<%b, DMA : 1> }",
            "tile (0, 2) DMA 0",
        ),
    ],
    ids=["two circuits", "packets to a circuit's end", "packets from its start"],
)
def test_a_port_that_cannot_serve_two_flows_is_told_with_both(other: str, port: str) -> None:
    ops = ["%a = aie.tile(0, 2)", "%b = aie.tile(0, 3)", CIRCUIT, other]
    with pytest.raises(DesignError) as refused:
        routing.route(module("\n".join(ops)))
    error = refused.value
    assert f"share {port}, where a circuit lets nothing else in" in error.message
    assert error.location is not None
    assert (error.location.line, error.notes[0]) == (5, "the other one is at design.mlir:4:1")


def test_a_circuit_may_lead_to_several_ports() -> None:
    more = "aie.flow(%a, DMA : 0, %b, DMA : 1)"
    routing.route(module("\n".join(["%a = aie.tile(0, 2)", "%b = aie.tile(0, 3)", CIRCUIT, more])))


def test_a_finished_array_that_does_something_else_is_refused_at_the_flow() -> None:
    (routed,) = devices(module(TRACE))
    flows = of_device(routed)
    wrong = module(TRACE)
    pipelines.run(pipelines.routing(), wrong)
    (device_op,) = devices(wrong)
    with pytest.raises(DesignError) as refused:
        routing.check(flows, of_operations(switches(device_op, model_of(device_op))))
    assert str(refused.value).splitlines() == [
        "design.mlir:5:5: error: the flow from tile (0, 2) Trace 0 to tile (1, 2) DMA 0 never "
        "arrives",
        "  note: it arrives at tile (0, 2) DMA 0 instead",
        "  note: tile (0, 2) DMA 0 leads to tile (1, 2) DMA 0, and no flow says so",
    ]


FULL_OF_TURNS = """
    %a = aie.tile(0, 1)
    %b = aie.tile(1, 3)
    %c = aie.tile(0, 3)
    %d = aie.tile(1, 1)
    aie.packet_flow(1) { aie.packet_source<%a, DMA : 0> aie.packet_dest<%a, DMA : 0> }
    aie.packet_flow(2) { aie.packet_source<%b, DMA : 0> aie.packet_dest<%a, DMA : 0> }
    aie.packet_flow(3) {
      aie.packet_source<%c, DMA : 0>
      aie.packet_dest<%a, DMA : 0>
      aie.packet_dest<%d, DMA : 0>
    }
"""
"""aie-opt leads 3 by the switch of (1, 3) and 2 by that of (0, 2), each by the way of the other."""
TO_THE_SAME_TWO = """
    %a = aie.tile(0, 1)
    %b = aie.tile(0, 2)
    %c = aie.tile(0, 3)
    aie.packet_flow(1) {
      aie.packet_source<%a, DMA : 0>
      aie.packet_dest<%a, DMA : 0>
      aie.packet_dest<%c, DMA : 0>
    }
    aie.packet_flow(2) {
      aie.packet_source<%b, DMA : 0>
      aie.packet_dest<%a, DMA : 0>
      aie.packet_dest<%c, DMA : 0>
    }
"""


def test_packets_that_could_wait_for_each_other_are_led_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = module(FULL_OF_TURNS)
    wanted = of_device(devices(asked)[0])
    (routed,) = devices(routing.route(asked))
    array = of_operations(switches(routed, model_of(routed)))
    assert differences(wanted, array) == []
    assert jams(wanted, array) == []
    assert "as AMD's router (aie-opt) would route this design, packets can wait" in caplog.text
    routing.check(wanted, array)
    assert caplog.text.count("warning:") == 1


def test_packets_that_meet_at_two_ends_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    asked = module(TO_THE_SAME_TWO)
    wanted = of_device(devices(asked)[0])
    (routed,) = devices(routing.route(asked))
    routing.check(wanted, of_operations(switches(routed, model_of(routed))))
    assert "design.mlir:6:5: warning: packets can wait for each other for ever" in caplog.text


def test_flows_without_routes_are_given_up_when_the_exact_router_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rounds: list[Pathfinder] = []

    def too_much(finder: Pathfinder) -> int:
        rounds.append(finder)
        next(iter(finder._touched)).used = 2
        return 1

    monkeypatch.setattr(Pathfinder, "_count_overused", too_much)
    with pytest.raises(DesignError, match="cannot be routed: after many attempts"):
        routing.route(parse_text(f"aie.device(npu1) {{ {TRACE} }}", "design.mlir"))
    assert len(set(rounds)) == 2  # mlir-aie's way and the exact one, each tried once
    assert len(rounds) == LATE_ITERATION + 1 + exact_pathfinder.MAX_ITERATIONS


def test_where_switches_are_crowded_the_exact_router_needs_few_rounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rounds: list[Pathfinder] = []
    start = Pathfinder._start_round
    monkeypatch.setattr(Pathfinder, "_start_round", lambda f: (rounds.append(f), start(f)))
    flows = Flows(1022)
    flows.crowd(4, 16)
    (design,) = devices(flows.module())
    assert find_routes(design, exact=True).routes
    assert len(rounds) < 60
