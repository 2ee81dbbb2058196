from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner import preflight
from runner.artifact import Argument
from runner.errors import RunnerError
from runner.preflight import EMULATOR, NPU, Launch
from softnpu.arch.address import tile_address
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.ports import STREAM_SWITCHES, Bundle
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.formats import cdo, pdi, records, txn
from softnpu.formats import xclbin as xclbins
from softnpu.formats.operations import AddressPatch, BlockWrite, MergeSync, Write
from softnpu.formats.xclbin import Xclbin
from softnpu.formats.xclbin.container import SectionKind
from softnpu.inspect.pdis import of_xclbin
from softnpu.inspect.started import unserved
from softnpu.isa import table
from softnpu.isa.assembler import assemble
from softnpu.passes import pathfinder
from softnpu.passes.pathfinder import Flow
from softnpu.passes.routing_graph import Edge
from tests.conftest import MARCH
from tests.softnpu.compiler.misrouting import compile_as_aie_opt, fan_in


def argument(name: str, direction: str, size: int) -> Argument:
    return Argument(name, direction, (size,), "int8")


def launch(march: Path, design: str = "passthrough_memtile", target: str = NPU) -> Launch:
    folder = march / design
    arguments = (argument("in", "in", 8192), argument("out", "out", 8192))
    return preflight.read(folder / "final.xclbin", folder / "insts.bin", arguments, target)


def refused(what: Launch) -> str:
    with pytest.raises(RunnerError) as failure:
        preflight.check(what)
    return str(failure.value)


def marked(image: Xclbin, isa: str) -> Xclbin:
    spec = replace(image.spec(), marks=(("core_isa", isa),))
    return xclbins.parse(xclbins.build(spec))


@pytest.mark.parametrize("target", [EMULATOR, NPU])
def test_a_sound_pair_passes_without_warnings(march: Path, target: str) -> None:
    assert preflight.check(launch(march, target=target)) == ()


def test_a_buffer_smaller_than_its_transfer_is_named_with_extent_and_size(march: Path) -> None:
    what = launch(march)
    small = replace(what, arguments=(what.arguments[0], argument("out", "out", 4096)))
    told = refused(small)
    assert "argument 4 (out), bytes 0 to 8192, the buffer has 4096" in told
    assert "tile (0,0) S2MM 0 writes" in told


def test_a_buffer_that_the_stream_uses_and_nobody_gave_is_named(march: Path) -> None:
    what = launch(march)
    assert "uses host buffer 1" in refused(replace(what, arguments=what.arguments[:1]))


def test_a_sixth_buffer_is_refused(march: Path) -> None:
    what = launch(march)
    more = (*what.arguments, *(argument(f"more{n}", "in", 4) for n in range(4)))
    assert "6 host buffers were given, the xclbin's kernel takes 5" in refused(
        replace(what, arguments=more)
    )


def with_buffers(what: Launch, count: int) -> Launch:
    """The launch with a kernel of so many buffers, which are given."""
    kernel = xclbins.default_kernel(buffers=count)
    image = xclbins.parse(xclbins.build(replace(what.xclbin.spec(), kernels=(kernel,))))
    more = tuple(argument(f"more{n}", "in", 4096) for n in range(2, count))
    return replace(what, xclbin=image, arguments=(*what.arguments, *more))


def test_a_kernel_with_more_arguments_takes_more_buffers(march: Path) -> None:
    preflight.check(with_buffers(launch(march), 8))
    told = refused(replace(launch(march), arguments=with_buffers(launch(march), 8).arguments))
    assert "8 host buffers were given, the xclbin's kernel takes 5" in told


def test_a_sixth_buffer_whose_address_nobody_translates_is_refused(march: Path) -> None:
    what = with_buffers(launch(march), 6)
    patches = {
        offset: AddressPatch(tile_address(0, 0, 0x1D024), 5, offset) for offset in (8, 0x80000008)
    }
    streams = {
        offset: replace(what.stream, operations=(*what.stream.operations, patch))
        for offset, patch in patches.items()
    }
    preflight.check(replace(what, stream=streams[0x80000008]))
    told = refused(replace(what, stream=streams[8]))
    assert "does not translate the address of argument 8 (more5)" in told
    assert "its transfers would go elsewhere" in told


