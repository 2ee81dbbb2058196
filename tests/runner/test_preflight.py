from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import preflight
from runner.artifact import Argument
from runner.errors import RunnerError
from runner.preflight import EMULATOR, NPU, Launch
from softnpu.arch.address import tile_address
from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.tiles import TileKind
from softnpu.formats import txn
from softnpu.formats import xclbin as xclbins
from softnpu.formats.operations import AddressPatch, MergeSync, Write
from softnpu.formats.xclbin import Xclbin
from softnpu.formats.xclbin.container import SectionKind
from tests.conftest import GOLDEN


def argument(name: str, direction: str, size: int) -> Argument:
    return Argument(name, direction, (size,), "int8")


def launch(golden: Path, design: str = "passthrough_memtile", target: str = NPU) -> Launch:
    folder = golden / design
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
def test_a_sound_pair_passes_without_warnings(golden: Path, target: str) -> None:
    assert preflight.check(launch(golden, target=target)) == ()


def test_a_buffer_smaller_than_its_transfer_is_named_with_extent_and_size(golden: Path) -> None:
    what = launch(golden)
    small = replace(what, arguments=(what.arguments[0], argument("out", "out", 4096)))
    told = refused(small)
    assert "argument 4 (out), bytes 0 to 8192, the buffer has 4096" in told
    assert "tile (0,0) S2MM 0 writes" in told


def test_a_buffer_that_the_stream_uses_and_nobody_gave_is_named(golden: Path) -> None:
    what = launch(golden)
    assert "uses host buffer 1" in refused(replace(what, arguments=what.arguments[:1]))


def test_a_sixth_buffer_is_refused(golden: Path) -> None:
    what = launch(golden)
    more = (*what.arguments, *(argument(f"more{n}", "in", 4) for n in range(4)))
    assert "6 host buffers were given, the xclbin's kernel takes 5" in refused(
        replace(what, arguments=more)
    )


def test_stand_in_cores_are_refused_on_the_npu_with_both_ways_out(golden: Path) -> None:
    what = launch(golden, "passthrough_core")
    told = refused(replace(what, xclbin=marked(what.xclbin, "rv32")))
    assert "doit test_emu" in told and "Peano" in told


def test_cores_without_a_mark_hold_aie_code_and_are_refused_on_the_emulator(golden: Path) -> None:
    told = refused(launch(golden, "passthrough_core", EMULATOR))
    assert "AIE code, which only an NPU executes" in told and "--core-isa rv32" in told


def test_cores_without_a_mark_run_on_the_emulator_if_the_caller_knows_them(golden: Path) -> None:
    what = replace(launch(golden, "passthrough_core", EMULATOR), core_isa="rv32")
    preflight.check(what)


def test_aie_code_of_the_other_generation_is_refused(golden: Path) -> None:
    what = replace(launch(golden, "passthrough_core"), core_isa="aie2p")
    assert "hold aie2p code, npu1 executes aie2" in refused(what)


def test_a_stream_for_another_device_than_the_manifests_is_refused(golden: Path) -> None:
    what = launch(golden)
    other = replace(what, device="npu2_1col")
    assert "built for npu2_1col, the instruction stream is for npu1" in refused(other)


def test_a_stream_for_more_columns_than_the_partition_has_is_refused(golden: Path) -> None:
    what = launch(golden)
    wide = replace(what, stream=replace(what.stream, columns=2))
    assert "made for 2 columns, the xclbin's partition has 1" in refused(wide)


def test_a_partition_that_the_streams_generation_does_not_have_is_refused(golden: Path) -> None:
    what = launch(golden)
    spec = what.xclbin.spec()
    eight = replace(spec, partition=replace(spec.partition, columns=8, start_columns=(0,)))
    image = xclbins.parse(xclbins.build(eight))
    assert "npu1, which has no 8 columns" in refused(replace(what, xclbin=image))


def with_operations(what: Launch, *operations: object) -> Launch:
    stream = replace(what.stream, operations=(*what.stream.operations, *operations))
    return replace(what, stream=stream)  # type: ignore[arg-type]


