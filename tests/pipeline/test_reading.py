"""What an author's code reads beside a design is known, and a verdict goes by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline import checks
from pipeline.discovery import discover
from pipeline.keys import DATA
from tests.project import Project, make_project

MLIR = "module { aie.device(npu1_1col) { aie.runtime_sequence(%a: memref<4xi32>) {} } }\n"
SHARED = "import json\nfrom pathlib import Path\n\nHERE = Path(__file__).parent\n"

Read = Callable[[str], list[str]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """What is known of a reference's reading when it, with one body or another, has run."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mlir_templates"
    folder.mkdir()
    (folder / "a.mlir").write_text(MLIR)
    (folder / "_shared.py").write_text(f"{SHARED}\nTABLE = (HERE / 'table.csv').read_text()\n")
    (folder / "table.csv").write_text("1,2\n")
    np.save(folder / "golden.npy", np.arange(4))
    (tmp_path / "numbers.bin").write_bytes(b"1234")

    def run(body: str) -> list[str]:
        (folder / "a.py").write_text(
            f"import numpy as np\n\nfrom ._shared import HERE\n\n\ndef reference(p):\n    {body}\n"
        )
        (variant,) = discover(tmp_path).variants
        reference = variant.design.function("reference")
        assert reference is not None
        variant.design.call(reference, variant.parameters)
        return sorted(checks.data_read(variant)[DATA.kept])

    return run


TABLE = "mlir_templates/table.csv"


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("pass", []),
        ("np.load(HERE / 'golden.npy')", ["mlir_templates/golden.npy"]),
        ("np.load(HERE / 'golden.npy', mmap_mode='r')", ["mlir_templates/golden.npy"]),
        ("np.fromfile(HERE.parent / 'numbers.bin', np.int32)", ["numbers.bin"]),
        ("np.loadtxt('mlir_templates/table.csv', delimiter=',')", []),
        ("(HERE / 'log.txt').write_text('told')", []),
        ("import fractions, tempfile; tempfile.TemporaryFile().close()", []),
    ],
)
def test_what_a_reference_opens_is_known_by_name(read: Read, body: str, files: list[str]) -> None:
    """And always the table of the module that it shares with others."""
    assert read(body) == sorted([*files, TABLE])


def test_what_is_saved_while_it_is_read_is_taken_for_unread(read: Read) -> None:
    body = "golden = HERE / 'golden.npy'; np.load(golden); np.save(golden, np.arange(5))"
    assert "mlir_templates/golden.npy" in read(body)
    (variant,) = discover(Path.cwd()).variants
    assert DATA.changed(checks.data_read(variant)) == ["mlir_templates/golden.npy"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A design whose reference takes its factor from a file; with a shared cache of its own."""
    made = make_project(tmp_path / "project", "passthrough_memtile")
    made.edit(
        "mlir_templates/passthrough_memtile.py",
        "return x",
        'return x + json.loads((Path(__file__).parent / "offset.json").read_text())',
    )
    path = made.root / "mlir_templates/passthrough_memtile.py"
    path.write_text(f"import json\nfrom pathlib import Path\n\n{path.read_text()}")
    made.write("mlir_templates/offset.json", "0")
    return replace(made, environment={"NPUFORGE_CACHE": str(tmp_path / "cache")})


def test_a_verdict_is_not_kept_when_a_file_that_its_reference_reads_changes(
    project: Project,
) -> None:
    assert "test_emu" in project.tasks_run()
    assert project.tasks_run() == set()
    project.write("mlir_templates/offset.json", "1")
    told = project.doit("explain", "test_emu").stdout
    assert "    data file changed: mlir_templates/offset.json" in told
    done = project.doit()
    assert done.returncode == 1
    assert "FAIL       passthrough_memtile/default" in done.stdout
    project.write("mlir_templates/offset.json", "0")
    states = json.loads(project.doit("--json").stdout)["tasks"]
    assert [task["state"] for task in states if "test_emu" in task["name"]] == ["shared cache"]


@pytest.mark.parametrize("task", ["races", "profile", "bundle", "observe"])
def test_what_else_runs_a_design_goes_by_its_data_too(project: Project, task: str) -> None:
    project.edit(
        "mlir_templates/passthrough_memtile.py",
        "def reference(",
        'def vectors(p, rng):\n    (Path(__file__).parent / "offset.json").read_text()\n'
        "    return {}\n\n\ndef reference(",
    )
    assert project.doit("build", task).returncode == 0
    again = f"{task}:passthrough_memtile/default"
    assert "up to date" in project.doit("explain", again).stdout.splitlines()[-2]
    project.write("mlir_templates/offset.json", "2")
    assert "data file changed: mlir_templates/offset.json" in project.doit("explain", again).stdout