def test_stand_in_cores_are_refused_on_the_npu_with_both_ways_out(march: Path) -> None:
    what = launch(march, "passthrough_core")
    told = refused(replace(what, xclbin=marked(what.xclbin, "rv32")))
    assert "npuforge test_emu" in told and "Peano" in told


def test_cores_without_a_mark_hold_aie2_code_and_run_on_the_emulator(march: Path) -> None:
    preflight.check(launch(march, "passthrough_core", EMULATOR))


def test_aie2p_instructions_that_are_not_executed_are_named_unless_the_caller_knows_better(
    march: Path,
) -> None:
    what = launch(march, "passthrough_core", EMULATOR)
    what = replace(what, stream=replace(what.stream, devgen=4))
    assert "AIE2P" not in "".join(preflight.check(what))
    second = replace(what, xclbin=with_core(what.xclbin, "vldb.fill.512 [p0, lf0, r24]\ndone"))
    told = refused(second)
    assert (
        "that the emulator does not execute: vldb.fill.512;" in told and "--core-isa rv32" in told
    )
    assert "AIE2P" not in "".join(preflight.check(replace(second, core_isa="rv32")))


def with_core(image: Xclbin, source: str) -> Xclbin:
    """The xclbin with AIE2P code in core (0,2) alone."""
    code = bytes(assemble(source, table.load(table.AIE2P)).sections[".text"].data)
    code += bytes(-len(code) % 4)
    program = BlockWrite(tile_address(0, 2, TILE_FACTS[TileKind.CORE].program_base), code)
    spec = image.spec()
    (one,) = spec.partition.pdis
    configuration = (*cdo.operations(pdi.parse(one.image).cdo()), program)
    written = pdi.from_cdos([cdo.build(cdo.from_operations(configuration))])
    partition = replace(spec.partition, pdis=(replace(one, image=written),))
    return xclbins.parse(xclbins.build(replace(spec, partition=partition)))


def test_aie_code_of_the_other_generation_is_refused(march: Path) -> None:
    what = replace(launch(march, "passthrough_core"), core_isa="aie2p")
    assert "hold aie2p code, npu1 executes aie2" in refused(what)


def test_a_stream_for_another_device_than_the_manifests_is_refused(march: Path) -> None:
    what = launch(march)
    other = replace(what, device="npu2_1col")
    assert "built for npu2_1col, the instruction stream is for npu1" in refused(other)


def test_a_stream_for_more_columns_than_the_partition_has_is_refused(march: Path) -> None:
    what = launch(march)
    wide = replace(what, stream=replace(what.stream, columns=2))
    assert "made for 2 columns, the xclbin's partition has 1" in refused(wide)


def test_a_partition_that_the_streams_generation_does_not_have_is_refused(march: Path) -> None:
    what = launch(march)
    spec = what.xclbin.spec()
    eight = replace(spec, partition=replace(spec.partition, columns=8, start_columns=(0,)))
    image = xclbins.parse(xclbins.build(eight))
    assert "npu1, which has no 8 columns" in refused(replace(what, xclbin=image))


def with_operations(what: Launch, *operations: object) -> Launch:
    stream = replace(what.stream, operations=(*what.stream.operations, *operations))
    return replace(what, stream=stream)  # type: ignore[arg-type]


def test_a_tile_outside_the_partition_is_named_with_the_operation(march: Path) -> None:
    what = with_operations(launch(march), Write(tile_address(3, 2, 0x32000), 1))
    assert "touches tile (3,2), the partition has 1 columns" in refused(what)
    what = with_operations(launch(march), MergeSync(tokens=2, columns=2))
    assert "touches tile (1,0), the partition has 1 columns" in refused(what)


def test_mistakes_that_are_alike_are_told_once_with_their_number(march: Path) -> None:
    writes = (Write(tile_address(column, 2, 0x32000), 1) for column in range(1, 31))
    told = refused(with_operations(launch(march), *writes))
    assert told.count("touches tile") == 1
    assert told.endswith("\n  … and 29 more like it")


