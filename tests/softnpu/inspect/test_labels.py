from pathlib import Path

from softnpu.compiler import names as compiler_names
from softnpu.emulator.naming import names
from softnpu.formats import txn, xclbin
from softnpu.inspect.labels import CONTROL, Labels, Shared
from softnpu.inspect.pdis import of_xclbin
from softnpu.inspect.tile import Lock


def labels(march: Path, design: str, tmp_path: Path) -> Labels:
    folder = march / design
    written = tmp_path / "names.json"
    placed = folder / "input_physical.mlir"
    compiler_names.write(placed, placed, ["first", "second", "third"], written)
    sequence = txn.parse((folder / "insts.bin").read_bytes()).operations
    array = of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes()), sequence).shown[0].array
    return Labels(array, names.load(written))


def test_routes_are_called_by_their_objectfifos(march: Path, tmp_path: Path) -> None:
    found = labels(march, "distribute_join", tmp_path)
    assert {found.route(route) for route in found.array.routes} == {
        *("in", "out", CONTROL),
        *(f"{name}{n}" for name in ("in", "out") for n in range(4)),
    }


def test_without_names_a_route_is_called_by_its_ends(march: Path) -> None:
    folder = march / "passthrough_core"
    array = of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes())).shown[0].array
    found = Labels(array, names.Names())
    assert found.route(array.routes[0]) == "(0,0) MM2S 0 → (0,2) S2MM 0"


def test_a_descriptor_names_its_buffer_and_locks(march: Path, tmp_path: Path) -> None:
    found = labels(march, "broadcast_add", tmp_path)
    core = found.array.tiles[0, 2]
    text = found.descriptor(core, core.descriptors[0])
    assert "buffer shared_0_cons_buff_0" in text
    assert "lock 0 is shared_0_cons_prod_lock_0" in text
    assert "then BD 1" in text


def test_a_memory_tiles_descriptor_counts_locks_and_bytes_from_its_west_neighbour(
    march: Path, tmp_path: Path
) -> None:
    found = labels(march, "passthrough_memtile", tmp_path)
    tile = found.array.tiles[0, 1]
    assert found.buffer(tile, tile.descriptors[0]) is not None
    assert "used by BD 0" in found.lock(tile, Lock(0, 2))


def test_a_shim_channel_tells_its_tasks_and_the_arguments_they_move(
    march: Path, tmp_path: Path
) -> None:
    found = labels(march, "broadcast_add", tmp_path)
    (route,) = [r for r in found.array.routes if str(r.source) == "(0,0) MM2S 0"]
    text = found.endpoint(route.source)
    assert text.splitlines()[0] == "(0,0) MM2S 0 [shared]"
    assert "BD 0: 1 KiB (first)" in text


def test_a_lock_that_start_up_only_clears_is_not_in_use(march: Path) -> None:
    folder = march / "passthrough_core"
    array = of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes())).shown[0].array
    core = array.tiles[0, 2]
    used = [lock.number for lock in core.locks if Labels(array, names.Names()).is_used(core, lock)]
    assert len(core.locks) == 16
    assert used == [0, 1, 2, 3]


def test_memory_that_neighbouring_cores_share_is_told_by_the_names(
    march: Path, tmp_path: Path
) -> None:
    found = labels(march, "neighbour_memory", tmp_path)
    assert found.shared() == (Shared("mid", (0, 2), (0, 3)),)
    assert str(found.shared()[0]) == "memory of (0,2), used by (0,3)"
    assert labels(march, "broadcast_add", tmp_path).shared() == ()
