"""`npuforge`, the one command; `./doit` in a checkout and `python -m pipeline` are the same."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import softnpu
from pipeline import commands
from softnpu.collecting import collect_no_more
from softnpu.subcommands import FAILURE, INTERRUPTED, PROGRAM
from softnpu.terminal import LEFT, end_when_the_reader_leaves

DODO = "dodo.py"
"""What makes a folder a project."""

ANYWHERE = {commands.HELP, "doctor"}
"""The commands of doit's that need no project."""

PLACES = ("-f", "--file", "-d", "--dir", "-k", "--seek-file")
"""doit's options that tell where the project is."""

NO_PROJECT = """there is no project here: no dodo.py in {} or above it
  npuforge init my-kernels     starts one
  npuforge --help              tells what works without
"""


def main(words: Sequence[str]) -> int:
    """Does what the command line asks for; returns the exit code.

    0: all right; 1: something is wrong with what was given or came out; 2 and 3: the command line.
    """
    if list(words[:1]) == ["--version"]:
        end_when_the_reader_leaves(0)
        sys.stdout.write(f"{PROGRAM} {softnpu.__version__}\n")
        return 0
    if "" in words:
        sys.stderr.write("error: one of the arguments is empty\n")
        return FAILURE
    words = _spelled_out(words)
    line = commands.command_line(words)
    end_when_the_reader_leaves(LEFT if line is None else 0)
    if line is not None:
        return commands.run(line, words)
    if not _in_project(words):
        return FAILURE
    return _doit(words)


def _spelled_out(words: Sequence[str]) -> list[str]:
    """`--help` and `help COMMAND` as their own command takes them; help where nothing else can be.

    Without a word everything is built and run, in a project.
    """
    given = list(words)
    if given[:1] in (["--help"], ["-h"]) or (not given and project(Path.cwd()) is None):
        return [commands.HELP]
    asked = given[1:]
    if given[:1] == [commands.HELP] and asked and asked != [commands.BOTH]:
        return [*asked, "--help"] if commands.command_line(asked) else given
    return given


def project(folder: Path) -> Path | None:
    """The folder of the project that a folder lies in, itself or above; None if there is none."""
    return next((one for one in (folder, *folder.parents) if (one / DODO).is_file()), None)


def _in_project(words: Sequence[str]) -> bool:
    """Goes to the project's folder, where doit works; False, in words, where there is none."""
    if any(word.partition("=")[0] in PLACES for word in words):
        return True
    here = Path.cwd()
    found = project(here)
    if found is not None:
        if found != here:
            sys.stderr.write(f"in {found}\n")
            os.chdir(found)
        return True
    if words[0] in ANYWHERE:
        return True
    sys.stderr.write(f"error: {NO_PROJECT.format(here)}")
    return False


def _doit(words: Sequence[str]) -> int:
    # doit takes its own name, and stdout as it is, when it is imported.
    sys.argv[0] = PROGRAM
    from doit.doit_cmd import DoitMain

    return int(DoitMain(extra_config=commands.configuration()).run(words) or 0)


def run() -> None:
    """The console script. Files and messages are in UTF-8, whatever the locale."""
    if not sys.flags.utf8_mode and locale.getpreferredencoding(False).lower() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", __package__, *sys.argv[1:]])
    if commands.command_line(sys.argv[1:]) is not None:
        collect_no_more()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    run()
