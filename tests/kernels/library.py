"""The library's kernels, built in a folder of their own and run on the emulator."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from runner import artifact
from runner.launch import EMULATOR, open_artifact
from softnpu.targets.standin import StackNeed, stack_need
from tests.project import ROOT, Project, make_project

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Kernel:
    """A built variant: `folder` holds its artifacts."""

    folder: Path

    def run(self, **inputs: Array) -> dict[str, Array]:
        """Runs it once, in a context of its own; outputs by name."""
        session = open_artifact(artifact.load(self.folder), EMULATOR).session
        try:
            return session.run(inputs)
        finally:
            session.close()

    @property
    def stack(self) -> StackNeed:
        """What the deepest calls of the core in column 0, row 2 need."""
        return stack_need(self.folder / "main_core_0_2.elf")


def project_of(folder: Path, *labels: str) -> Project:
    """A project with the designs of variants `<design>/<variant>`, to build or to break."""
    folder.mkdir(parents=True)
    return make_project(folder, *{label.split("/")[0] for label in labels})


def all_built(project: Project, *labels: str) -> dict[str, Kernel]:
    """Builds variants, which must succeed, in one run: starting it costs as much as a build."""
    done = project.doit(*(f"manifest:{label}" for label in labels))
    assert done.returncode == 0, done.stdout + done.stderr
    found = {label: project.root.glob(f"build/*/{label}") for label in labels}
    return {label: Kernel(folder) for label, [folder] in found.items()}


def built(project: Project, label: str) -> Kernel:
    """Builds a variant, which must succeed."""
    return all_built(project, label)[label]


def refusal(project: Project, task: str) -> str:
    """Runs a task, which must fail; what it says, white space evened out."""
    done = project.doit(task)
    assert done.returncode != 0, f"{task} was accepted\n{done.stdout}"
    return " ".join((done.stdout + done.stderr).split())


def module_at(name: str) -> ModuleType:
    """A Python file of the project that lies in no package, by its path from the root."""
    path = ROOT / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def correlation(a: Array, b: Array) -> float:
    """Pearson's correlation of two arrays' elements."""
    return float(np.corrcoef(a.astype(float).ravel(), b.astype(float).ravel())[0, 1])
