"""What a found program is: its version, and the options and passes that it knows.

A program is asked once; the answers are kept by path, size and date in `build/.cache`, so that
finding out costs nothing when nothing has changed. Option spellings differ between versions of
mlir-aie (1.1 to the newest), so that the stages ask here instead of assuming.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline import whole
from pipeline.amd.finding import (
    AIE_OPT,
    AIE_TRANSLATE,
    BOOTGEN,
    PEANO,
    PEANO_PROGRAMS,
    XCLBINUTIL,
    Candidate,
    runs,
)

PROBE_SECONDS = 60
CACHE_VERSION = 2

AIE_TARGETS = ("aie2", "aie2p")
"""Targets that Peano's llc lists and no other LLVM has."""


FOLLOWED = "1.4"
"""The release of mlir-aie whose text npuforge prints, and whose bytes it makes."""

NEWER = "after 1.4"

RELEASES: Mapping[str, tuple[tuple[str, str], ...]] = {
    AIE_OPT: (
        ("aie-prepare-buffers", NEWER),
        ("aie-place-tiles", FOLLOWED),
        ("aie-materialize-runtime-sequences", "2026-03"),
        ("aie-objectFifo-stateful-transform", "1.1"),
    ),
    AIE_TRANSLATE: (
        ("aie-npu-fold-ddr-addr-offset", FOLLOWED),
        ("aie-npu-to-binary", "2026-03"),
        ("aie-npu-instgen", "1.1"),
    ),
}
"""By program, what it lists in --help since when, the newest first: a build need not name its
commit, and none names its release. One before 1.4 reads no text of 1.4."""


PEANO_OPTIONS = frozenset({"stack-size-section"})
"""The options of Peano's llc that a stage asks for before it uses them."""


@dataclass(frozen=True)
class Tool:
    """A program that can be run.

    Attributes:
        name: "aie-opt", …; "peano" for the compiler.
        path: absolute; Peano's clang.
        reason: why this one, in words.
        version: as the program itself says, in one line.
        digest: of the program's bytes: two builds may give the same version.
        options: its options, without dashes.
        passes: by pass, the pass's options (aie-opt); empty where --help does not tell them apart.
        release: of mlir-aie, as far as --help shows: one of `RELEASES`; "" for other programs.
    """

    name: str
    path: Path
    reason: str
    version: str
    digest: str
    options: frozenset[str] = frozenset()
    passes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    release: str = ""

    @property
    def reads_ours(self) -> bool:
        """Whether it reads the MLIR that npuforge prints: older versions spell ops otherwise."""
        return self.release in (FOLLOWED, NEWER)

    @property
    def folder(self) -> Path:
        """The folder with its companions."""
        return self.path.parent

    @property
    def key(self) -> str:
        """What a task's key holds of it."""
        return f"{self.version} {self.digest}"

    def pass_options(self, name: str) -> frozenset[str] | None:
        """The options of a pass, None if there is no such pass.

        Where --help could not be told apart into passes and their options, all that it lists
        counts as both.
        """
        if self.passes:
            return self.passes.get(name)
        return self.options if name in self.options else None

    def program(self, name: str) -> Path:
        """A companion in the same folder, e.g. Peano's llc."""
        return self.folder / name


@dataclass(frozen=True)
class Unusable:
    """A program that was found but cannot do its work, and why."""

    name: str
    path: Path
    problem: str


class _ProbeError(Exception):
    """Why a program cannot be used."""


class Prober:
    """Asks programs what they are, and remembers.

    Args:
        cache: the file that the answers are kept in.
    """

    def __init__(self, cache: Path) -> None:
        self._file = cache
        self._known = self._load()
        self._changed = False

    def probe(self, name: str, candidate: Candidate) -> Tool | Unusable:
        """What the candidate is."""
        stamp = [_stamp(path) for path in _files(name, candidate)]
        key = f"{name} {candidate.path}"
        kept = self._known.get(key)
        if kept is None or kept["stamp"] != stamp:
            kept = {"stamp": stamp, **_ask(name, candidate)}
            self._known[key] = kept
            self._changed = True
        if "problem" in kept:
            return Unusable(name, candidate.path, kept["problem"])
        return Tool(
            name,
            candidate.path,
            candidate.reason,
            kept["version"],
            kept["digest"],
            frozenset(kept["options"]),
            {name: frozenset(options) for name, options in kept["passes"].items()},
            kept["release"],
        )

    def save(self) -> None:
        """Keeps what was learnt; a folder that cannot be written is no error."""
        if not self._changed:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            whole.write(self._file, json.dumps({"version": CACHE_VERSION, "tools": self._known}))
        except OSError:
            return

    def _load(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._file.read_text())
            return dict(kept["tools"]) if kept["version"] == CACHE_VERSION else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _files(name: str, candidate: Candidate) -> list[Path]:
    """The files whose change makes it another tool."""
    if name == PEANO:
        return [candidate.folder / program for program in PEANO_PROGRAMS]
    return [candidate.path]


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


@dataclass(frozen=True)
class _Facts:
    version: str
    digest: str
    options: list[str]
    passes: dict[str, list[str]]
    release: str = ""


