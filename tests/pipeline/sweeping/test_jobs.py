"""What a sweep's job carries."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.discovery import discover
from pipeline.selection import Request, resolve
from pipeline.sweeping import jobs
from tests.project import make_project

DATA = "mlir_templates/data/offset.json"


def test_the_data_that_a_reference_reads_goes_along_and_is_part_of_what_a_row_stands_for(
    tmp_path: Path,
) -> None:
    project = make_project(tmp_path / "project", "passthrough_memtile", "vector_scale")
    declared = project.root / "mlir_templates/passthrough_memtile.py"
    head = f"import json\nfrom pathlib import Path\n\nDATA = Path(__file__).parents[1] / '{DATA}'\n"
    text = declared.read_text().replace("return x", "return x + json.loads(DATA.read_text())")
    declared.write_text(head + text)
    (project.root / DATA).parent.mkdir()

    def row(offset: str) -> tuple[str, str]:
        project.write(DATA, offset)
        variant = discover(project.root).variants[0]
        job = jobs.job(variant, {"n": 1024}, "emulator", resolve(Request("embedded"), os.environ))
        assert job.files[DATA] == offset.encode()
        assert not any(
            "vector_scale" in name for name in job.files if name.endswith((".py", ".j2"))
        )
        worker = tmp_path / "worker"
        return job.key, jobs.run(job, jobs.build(job, worker), worker).verdict

    (first, right), (second, wrong) = row("0"), row("1")
    assert first != second
    assert (right, wrong) == ("PASS", "FAIL")