def test_a_tile_outside_the_partition_is_named_with_the_operation(golden: Path) -> None:
    what = with_operations(launch(golden), Write(tile_address(3, 2, 0x32000), 1))
    assert "touches tile (3,2), the partition has 1 columns" in refused(what)
    what = with_operations(launch(golden), MergeSync(tokens=2, columns=2))
    assert "touches tile (1,0), the partition has 1 columns" in refused(what)


def test_a_transfer_that_starts_within_a_word_is_refused(golden: Path) -> None:
    patch = AddressPatch(tile_address(0, 0, 0x1D024), 0, 6)
    told = refused(with_operations(launch(golden), patch))
    assert "starts a transfer at byte 6 of argument 3 (in)" in told


def test_an_argument_that_is_connected_to_no_memory_is_refused(golden: Path) -> None:
    what = launch(golden)
    spec = what.xclbin.spec()
    kernel = spec.kernels[0]
    changed = list(kernel.arguments)
    changed[4] = replace(changed[4], memory=None)
    loose = replace(spec, kernels=(replace(kernel, arguments=tuple(changed)),))
    image = xclbins.parse(xclbins.build(loose))
    assert "argument 4 (bo1) of the xclbin's kernel is connected to no memory" in refused(
        replace(what, xclbin=image)
    )


def test_a_missing_section_is_told_in_xrts_words(golden: Path) -> None:
    what = launch(golden)
    kept = tuple(
        s for s in what.xclbin.container.sections if s.kind != SectionKind.EMBEDDED_METADATA
    )
    image = Xclbin(replace(what.xclbin.container, sections=kept))
    told = refused(replace(what, xclbin=image))
    assert told.count("No valid DPU kernel found in xclbin") == 1


def test_several_mistakes_are_told_at_once(golden: Path) -> None:
    what = replace(launch(golden), device="npu2", arguments=(argument("in", "in", 4),))
    told = refused(what)
    assert "built for npu2" in told and "uses host buffer 1" in told and "has 4" in told


def test_a_file_that_is_not_what_its_name_says_is_refused(golden: Path, tmp_path: Path) -> None:
    pointer = tmp_path / "final.xclbin"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
    insts = golden / "passthrough_memtile" / "insts.bin"
    with pytest.raises(RunnerError, match=r"final\.xclbin: .*git-LFS pointer"):
        preflight.read(pointer, insts, (), NPU)


def test_instructions_that_an_older_tool_wrote_as_text_are_loaded_as_words(
    golden: Path, tmp_path: Path
) -> None:
    folder = golden / "passthrough_memtile"
    data = (folder / "insts.bin").read_bytes()
    words = [data[i : i + 4][::-1].hex() for i in range(0, len(data), 4)]
    text = tmp_path / "insts.txt"
    text.write_text("\n".join(words))
    assert preflight.read(folder / "final.xclbin", text, (), NPU).insts == data


def test_tasks_that_may_overfill_a_queue_are_a_warning(golden: Path) -> None:
    shim = DMA_ENGINES[TileKind.SHIM]
    queue = shim.queue_address(Direction.MM2S, 0)
    pushes = [Write(tile_address(0, 0, queue), 0)] * 5
    what = with_operations(launch(golden), *pushes)
    warning, *_ = preflight.check(what)
    assert "queue of tile (0,0) MM2S 0, which holds 4" in warning


def test_an_output_that_no_transfer_writes_is_a_warning(golden: Path) -> None:
    what = launch(golden)
    more = replace(what, arguments=(*what.arguments, argument("sum", "out", 4)))
    (warning,) = preflight.check(more)
    assert warning.startswith("argument 5 (sum) is an output, and no transfer")


def test_every_golden_pair_passes(golden: Path) -> None:
    sizes = {"passthrough_core": 4096}
    for folder in sorted(golden.glob("*/insts.bin")):
        stream = txn.parse(folder.read_bytes())
        used = {o.argument for o in stream.operations if isinstance(o, AddressPatch)}
        count = max(used, default=-1) + 1
        arguments = [
            argument(f"a{n}", "inout", sizes.get(folder.parent.name, 1 << 20)) for n in range(count)
        ]
        pair = preflight.read(folder.with_name("final.xclbin"), folder, arguments, NPU)
        preflight.check(pair)


@given(
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_files_are_refused_in_words_or_pass(
    in_xclbin: bool, damage: list[tuple[float, int]]
) -> None:
    folder = GOLDEN / "passthrough_memtile"
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
