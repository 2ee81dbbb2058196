"""What doit remembers from run to run."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from doit.dependency import JSONCodec

from pipeline.memory import Memory, sources
from tests.project import Project, make_project


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".doit.json"
    path.write_text('{"build": {"a": 1}, "test": {"b": 2}}')
    return path


def opened(file: Path) -> Memory:
    return Memory(str(file), JSONCodec())


def test_a_run_writes_what_it_has_learnt_beside_what_another_wrote_meanwhile(file: Path) -> None:
    one, other = opened(file), opened(file)
    one.set("build", "a", 3)
    other.remove("test")
    one.dump()
    other.dump()
    assert json.loads(file.read_text()) == {"build": {"a": 3}}


def test_a_run_that_has_learnt_nothing_writes_nothing(file: Path) -> None:
    memory = opened(file)
    file.unlink()
    memory.dump()
    assert not file.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "\x00", '{"build": 3}', '{"build": {"_values_:": 7}}']
)
def test_a_broken_file_is_told_and_taken_as_empty(
    file: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(text)
    memory = opened(file)
    assert memory.get("build", "a") is None
    assert f"{file}: " in capsys.readouterr().err
    memory.set("build", "a", 4)
    memory.dump()
    assert json.loads(file.read_text()) == {"build": {"a": 4}}


def test_a_disk_that_is_full_costs_what_was_learnt_and_nothing_else(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = opened(file)
    memory.set("build", "a", 5)
    before = file.read_text()

    def full(*_given: object, **_options: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_text", full)
    memory.dump()
    assert file.read_text() == before
    assert "No space left on device; what was done is done again" in capsys.readouterr().err
    assert list(file.parent.iterdir()) == [file]


def test_forgetting_everything_leaves_nothing(file: Path) -> None:
    memory = opened(file)
    memory.remove_all()
    memory.dump()
    assert json.loads(file.read_text()) == {}


def test_all_of_the_authors_files_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(tmp_path, "vector_scale")
    monkeypatch.chdir(tmp_path)
    assert {"kernels_src/vector_scale.c", "mlir_templates/vector_scale.py"} < set(sources())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = make_project(tmp_path, "vector_scale")
    project.edit("mlir_templates/vector_scale.py", ', "large": {"n": 65536, "factor": -7}', "")
    yield project


SLOW = """

def vectors(p, rng):
    import time
    Path("reading").touch()
    while not Path("saved").exists():
        time.sleep(0.01)
    return {}
"""


def test_a_file_that_is_saved_while_doit_works_is_built_by_the_next_run(project: Project) -> None:
    """The reference has been read when the test runs; what is saved then is not what is judged."""
    declared = project.root / "mlir_templates/vector_scale.py"
    good = declared.read_text()
    wrong = "return 1 + ".join(good.rsplit("return ", 1))
    declared.write_text(f"from pathlib import Path\n{good}{SLOW}")

    def save() -> None:
        while not (project.root / "reading").exists():
            time.sleep(0.01)
        declared.write_text(wrong)
        (project.root / "saved").touch()

    saving = threading.Thread(target=save)
    saving.start()
    done = project.doit()
    saving.join()
    assert done.returncode == 0, done.stdout
    assert "saved while doit worked" in done.stderr
    assert "mlir_templates/vector_scale.py" in done.stderr
    again = project.doit()
    assert again.returncode == 1
    assert "FAIL       vector_scale/small" in again.stdout
