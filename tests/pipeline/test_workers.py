"""Tasks side by side in processes of their own: a project of a few lines, run by doit itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.project import ROOT

HEAD = """
import multiprocessing, os, signal, sys, time
from pathlib import Path

DOIT_CONFIG = {"continue": True, "num_process": 2, "verbosity": 0, "backend": "json",
               "dep_file": ".doit.json", "default_tasks": None}

def task(name, action, **more):
    return {"basename": name, "actions": [lambda: action() and None], **more}
"""


def doit(folder: Path, tasks: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs doit on a dodo.py of these tasks, whose actions are closures."""
    (folder / "dodo.py").write_text(HEAD + tasks)
    (folder / "doit.cfg").write_text("[COMMAND]\nrun = pipeline.command:Run\n")
    return subprocess.run(
        [sys.executable, "-m", "doit", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_actions_need_not_be_pickled_whatever_pythons_default_is(
    tmp_path: Path, method: str
) -> None:
    done = doit(
        tmp_path,
        f"""
import numpy  # whose threads must not be there when a worker is forked: Python would warn
multiprocessing.set_start_method({method!r})
here = os.getpid()

def task_all():
    for name in "abc":
        yield task(name, lambda name=name: Path(name).write_text(str(os.getpid() != here)),
                   targets=[name])
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [(tmp_path / name).read_text() for name in "abc"] == ["True"] * 3


def test_what_a_task_learns_reaches_those_that_ask_for_it(tmp_path: Path) -> None:
    done = doit(
        tmp_path,
        """
def task_learns():
    return {"actions": [lambda: {"answer": 42}]}

def task_asks():
    def write(answer):
        Path("answer").write_text(str(answer))
    return {"actions": [write], "getargs": {"answer": ("learns", "answer")}}
""",
        "asks",
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "answer").read_text() == "42"


def test_whenever_the_table_says_fail_the_exit_code_is_1(tmp_path: Path) -> None:
    """Whatever doit takes for done: a check whose verdict nobody looked at."""
    tasks = """
OUTCOME = {"label": "a/default", "device": "npu1", "run_on": "emulator", "verdict": "FAIL",
           "warnings": [], "runs": [{"vector": "zeros", "verdict": "FAIL", "seconds": None,
                                     "summary": "y: differs", "details": [], "mismatches": []}]}

def task_test_emu():
    import json
    yield {"name": "a/default", "targets": ["out.json"], "file_dep": ["dodo.py"],
           "actions": [lambda: Path("out.json").write_text(json.dumps(OUTCOME)) and None]}
"""
    for state in ("1 done", "1 up to date"):
        done = doit(tmp_path, tasks, "run", "test_emu")
        assert state in done.stdout
        assert "FAIL" in done.stdout
        assert done.returncode == 1


def test_a_process_that_is_killed_is_one_failed_task(tmp_path: Path) -> None:
    done = doit(
        tmp_path,
        """
def task_all():
    yield task("first", lambda: os.kill(os.getpid(), signal.SIGKILL))
    for name in ("second", "third"):
        yield task(name, lambda name=name: Path(name).touch(), targets=[name])
""",
    )
    assert done.returncode == 1
    assert "FAILED    first" in done.stdout
    assert "was ended by SIGKILL: by hand, or by the system for want of memory" in done.stdout
    assert (tmp_path / "second").exists() and (tmp_path / "third").exists()


def test_a_reader_that_has_left_ends_it_with_the_code_for_that(tmp_path: Path) -> None:
    done = doit(tmp_path, 'def task_one():\n    return task("one", lambda: sys.exit(141))\n')
    assert done.returncode == 141
    assert "Traceback" not in done.stderr


def _gone(pid: int) -> bool:
    """Whether a process has ended, or soon does."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.1)
    return False


def test_workers_do_not_outlive_the_process_that_they_work_for(tmp_path: Path) -> None:
    done = doit(
        tmp_path,
        """
def task_all():
    def note(name):
        Path(name).write_text(str(os.getpid()))
        while not Path("a").exists() or not Path("b").exists():
            time.sleep(0.01)
    def kill():
        os.kill(os.getppid(), signal.SIGKILL)
    yield task("a", lambda: note("a"), targets=["a"])
    yield task("b", lambda: note("b") or kill(), targets=["b"])
""",
    )
    assert done.returncode == -signal.SIGKILL
    assert all(_gone(int((tmp_path / name).read_text())) for name in "ab")


def test_what_could_not_start_is_up_to_date_once_that_is_mended(tmp_path: Path) -> None:
    """Behind a task that fails, before one that has to run."""
    tasks = """
def task_first():
    return {"actions": [lambda: Path("fails").exists() is False], "uptodate": [False]}

def task_source():
    return {"actions": [lambda: Path("made").write_text("1") and None], "targets": ["made"],
            "file_dep": ["dodo.py"], "task_dep": ["first"]}

def task_last():
    return {"actions": [lambda: Path("made").read_text()], "file_dep": ["made"]}
"""
    assert "3 done" in doit(tmp_path, tasks).stdout
    (tmp_path / "fails").touch()
    failed = doit(tmp_path, tasks)
    assert failed.returncode == 1
    assert "1 failed, 2 not started" in failed.stdout
    (tmp_path / "fails").unlink()
    assert "3 tasks: 1 done, 2 up to date" in doit(tmp_path, tasks).stdout
