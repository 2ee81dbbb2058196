"""`aie-insert-trace-flows`: ids, ways and buffers of traces."""

from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.insert_trace_flows import InsertTraceFlowsPass
from tests.softnpu.passes.conftest import Lower

CORE = "%k = aie.core(%u) { aie.end }"


def trace(
    name: str, tile: str, packet: str = "", *, stop: str = "aie.trace.stop broadcast=14"
) -> str:
    return f"""aie.trace @{name}(%{tile}) {{
      {packet}
      aie.trace.event<"DMA_S2MM_0_START_TASK">
      aie.trace.start broadcast=15
      {stop}
    }}"""


def design(
    *body: str, config: str = "{buffer_size = 8192 : i32}", arguments: str = "%x: memref<64xi32>"
) -> str:
    text = "\n".join(body)
    starts = "\n".join(f"aie.trace.start_config @{name}" for name in re.findall(r"@(\w+)\(%", text))
    host = f"aie.trace.host_config {config}" if config else ""
    return f"""aie.device(npu2) {{
      %s = aie.tile(1, 0)
      %m = aie.tile(1, 1)
      %u = aie.tile(1, 2)
      %v = aie.tile(2, 3)
      {text}
      aie.runtime_sequence @sequence({arguments}) {{
        {host}
        {starts}
      }}
    }}"""


CORE_TRACE = trace("core", "u", "aie.trace.packet type=core")
MEM_TRACE = trace("mem", "u", "aie.trace.packet type=mem")
MEMTILE_TRACE = trace("memtile", "m")
OTHER_TRACE = trace("other", "v", "aie.trace.packet type=core")
COLUMN_1 = "{buffer_size = 8192 : i32, egress_shim_col = 1 : i32}"


def flows(text: str) -> list[tuple[int, str, str]]:
    """(id, source, destination) of each packet flow."""
    found = re.findall(
        r"packet_flow\((\d+)\) \{\s*aie.packet_source<(.*?)>\s*aie.packet_dest<(.*?)>", text
    )
    return [(int(id), _place(source), _place(dest)) for id, source, dest in found]


def _place(port: str) -> str:
    return re.sub(r"%.*?tile_(\d+)_(\d+), ", r"(\1, \2) ", port)


def patches(text: str) -> list[tuple[int, int]]:
    """(argument, first byte in it) of each descriptor's address."""
    patch = r"address_patch\(%c(\d+)_i32\S* : i32\) \{addr = \d+ : ui32, arg_idx = (\d+)"
    return [(int(argument), int(offset)) for offset, argument in re.findall(patch, text)]


def test_free_ids_go_column_by_column_around_those_that_are_chosen(lower: Lower) -> None:
    text = lower(
        design(OTHER_TRACE, MEMTILE_TRACE, trace("core", "u", "aie.trace.packet id=1 type=core")),
        InsertTraceFlowsPass(),
    )
    assert [(id, source) for id, source, _ in flows(text)] == [
        (3, "(2, 3) Trace : 0"),
        (2, "(1, 1) Trace : 0"),
        (1, "(1, 2) Trace : 0"),
    ]
    # A trace without a packet has the type of its tile.
    assert "aie.trace.packet id = 2 type = memtile" in text


def test_a_cores_memory_has_a_trace_port_of_its_own(lower: Lower) -> None:
    text = lower(design(CORE_TRACE, MEM_TRACE), InsertTraceFlowsPass())
    assert [source for _, source, _ in flows(text)] == [
        "(1, 2) Trace : 0",
        "(1, 2) Trace : 1",
    ]
    assert text.count("keep_pkt_header = true") == 2


def test_the_trace_buffer_is_the_last_argument(lower: Lower) -> None:
    text = lower(design(CORE_TRACE), InsertTraceFlowsPass())
    assert "memref<64xi32>, %arg1: memref<8192xi8>" in text
    assert "buffer_length = 2048 " in text
    assert patches(text) == [(1, 0)]
    assert "host_config" not in text


def test_a_trace_behind_the_output_begins_where_that_ends(lower: Lower) -> None:
    config = "{buffer_size = 8192 : i32, reuse_output_buffer = true}"
    text = lower(design(CORE_TRACE, config=config), InsertTraceFlowsPass())
    assert "memref<8192xi8>" not in text
    assert patches(text) == [(0, 256)]


