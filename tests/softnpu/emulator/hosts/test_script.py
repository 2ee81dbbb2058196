"""A host script's errors are its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from softnpu import pyxrt
from softnpu.emulator.hosts import script as host_script


@pytest.fixture(autouse=True)
def as_run_host_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyxrt", pyxrt)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", list(sys.path))


def run(folder: Path, text: str) -> int:
    script = folder / "host.py"
    script.write_text(text)
    return host_script.run(script, [])


def test_an_error_of_xrt_is_shown_at_the_scripts_own_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "import pyxrt\n\ndef main():\n    pyxrt.device(7)\n\nmain()\n") == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1] == "RuntimeError: No such device with index '7'"
    assert told.count('File "') == told.count("host.py") == 2
    assert "softnpu" not in told


def test_errors_behind_an_error_are_shown_as_far_as_they_are_the_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "helper_of_host.py").write_text("import pyxrt\n\ndef f():\n    pyxrt.device(7)\n")
    text = """
import helper_of_host
try:
    helper_of_host.f()
except RuntimeError as error:
    raise ValueError("mine") from error
"""
    assert run(tmp_path, text) == 1
    told = capsys.readouterr().err
    assert "RuntimeError: No such device" in told and told.endswith("ValueError: mine\n")
    assert "helper_of_host.py" in told
    assert "softnpu" not in told


def test_a_mistake_in_the_syntax_is_shown_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "x = (\n") == 1
    told = capsys.readouterr().err
    assert "host.py" in told and "SyntaxError" in told
    assert "Traceback" not in told


def test_a_package_of_mlir_aies_that_is_missing_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aie", None)
    assert run(tmp_path, "import aie.iron as iron\n") == 1
    told = capsys.readouterr().err
    assert "host.py needs aie, a Python package of AMD's that is not installed here" in told
    assert "npuforge compile" in told
    assert run(tmp_path, "import no_such_package_at_all\n") == 1
    assert "AMD" not in capsys.readouterr().err


def test_a_bug_of_the_emulators_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from softnpu.emulator.memory import host_memory

    def broken(*_: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr(host_memory.HostMemory, "allocate", broken)
    text = "import pyxrt\npyxrt.bo(pyxrt.device(0), 8, pyxrt.bo.host_only, 0)\n"
    with pytest.raises(AssertionError, match="ours"):
        run(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", 0), ("import sys; sys.exit(3)", 3), ("raise SystemExit", 0), ("exit('bye')", 1)],
)
def test_the_scripts_exit_code_is_kept(tmp_path: Path, text: str, code: int) -> None:
    assert run(tmp_path, text) == code
