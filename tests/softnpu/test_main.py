import subprocess
import sys
from pathlib import Path

import pytest

from softnpu.__main__ import SUBCOMMANDS, Subcommand, main


def test_help_teaches_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for name in SUBCOMMANDS:
        assert name in shown
    assert "npuforge dump out/insts.bin" in shown


@pytest.mark.parametrize("arguments", [[], ["frobnicate"]])
def test_a_wrong_call_is_told_and_has_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: npuforge" in capsys.readouterr().err


def test_a_command_that_there_is_not_is_told_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["cmpile", "design.mlir"])
    assert "there is no command 'cmpile'; did you mean compile?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["frobnicate"])
    known = "there are compile, opt, translate, dump, asm, disasm, core, profile, state, diff"
    assert known in capsys.readouterr().err


def test_a_command_whose_module_is_missing_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SUBCOMMANDS, "fly", Subcommand("softnpu.nowhere.cli", "fly"))
    assert main(["fly"]) == 1
    assert capsys.readouterr().err == "error: 'fly' is not part of this version of npuforge\n"


def test_only_the_wanted_command_is_imported(march: Path) -> None:
    """A cold `dump` must not pay for the compiler's imports."""
    path = march / "explicit_dma" / "insts.bin"
    code = (
        "import sys; from softnpu.__main__ import main; "
        f"main(['dump', {str(path)!r}]); "
        "print([name for name in sys.modules if name in ('xdsl', 'numpy', 'unicorn')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_early_is_no_error(march: Path) -> None:
    paths = " ".join([str(march / "distribute_join" / "final.xclbin")] * 20)
    shell = f"{sys.executable} -m softnpu dump {paths} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