@pytest.mark.parametrize(("taken", "channel"), [((), 1), ((1,), 0), ((0,), 1)])
def test_the_channel_that_is_free_takes_the_traces(
    taken: tuple[int, ...], channel: int, lower: Lower
) -> None:
    used = [f"aie.flow(%u, DMA : {n}, %s, DMA : {n})" for n in taken]
    text = lower(design(CORE_TRACE, *used, config=COLUMN_1), InsertTraceFlowsPass())
    assert [dest for *_, dest in flows(text)] == [f"(1, 0) DMA : {channel}"]


def test_without_a_free_channel_there_is_no_trace_unless_another_column_may_take_it(
    lower: Lower,
) -> None:
    used = [f"aie.flow(%u, DMA : {n}, %s, DMA : {n})" for n in (0, 1)]
    text = design(CORE, CORE_TRACE, *used, config=COLUMN_1)
    with pytest.raises(DesignError, match=r"both S2MM channels of shim tile \(1, 0\)"):
        lower(text, InsertTraceFlowsPass())
    lateral = lower(text, InsertTraceFlowsPass(lateral_routing=True))
    assert [dest for *_, dest in flows(lateral)] == ["(0, 0) DMA : 1"]
    chosen = InsertTraceFlowsPass(lateral_routing=True, lateral_target_col=5)
    assert [dest for *_, dest in flows(lower(text, chosen))] == ["(5, 0) DMA : 1"]


def test_two_channels_share_the_traces_and_the_buffer(lower: Lower) -> None:
    text = lower(
        design(CORE_TRACE, MEM_TRACE, config=COLUMN_1),
        InsertTraceFlowsPass(distribute_channels=True),
    )
    assert [dest for *_, dest in flows(text)] == ["(1, 0) DMA : 1", "(1, 0) DMA : 0"]
    assert re.findall(r"bd_id = (\d+) : i32, buffer_length", text) == ["15", "14"]
    assert patches(text) == [(1, 0), (1, 8192)]


def test_the_shim_that_broadcasts_listens_to_itself(lower: Lower) -> None:
    """No tile hears its own broadcast."""
    text = lower(design(trace("shim", "s"), CORE_TRACE, config=COLUMN_1), InsertTraceFlowsPass())
    shim, core = (
        text[text.index(f"aie.trace @{name}(") :].split("}")[0] for name in ("shim", "core")
    )
    assert 'aie.trace.start event = <"USER_EVENT_1">' in shim
    assert 'aie.trace.stop event = <"USER_EVENT_0">' in shim
    assert "aie.trace.start broadcast = 15" in core


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (design(CORE_TRACE, config=""), "gives no buffer for it"),
        (design(CORE_TRACE, trace("twin", "u")), "'Core' of tile (1, 2) is used twice"),
        (design(trace("core", "u", stop="")), "never stops: it has no aie.trace.stop"),
        (
            design(
                trace("core", "u", "aie.trace.packet id=4 type=core"),
                trace("memtile", "m", "aie.trace.packet id=4 type=memtile"),
            ),
            "trace packet id 4 is taken by another trace",
        ),
        (
            design(CORE_TRACE, config="{buffer_size = 8192 : i32, egress_shim_col = 9 : i32}"),
            "egress_shim_col = 9: npu2 has columns 0 to 7",
        ),
        (
            design(
                CORE_TRACE,
                config="{buffer_size = 8192 : i32, reuse_output_buffer = true}",
                arguments="",
            ),
            "reuse_output_buffer needs a sequence with an argument",
        ),
    ],
)
def test_what_cannot_be_traced_is_told(text: str, why: str, lower: Lower) -> None:
    with pytest.raises(DesignError, match=re.escape(why)):
        lower(text, InsertTraceFlowsPass())


def test_ids_that_run_out_are_told(lower: Lower) -> None:
    text = design(CORE_TRACE, MEM_TRACE, MEMTILE_TRACE)
    with pytest.raises(DesignError, match="3 traces need packet ids from 30 on; ids end at 31"):
        lower(text, InsertTraceFlowsPass(packet_id_start=30))
