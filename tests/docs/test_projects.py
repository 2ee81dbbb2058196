"""docs/projects.md: its example is a dodo.py that works."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.init import init
from tests.project import ROOT, Project


def test_the_example_of_a_task_is_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "projects.md").read_text()
    (example,) = re.findall(r"```python\n(from pipeline.*?)```", page, re.DOTALL)
    init(tmp_path)
    (tmp_path / "dodo.py").write_text(example)
    project = Project(tmp_path, {"PYTHONPATH": str(ROOT)})
    done = project.doit("sizes:affine/small", "test_emu:affine/small")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sizes     affine/small" in done.stdout
    assert "how large each xclbin is" in project.doit("list").stdout