def test_a_transfer_that_starts_within_a_word_is_refused(march: Path) -> None:
    patch = AddressPatch(tile_address(0, 0, 0x1D024), 0, 6)
    told = refused(with_operations(launch(march), patch))
    assert "starts a transfer at byte 6 of argument 3 (in)" in told


def test_an_argument_that_is_connected_to_no_memory_is_refused(march: Path) -> None:
    what = launch(march)
    spec = what.xclbin.spec()
    kernel = spec.kernels[0]
    changed = list(kernel.arguments)
    changed[4] = replace(changed[4], memory=None)
    loose = replace(spec, kernels=(replace(kernel, arguments=tuple(changed)),))
    image = xclbins.parse(xclbins.build(loose))
    assert "argument 4 (bo1) of the xclbin's kernel is connected to no memory" in refused(
        replace(what, xclbin=image)
    )


def test_a_missing_section_is_told_in_xrts_words(march: Path) -> None:
    what = launch(march)
    kept = tuple(
        s for s in what.xclbin.container.sections if s.kind != SectionKind.EMBEDDED_METADATA
    )
    image = Xclbin(replace(what.xclbin.container, sections=kept))
    told = refused(replace(what, xclbin=image))
    assert told.count("No valid DPU kernel found in xclbin") == 1


def test_several_mistakes_are_told_at_once(march: Path) -> None:
    what = replace(launch(march), device="npu2", arguments=(argument("in", "in", 4),))
    told = refused(what)
    assert "built for npu2" in told and "uses host buffer 1" in told and "has 4" in told


def test_a_file_that_is_not_what_its_name_says_is_refused(march: Path, tmp_path: Path) -> None:
    pointer = tmp_path / "final.xclbin"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
    insts = march / "passthrough_memtile" / "insts.bin"
    with pytest.raises(RunnerError, match=r"final\.xclbin: .*git-LFS pointer"):
        preflight.read(pointer, insts, (), NPU)


def test_instructions_that_an_older_tool_wrote_as_text_are_loaded_as_words(
    march: Path, tmp_path: Path
) -> None:
    folder = march / "passthrough_memtile"
    data = (folder / "insts.bin").read_bytes()
    words = [data[i : i + 4][::-1].hex() for i in range(0, len(data), 4)]
    text = tmp_path / "insts.txt"
    text.write_text("\n".join(words))
    assert preflight.read(folder / "final.xclbin", text, (), NPU).insts == data


def start(direction: Direction, channel: int, bd: int = 0) -> Write:
    queue = DMA_ENGINES[TileKind.SHIM].queue_address(direction, channel)
    return Write(tile_address(0, 0, queue), bd)


@pytest.mark.parametrize(
    ("started", "why"),
    [
        (start(Direction.S2MM, 1), "S2MM 1, and no stream of the array leads there"),
        (start(Direction.MM2S, 1), "MM2S 1, and what it sends arrives nowhere (the shim's mux"),
    ],
)
def test_a_stream_that_starts_a_channel_without_a_route_is_refused(
    march: Path, started: Write, why: str
) -> None:
    """As the instructions of a matrix multiplication of another size would."""
    told = refused(with_operations(launch(march), started))
    assert f"the instruction stream starts tile (0,0) {why}" in told
    assert "built together" in told


def test_a_stream_that_sends_packets_which_no_rule_takes_is_refused(march: Path) -> None:
    what = launch(march, "packet_routes")
    sent = [with_packet_id(one, 30) for one in what.stream.operations]
    told = refused(replace(what, stream=replace(what.stream, operations=tuple(sent))))
    assert "starts tile (0,0) MM2S 0, and what it sends arrives nowhere (tile (0, 0), South" in told
    assert "no rule takes packets with id 30" in told


def with_packet_id(one: object, id: int) -> object:
    """A shim descriptor that sends packets sends them with another id."""
    bd = DMA_ENGINES[TileKind.SHIM].bd
    if not isinstance(one, BlockWrite) or len(one.data) != 4 * bd.words:
        return one
    fields = bd.unpack(records.words(one.data))
    if fields["enable_packet"]:
        fields["packet_id"] = id
    return replace(one, data=b"".join(w.to_bytes(4, "little") for w in bd.pack(fields)))