def _ask(name: str, candidate: Candidate) -> dict[str, Any]:
    try:
        return asdict(_QUESTIONS[name](candidate))
    except _ProbeError as error:
        return {"problem": str(error)}


def _output(*command: str | Path) -> str:
    """What a program prints, on both streams; _ProbeError if it cannot be run or fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=PROBE_SECONDS
        )
    except OSError as error:
        raise _ProbeError(f"cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise _ProbeError(f"'{' '.join(words)}' does not end") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        because = f": {said[-1]}" if said else ""
        raise _ProbeError(f"'{' '.join(words)}' fails with {done.returncode}{because}")
    return done.stdout + done.stderr


def _digest(*paths: Path) -> str:
    found = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()[:12]


_LLVM_VERSION = re.compile(r"LLVM version (\S+)")


def _mlir_tool(candidate: Candidate) -> _Facts:
    """aie-opt and aie-translate: `<name> <commit>` in --version, options and passes in --help."""
    name = candidate.path.name
    text = _output(candidate.path, "--version")
    llvm = _LLVM_VERSION.search(text)
    if llvm is None:
        raise _ProbeError(f"says nothing of LLVM in --version, so it is no {name}")
    commit = re.search(rf"^{re.escape(name)} (\w+)", text, re.MULTILINE)
    options, passes = read_help(_output(candidate.path, "--help"))
    if not options:
        raise _ProbeError("lists no options in --help")
    release = next((since for mark, since in RELEASES[name] if mark in options), "")
    built = " ".join(([release] if release else []) + ([f"({commit[1][:12]})"] if commit else []))
    return _Facts(
        f"mlir-aie {built}, LLVM {llvm[1]}" if built else f"LLVM {llvm[1]}",
        _digest(candidate.path),
        sorted(options),
        {name: sorted(known) for name, known in sorted(passes.items())},
        release,
    )


_HELP_LINE = re.compile(r"^( +)--?([A-Za-z][\w-]*)(?:[=\[ ]|$)")


def read_help(text: str) -> tuple[set[str], dict[str, set[str]]]:
    """All options that an LLVM program's --help lists, and by pass the options of passes.

    Below the line `Passes:` (and `Pass Pipelines:`) stand the passes, further in the options of
    each. The first line that is as far out as an ordinary option ends them.
    """
    options: set[str] = set()
    passes: dict[str, set[str]] = {}
    header: int | None = None
    depth: int | None = None
    current: set[str] = set()
    for line in text.splitlines():
        if line.strip() in ("Passes:", "Pass Pipelines:"):
            header, depth = len(line) - len(line.lstrip()), None
            continue
        found = _HELP_LINE.match(line)
        if found is None:
            continue
        indent, name = len(found[1]), found[2]
        options.add(name)
        if header is None:
            continue
        if indent <= header:
            header = None
        elif depth is None or indent <= depth:
            depth = indent
            current = passes.setdefault(name, set())
        else:
            current.add(name)
    return options, passes


def _peano(candidate: Candidate) -> _Facts:
    folder = candidate.folder
    missing = [name for name in PEANO_PROGRAMS[:3] if not runs(folder / name)]
    if missing:
        raise _ProbeError(f"has no {' and no '.join(missing)} beside it")
    targets = _output(folder / "llc", "--version")
    listed = [name for name in AIE_TARGETS if re.search(rf"^\s+{name}\s", targets, re.MULTILINE)]
    if not listed:
        raise _ProbeError("is a clang for other machines: its llc lists no target aie2")
    first = _output(candidate.path, "--version").splitlines()
    version = first[0].strip() if first else "clang"
    options, _ = read_help(_output(folder / "llc", "--help-list"))
    files = [folder / name for name in PEANO_PROGRAMS if runs(folder / name)]
    known = sorted(options & PEANO_OPTIONS)
    return _Facts(f"{version} for {', '.join(listed)}", _digest(*files), known, {})


def _bootgen(candidate: Candidate) -> _Facts:
    text = _output(candidate.path, "-help")
    found = re.search(r"Bootgen v(\S+)", text)
    if found is None:
        raise _ProbeError("is no Xilinx bootgen: its -help does not say so")
    options = {m[1] for m in re.finditer(r"^\s*-?(\w+)\s+- ", text, re.MULTILINE)}
    return _Facts(found[1], _digest(candidate.path), sorted(options), {})


def _xclbinutil(candidate: Candidate) -> _Facts:
    text = _output(candidate.path, "--version")
    found = re.search(r"Build Version:\s*(\S+)", text)
    hash_id = re.search(r"Hash(?: ID)?:\s*(\w+)", text)
    if found is None:
        raise _ProbeError("says nothing of XRT in --version, so it is no xclbinutil")
    options, _ = read_help(_output(candidate.path, "--help"))
    commit = f" {hash_id[1][:12]}" if hash_id else ""
    return _Facts(f"XRT {found[1]}{commit}", _digest(candidate.path), sorted(options), {})


_QUESTIONS: Mapping[str, Callable[[Candidate], _Facts]] = {
    AIE_OPT: _mlir_tool,
    AIE_TRANSLATE: _mlir_tool,
    PEANO: _peano,
    BOOTGEN: _bootgen,
    XCLBINUTIL: _xclbinutil,
}
