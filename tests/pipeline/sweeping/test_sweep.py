"""`npuforge sweep` from the command line, and workers that are lost."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project, make_project

pytest.importorskip("distributed", reason="requirements-sweep.txt")

from distributed import SpecCluster

from pipeline.discovery import discover
from pipeline.selection import Request, resolve
from pipeline.sweeping import cluster, jobs
from pipeline.sweeping.jobs import Job

SIZES = ("--set", "n=1024,2048", "--set", "line=256,512")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("sweep"), "passthrough_memtile", "vector_scale")


def _job(project: Project, setting: dict[str, int], name: str = "passthrough_memtile") -> Job:
    variants = discover(project.root).variants
    variant = next(variant for variant in variants if variant.design.name == name)
    return jobs.job(variant, setting, "emulator", resolve(Request("embedded"), os.environ))


def test_every_setting_is_built_and_run_once_and_known_from_then_on(project: Project) -> None:
    first = project.doit("sweep", "passthrough_memtile", *SIZES, "--workers", "2")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "4/4  " in first.stdout
    assert "(known)" not in first.stdout
    folder = project.root / "build/sweep/passthrough_memtile"
    rows = list(csv.DictReader((folder / "sweep.csv").open()))
    assert [(row["n"], row["line"], row["verdict"]) for row in rows] == [
        *(("1024", "256", "PASS"), ("1024", "512", "PASS")),
        *(("2048", "256", "PASS"), ("2048", "512", "PASS")),
    ]
    assert all(float(row["ms"]) > float(row["floor_ms"]) for row in rows)
    assert (folder / "sweep.svg").read_text().startswith("<svg")

    again = project.doit("sweep", "passthrough_memtile", *SIZES, "--json")
    assert again.stderr.count("(known)") == 4
    assert {row["verdict"] for row in json.loads(again.stdout)} == {"PASS"}

    searched = project.doit("sweep", "passthrough_memtile", *SIZES, "--search", "2", "--json")
    assert searched.returncode == 0, searched.stderr
    assert len(json.loads(searched.stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "which design?"),
        (("passthrough_memtile", "vector_scale"), "a sweep is about one design"),
        (("passthrough_memtile",), "a sweep needs --set"),
        (("passthrough_memtile", "--set", "lines=256"), "did you mean line?"),
        (("passthrough_memtile", "--set"), "--set takes NAME=VALUE"),
        (("passthrough_memtile", "--set", "n=1", "--set", "n=2"), "all values of a parameter"),
        (
            ("passthrough_memtile", "--set", "n=512", "--scheduler", "tcp://127.0.0.1:1"),
            "no dask scheduler answers at tcp://127.0.0.1:1",
        ),
    ],
)
def test_what_is_no_sweep_is_refused_in_words(
    project: Project, arguments: tuple[str, ...], problem: str
) -> None:
    done = project.doit("sweep", *arguments)
    assert done.returncode in (1, 3)
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_an_impossible_setting_is_a_result_and_a_wrong_output_is_an_error(
    project: Project, tmp_path: Path
) -> None:
    impossible = jobs.build(_job(project, {"line": 200_000, "n": 200_000}), tmp_path)
    assert impossible.impossible
    row = jobs.run(_job(project, {"line": 200_000}), impossible, tmp_path)
    assert (row.verdict, row.milliseconds) == ("impossible", None)

    project.edit("mlir_templates/vector_scale.py", "x.dtype.type(p.factor)", "x.dtype.type(4)")
    wrong = project.doit("sweep", "vector_scale", "--set", "factor=3,4", "--workers", "1")
    assert wrong.returncode == 1
    assert "factor=3  FAIL  out: 4096 of 4096 elements differ" in wrong.stdout
    assert "factor=4  PASS" in wrong.stdout


def test_the_jobs_of_a_worker_that_is_killed_are_done_by_others(project: Project) -> None:
    wanted = [_job(project, {"n": 512 * size}) for size in range(1, 9)]

    def done(client: cluster.Client) -> Iterator[str]:
        field = cluster.Field(client)
        field.give(wanted)
        first = True
        for job, row in field.rows():
            if first:
                os.kill(client.run(os.getpid)[row.worker], signal.SIGKILL)
                first = False
            assert row.verdict == "PASS", row.reason
            yield job.key

    with cluster.client("", 2) as client:
        assert sorted(done(client)) == sorted(job.key for job in wanted)


def test_a_worker_that_ends_later_than_dask_waits_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close = SpecCluster.close

    def late(self: SpecCluster, *given: object) -> None:
        close(self, *given)
        raise TimeoutError

    monkeypatch.setattr(SpecCluster, "close", late)
    with cluster.client("", 1) as client:
        assert client.submit(sum, [1, 2]).result() == 3


def test_what_is_the_same_has_one_key_and_any_change_gives_another(project: Project) -> None:
    same = _job(project, {"n": 512})
    assert _job(project, {"n": 512}).key == same.key
    assert _job(project, {"n": 1024}).key != same.key
    template = project.root / "mlir_templates/passthrough_memtile.mlir.j2"
    before = template.read_text()
    template.write_text(f"{before}// changed\n")
    changed = _job(project, {"n": 512}).key
    template.write_text(before)
    assert changed != same.key