def shared_in_march(self: object, edge: Edge, flow: Flow) -> bool:
    """When aie-opt of March 2026 let packet flows share a channel: whatever their ids."""
    return pathfinder._group_on(edge) in (-1, flow.group)


def test_what_comes_twice_to_one_place_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pathfinder.Pathfinder, "_may_share", shared_in_march)
    compile_as_aie_opt(fan_in([1] * 5), tmp_path, monkeypatch)
    arguments = (argument("in", "in", 160), argument("out", "out", 160))
    pair = (tmp_path / "final.xclbin", tmp_path / "insts.bin")
    told = preflight.check(preflight.read(*pair, arguments, NPU))
    assert told
    assert all("sends comes to (0,2) S2MM 0 twice: the switches" in line for line in told)


def test_where_control_packets_are_sent_any_channel_may_come_to_be_served(march: Path) -> None:
    started = (start(Direction.MM2S, 0), start(Direction.S2MM, 1))
    (pdi,) = of_xclbin(launch(march).xclbin, started).shown
    assert [str(one) for one in unserved(pdi)] == ["tile (0,0) S2MM 1"]
    switch = STREAM_SWITCHES[TileKind.MEMORY]
    register = tile_address(0, 1, switch.master_register(Bundle.TileControl, 0))
    to_control = Write(register, 1 << 31 | switch.slave_index(Bundle.South, 4))
    assert unserved(replace(pdi, sequence=(to_control, *started))) == []


def test_tasks_that_may_overfill_a_queue_are_a_warning(march: Path) -> None:
    shim = DMA_ENGINES[TileKind.SHIM]
    queue = shim.queue_address(Direction.MM2S, 0)
    pushes = [Write(tile_address(0, 0, queue), 0)] * 5
    what = with_operations(launch(march), *pushes)
    warning, *_ = preflight.check(what)
    assert "queue of tile (0,0) MM2S 0, which holds 4" in warning


def test_an_output_that_no_transfer_writes_is_a_warning(march: Path) -> None:
    what = launch(march)
    more = replace(what, arguments=(*what.arguments, argument("sum", "out", 4)))
    (warning,) = preflight.check(more)
    assert warning.startswith("argument 5 (sum) is an output, and no transfer")


def test_of_transfers_whose_buffer_the_stream_does_not_name_nothing_is_said(march: Path) -> None:
    what = launch(march)
    kept = tuple(o for o in what.stream.operations if not isinstance(o, AddressPatch))
    assert preflight.check(replace(what, stream=replace(what.stream, operations=kept))) == ()
    idle = tuple(o for o in kept if not isinstance(o, Write))
    told = preflight.check(replace(what, stream=replace(what.stream, operations=idle)))
    assert any("argument 4 (out) is an output, and no transfer" in line for line in told)


def test_every_golden_pair_passes(march: Path) -> None:
    sizes = {"passthrough_core": 4096}
    for folder in sorted(march.glob("*/insts.bin")):
        stream = txn.parse(folder.read_bytes())
        used = {o.argument for o in stream.operations if isinstance(o, AddressPatch)}
        count = max(used, default=-1) + 1
        arguments = [
            argument(f"a{n}", "inout", sizes.get(folder.parent.name, 1 << 20)) for n in range(count)
        ]
        pair = preflight.read(folder.with_name("final.xclbin"), folder, arguments, NPU)
        preflight.check(pair)


@settings(deadline=None)
@given(
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_files_are_refused_in_words_or_pass(
    in_xclbin: bool, damage: list[tuple[float, int]]
) -> None:
    folder = MARCH / "passthrough_memtile"
    names = ("final.xclbin", "insts.bin")
    files = {name: bytearray((folder / name).read_bytes()) for name in names}
    damaged = files[names[0] if in_xclbin else names[1]]
    for where, value in damage:
        damaged[int(where * len(damaged))] = value
    with TemporaryDirectory() as place, suppress(RunnerError):
        for name, data in files.items():
            (Path(place) / name).write_bytes(data)
        arguments = (argument("in", "in", 8192), argument("out", "out", 8192))
        xclbin, insts = (Path(place) / name for name in names)
        preflight.check(preflight.read(xclbin, insts, arguments, NPU))
