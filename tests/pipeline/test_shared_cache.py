"""What stages have made, known to other checkouts by its content."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import shared_cache
from pipeline.shared_cache import Cache, Entry, Step
from tests.project import Project, make_project

KEY = "ab" + "0" * 62
ENTRY = Entry({"headers": {}}, ("careful",))


@pytest.fixture
def made(tmp_path: Path) -> list[Path]:
    """Two files that a stage has made."""
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a.o").write_bytes(bytes(range(256)))
    (folder / "b.json").write_text("{}")
    return sorted(folder.iterdir())


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_stored_is_there_for_another(tmp_path: Path, made: list[Path]) -> None:
    Cache(tmp_path / "cache").store(KEY, made, ENTRY)
    target = tmp_path / "target"
    assert Cache(tmp_path / "cache").fetch(KEY, target) == ENTRY
    assert _contents(target) == _contents(made[0].parent)
    assert Cache(tmp_path / "cache").fetch("cd" + KEY[2:], target) is None


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _forged(member: str, index: Callable[[str], str] = str) -> Callable[[Path], None]:
    """Another content for a member, or another index."""

    def forge(path: Path) -> None:
        with zipfile.ZipFile(path) as packed:
            members = {name: packed.read(name) for name in packed.namelist()}
        with zipfile.ZipFile(path, "w") as packed:
            for name, data in members.items():
                if name == "index.json":
                    data = index(data.decode()).encode()
                packed.writestr(name, b"forged" if name == member else data)

    return forge


DAMAGES = {
    "cut off": _cut,
    "empty": _emptied,
    "another content": _forged("a.o"),
    "another digest": _forged("", lambda text: text.replace('"b.json": "', '"b.json": "0')),
    "a file elsewhere": _forged("", lambda text: text.replace('"b.json"', '"../b.json"')),
    "no index": _forged("index.json"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_entry_that_is_not_whole_is_not_used_and_goes(
    tmp_path: Path, made: list[Path], damage: Callable[[Path], None]
) -> None:
    cache = Cache(tmp_path / "cache")
    cache.store(KEY, made, ENTRY)
    (entry,) = (tmp_path / "cache").glob("*/*.zip")
    damage(entry)
    assert cache.fetch(KEY, tmp_path / "target") is None
    assert not (tmp_path / "target").exists()
    assert not entry.exists()


def test_writers_at_one_time_leave_one_whole_entry(tmp_path: Path, made: list[Path]) -> None:
    cache = Cache(tmp_path / "cache")
    writers = [threading.Thread(target=cache.store, args=(KEY, made, ENTRY)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert cache.size()[0] == 1
    assert not list((tmp_path / "cache").rglob(".new-*"))
    assert cache.fetch(KEY, tmp_path / "target") == ENTRY


def test_beyond_the_limit_what_was_used_least_lately_goes(tmp_path: Path, made: list[Path]) -> None:
    cache = Cache(tmp_path / "cache", limit=10**9)
    keys = [f"{number:02x}" + "0" * 62 for number in range(10)]
    for number, key in enumerate(keys):
        cache.store(key, made, ENTRY)
        path = tmp_path / "cache" / key[:2] / f"{key}.zip"
        os.utime(path, (number, number))
    assert cache.prune() == 0
    cache.fetch(keys[0], tmp_path / "target")
    cache.limit = cache.size()[1] - 1
    gone = cache.prune()
    assert gone >= 2
    left = [key for key in keys if cache.fetch(key, tmp_path / "target")]
    assert left == [keys[0], *keys[gone + 1 :]]


def test_what_cannot_be_kept_is_not_and_nobody_minds(tmp_path: Path, made: list[Path]) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file")
    cache.store(KEY, made, ENTRY)
    assert cache.fetch(KEY, tmp_path / "target") is None
    assert cache.size() == (0, 0)


def test_the_environment_says_where_it_lies(tmp_path: Path) -> None:
    assert shared_cache.of({"NPUFORGE_CACHE": "off"}) is None
    named = shared_cache.of({"NPUFORGE_CACHE": str(tmp_path), "NPUFORGE_CACHE_SIZE": "5e9"})
    assert named is not None and (named.folder, named.limit) == (tmp_path, 5_000_000_000)
    usual = shared_cache.of({"XDG_CACHE_HOME": str(tmp_path)})
    assert usual is not None and usual.folder == tmp_path / "npuforge"


def test_a_step_is_known_by_all_that_it_depends_on(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int a;")
    step = Step({"stage": "kernels", "tools": {"zig": "1"}}, [source], Path("build/x"), ("*.o",))
    others = [
        replace(step, subject={"stage": "kernels", "tools": {"zig": "2"}}),
        replace(step, folder=Path("build/y")),
        replace(step, reads=[]),
    ]
    keys = {one.key() for one in (step, *others)}
    source.write_text("int b;")
    assert len({*keys, step.key()}) == 5


# whole projects


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Project, Project]:
    """Two checkouts that share a cache."""
    cache = {"NPUFORGE_CACHE": str(tmp_path / "cache")}
    made = []
    for name in ("one", "other/place"):
        (tmp_path / name).mkdir(parents=True)
        project = make_project(tmp_path / name, "vector_scale_trace", "passthrough_memtile")
        made.append(replace(project, environment=cache))
    return made[0], made[1]


def _states(project: Project, *arguments: str) -> dict[str, str]:
    done = project.doit("--json", *arguments)
    return {task["name"]: task["state"] for task in json.loads(done.stdout)["tasks"]}


def _built(project: Project) -> dict[str, bytes]:
    """All that was built, but for what tells when."""
    told = ("timings.json", "test_emu.json")
    root = project.root / "build"
    files = (path for path in root.rglob("*") if path.is_file() and path.name not in told)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_a_fresh_checkout_builds_only_what_nobody_has_built(pair: tuple[Project, Project]) -> None:
    one, other = pair
    assert set(_states(one).values()) == {"done"}
    states = _states(other)
    assert {name for name, state in states.items() if state != "shared cache"} == {
        *(f"render:{name}" for name in ("passthrough_memtile/default", "vector_scale_trace/time")),
        "render:vector_scale_trace/pc",
    }
    assert {n: b for n, b in _built(one).items() if ".cache" not in n} == {
        n: b for n, b in _built(other).items() if ".cache" not in n
    }
    shown = other.doit("test_emu", "-a", "passthrough_memtile")
    assert "shared cache" not in shown.stdout

    other.edit("kernels_src/vector_scale.c", "(uint32_t)FACTOR", "(uint32_t)(FACTOR)")
    changed = _states(other, "vector_scale_trace")
    assert changed["kernels:vector_scale_trace/pc:vector_scale"] == "done"


def test_what_fails_is_run_anew_by_everybody(pair: tuple[Project, Project]) -> None:
    for project in pair:
        project.edit("mlir_templates/passthrough_memtile.py", "return x", "return x + 1")
        states = _states(project, "passthrough_memtile")
        assert states["test_emu:passthrough_memtile/default"] == "failed"
    assert states["xclbin:passthrough_memtile/default"] == "shared cache"


def test_the_cache_may_be_off_and_is_told_of(pair: tuple[Project, Project]) -> None:
    one, other = pair
    _states(one, "passthrough_memtile")
    states = _states(other, "passthrough_memtile", "--cache=off")
    assert "shared cache" not in states.values()
