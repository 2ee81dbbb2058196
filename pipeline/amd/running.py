"""Running a tool: a log that can be pasted into a shell, and no success without an output."""

from __future__ import annotations

import logging
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.amd.hints import hints
from softnpu.errors import DesignError, SoftnpuError, SourceLocation, ToolError
from softnpu.warned import apart

_log = logging.getLogger(__name__)

LOGS = "logs"
SHOWN_LINES = 40
"""Lines of a failed tool's output that a message holds; the log has all."""
NOTES = 6
"""Further remarks of a tool that a message holds."""

REPRODUCE_FLAGS = ("--mlir-print-ir-after-failure", "--mlir-disable-threading")


@dataclass
class Shell:
    """The commands of one stage in one folder.

    Attributes:
        folder: where they run; paths in them are relative to it.
        stage: names the log, `logs/<stage>.log`: a script that a shell runs as it is, in which
            times, exit codes and what was printed stand as comments.
    """

    folder: Path
    stage: str
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        place = shlex.quote(str(self.folder))
        self.log.write_text(f"#!/bin/sh\n# stage {self.stage}\ncd {place}\n")

    @property
    def log(self) -> Path:
        """The log's file."""
        return self.folder / LOGS / f"{self.stage}.log"

    def run(
        self, program: Path, *arguments: str, reads: Sequence[str] = (), makes: Sequence[str] = ()
    ) -> str:
        """Runs one command.

        Args:
            program: by absolute path.
            reads: the inputs, for the reproducer that a failed pass leaves.
            makes: the files that it must write; old ones are removed first.

        Returns:
            What it printed.

        Raises:
            DesignError: the tool found fault with a place in the design.
            ToolError: it failed otherwise, cannot be run, or left an output unwritten.
        """
        for name in makes:
            (self.folder / name).unlink(missing_ok=True)
        command = [str(program), *arguments]
        began = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=self.folder, capture_output=True, text=True, errors="replace"
            )
        except OSError as error:
            raise ToolError(f"cannot run {program}: {error.strerror}") from error
        said = (done.stdout + done.stderr).strip()
        self._note(command, done.returncode, time.monotonic() - began, said)
        if done.returncode != 0:
            raise self._failure(command, done.returncode, said, reads)
        missing = [name for name in makes if not (self.folder / name).is_file()]
        if missing:
            raise ToolError(
                f"{program.name} ended without an error, but did not write {', '.join(missing)}"
                f"{_quoted(said)}\n  the command: {self.log}"
            )
        for warning in _warnings(program.name, done.stdout, done.stderr):
            _log.warning("%s", warning)
        return said

    def _note(self, command: Sequence[str], code: int, seconds: float, said: str) -> None:
        lines = [shlex.join(command), f"# exit {code}, {seconds:.2f} s"]
        lines += [f"# {line}".rstrip() for line in said.splitlines()]
        with self._lock, self.log.open("a") as log:
            log.write("\n".join(lines) + "\n")

    def _failure(
        self, command: Sequence[str], code: int, said: str, reads: Sequence[str]
    ) -> SoftnpuError:
        name = Path(command[0]).name
        notes = [*hints(said), f"the command: {self.log}"]
        if name == "aie-opt" and reads:
            notes.append(f"to look into it: {self._reproducer(command, reads)}")
        if found := _DIAGNOSTIC.search(said):
            location = SourceLocation(self.folder / found[1], int(found[2]), int(found[3]))
            return DesignError(
                f"{name}: {found[4]}", location, (*_notes(said, found.end()), *notes)
            )
        how = f"was killed by signal {-code}" if code < 0 else f"failed with {code}"
        ending = "".join(f"\n  {note}" for note in notes)
        return ToolError(f"{name} {how}{_quoted(said)}{ending}")

    def _reproducer(self, command: Sequence[str], reads: Sequence[str]) -> Path:
        """A script that runs the failed pipeline on a copy of its input, with the IR shown."""
        script = self.folder / LOGS / f"{self.stage}.reproduce.sh"
        kept: dict[str, str] = {}
        for name in reads:
            copy = f"{LOGS}/{self.stage}.failed{Path(name).suffix}"
            shutil.copyfile(self.folder / name, self.folder / copy)
            kept[name] = copy
        words = [kept.get(word, word) for word in command]
        if "-o" in words:
            words[words.index("-o") + 1] = "/dev/null"
        words[1:1] = REPRODUCE_FLAGS
        script.write_text(
            f"#!/bin/sh\ncd {shlex.quote(str(self.folder))}\nexec {shlex.join(words)}\n"
        )
        script.chmod(0o755)
        return script


_WARNED = re.compile(r"\bwarning\b", re.IGNORECASE)
_GENERATED = re.compile(r"\d+ warnings? generated\.\n?")


def _warnings(program: str, stdout: str, stderr: str) -> list[str]:
    """What a tool that succeeded warns of: all that it says on stderr, and of stdout such lines."""
    lines = "".join(line for line in stdout.splitlines(True) if _WARNED.search(line))
    texts = apart(_GENERATED.sub("", f"{stderr.rstrip()}\n{lines}"))
    return [text if _PLACED.match(text) else f"{program}: {text}" for text in texts]


_PLACED = re.compile(r"\S+:\d+:\d+: |In file included from ")
_DIAGNOSTIC = re.compile(r"^(?!<)([^\s:][^:\n]*):(\d+):(\d+): error: (.*)$", re.MULTILINE)


_REMARK = re.compile(r"^(?:(\S[^:\n]*):(\d+):\d+: )?(note|error): (.*)$", re.MULTILINE)


def _notes(said: str, after: int) -> list[str]:
    """What the tool said of other places: its notes and further errors, without source lines."""
    found = []
    for file, line, kind, text in _REMARK.findall(said, after):
        if "see current operation" not in text:
            where = f"{Path(file).name}:{line}: " if file else ""
            found.append(f"{where}{'error: ' if kind == 'error' else ''}{text}")
    return found[:NOTES]


def _quoted(said: str) -> str:
    """The end of what a tool printed, indented, for a message."""
    lines = said.splitlines()
    skipped = len(lines) - SHOWN_LINES
    shown = [f"({skipped} lines before)", *lines[-SHOWN_LINES:]] if skipped > 0 else lines
    return "".join(f"\n    {line}" for line in shown)
