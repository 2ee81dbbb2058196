"""Designs that are IRON programs; a package of a few lines stands for mlir-aie's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import iron_programs
from pipeline.discovery import Discovery, discover
from pipeline.errors import PipelineError
from pipeline.iron_programs import VARIABLE, NoIronError, iron
from tests.project import Project, make_project

PROGRAM = """\
import argparse
from pathlib import Path

from aie.iron import Program
from sizes import LINE

parser = argparse.ArgumentParser()
parser.add_argument("-n", type=int)
parser.add_argument("-d", "--device")
opts = parser.parse_args()
text = (Path(__file__).parent / "passthrough.mlir.in").read_text()
print(Program(text, DEVICE=opts.device, N=opts.n, LINE=LINE).resolve_program())
"""

DECLARED = """\
from pipeline import In, Out, iron

design = iron("forward_iron.py", ["-n", "{n}", "--device={device}"])
parameters = {"n": 1024}
variants = {"small": {}, "large": {"n": 4096}}


def buffers(p):
    return {"in": In(p.n, "int32"), "out": Out(p.n, "int32")}


def reference(p, x):
    return x
"""

PACKAGE = """\
class Program:
    def __init__(self, text, **values):
        self.text, self.values = text, values

    def resolve_program(self):
        for name, value in self.values.items():
            self.text = self.text.replace(f"@{name}@", str(value))
        return self.text
"""


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Each test looks for a Python of its own."""
    iron_programs.python.cache_clear()
    yield
    iron_programs.python.cache_clear()


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python with a package `aie`."""
    packages = tmp_path / "packages"
    (packages / "aie" / "iron").mkdir(parents=True)
    (packages / "aie" / "__init__.py").touch()
    (packages / "aie" / "iron" / "__init__.py").write_text(PACKAGE)
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{packages}" exec {sys.executable} "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(path))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose only design is a program."""
    made = make_project(tmp_path / "project", "passthrough_memtile")
    templates = made.root / "mlir_templates"
    text = (templates / "passthrough_memtile.mlir.j2").read_text()
    for name in ("device", "n", "line"):
        text = text.replace(f"{{{{ {name} }}}}", f"@{name.upper()}@")
    for path in templates.iterdir():
        path.unlink()
    (templates / "passthrough.mlir.in").write_text(text)
    (templates / "sizes.py").write_text("LINE = 256\n")
    (templates / "forward_iron.py").write_text(PROGRAM)
    (templates / "forward.py").write_text(DECLARED)
    return made


def _found(project: Project) -> Discovery:
    (project.root / "mlir_templates/sizes.py").rename(project.root / "mlir_templates/_sizes.py")
    program = project.root / "mlir_templates/forward_iron.py"
    program.write_text(program.read_text().replace("from sizes", "from _sizes"))
    return discover(project.root)


def test_a_program_is_rendered_built_and_judged_for_each_variant(
    project: Project, interpreter: Path
) -> None:
    found = _found(project)
    assert not found.broken and not found.skipped
    small, large = found.variants
    assert (small.label, small.device) == ("forward/small", "npu1_1col")
    assert "memref<4096xi32>" in large.rendered.text
    assert {path.name for path in small.printed.read} == {
        *("forward_iron.py", "_sizes.py", "passthrough.mlir.in"),
    }
    done = project.doit("forward/small")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS       forward/small" in done.stdout
    assert "render" not in project.tasks_run("forward/small")


def test_it_runs_again_when_what_it_read_has_changed_and_not_before(
    project: Project, interpreter: Path
) -> None:
    before = _found(project).variants[0].rendered.text
    interpreter.write_text("#!/bin/sh\nexit 7\n")
    assert discover(project.root).variants[0].rendered.text == before
    (project.root / "mlir_templates/_sizes.py").write_text("LINE = 512\n")
    iron_programs.python.cache_clear()
    assert "no package `aie`" in str(discover(project.root).broken["forward"])


def test_without_the_package_it_is_skipped_and_never_passes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iron_programs, "_candidates", lambda: [sys.executable])
    found = _found(project)
    assert not found.variants
    assert list(found.skipped) == ["forward/small", "forward/large"]
    done = project.doit("test_emu", "forward")
    assert done.returncode == 1
    assert "no Python here has the package `aie`" in done.stdout
    assert "PASS" not in done.stdout
    shown = json.loads((project.root / "build/.left-out/forward/small/test_emu.json").read_text())
    assert shown["verdict"] == "SKIPPED"


@pytest.mark.parametrize(
    ("program", "problem", "line"),
    [
        ("import aie.iron\nprint('hello')\n", "prints no aie.device", None),
        ("import aie.iron\n\nraise ValueError('odd')\n", "ValueError: odd", 3),
        ("import aie.iron\nimport nothing_of_that_name\n", "No module named", 2),
    ],
)
def test_a_program_that_fails_is_told_at_its_line(
    project: Project, interpreter: Path, program: str, problem: str, line: int | None
) -> None:
    (project.root / "mlir_templates/forward_iron.py").write_text(program)
    error = discover(project.root).broken["forward"]
    assert problem in error.message
    assert (error.file and error.file.name, error.line) == ("forward_iron.py", line)


def test_a_program_by_itself_is_a_design_that_is_not_judged(
    project: Project, interpreter: Path
) -> None:
    templates = project.root / "mlir_templates"
    (templates / "forward.py").unlink()
    program = (templates / "forward_iron.py").read_text()
    program = program.replace("opts = ", "parser.set_defaults(n=1024, device='npu1_1col')\nopts = ")
    (templates / "forward_iron.py").write_text(
        program.replace("from sizes import LINE", "LINE = 256")
    )
    (templates / "sizes.py").unlink()
    (variant,) = discover(project.root).variants
    assert (variant.label, variant.buffers) == ("forward_iron/default", None)


def test_a_program_is_told_that_its_kernels_have_their_source_in_the_project(
    project: Project, interpreter: Path
) -> None:
    program = project.root / "mlir_templates/forward_iron.py"
    linked = "print('func.func private @k() attributes {link_with = \"k_21dd8d74.o\"}')\n"
    program.write_text(program.read_text() + linked)
    told = _found(project).broken["forward"].message
    assert "kernels_src/k_21dd8d74.c, which is missing" in told
    assert "what an ExternalFunction names, iron.jit alone compiles" in told


def test_arguments_name_parameters() -> None:
    assert iron("a.py").command_line({"n": 3, "device": "npu2"}) == ["--n=3", "--device=npu2"]
    assert iron("a.py", ["-n", "{n}"]).command_line({"n": 3}) == ["-n", "3"]
    with pytest.raises(ValueError, match="mentions 'm'; the parameters are n"):
        iron("a.py", ["{m}"]).command_line({"n": 3})


def test_the_program_must_be_there(project: Project) -> None:
    (project.root / "mlir_templates/forward_iron.py").unlink()
    error = discover(project.root).broken["forward"]
    assert (error.message, error.line) == ("mlir_templates/forward_iron.py is missing", 3)


def test_a_named_python_without_the_package_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/no/such/python")
    with pytest.raises(PipelineError) as named:
        iron_programs.python()
    assert not isinstance(named.value, NoIronError)
    assert "/no/such/python" in named.value.message
