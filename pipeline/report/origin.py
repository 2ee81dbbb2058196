"""What the page was made from: when, which commit, which tools made what."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import softnpu
from pipeline.selection import Toolchain
from pipeline.stages import STAGES
from pipeline.toolchain import TOOLS
from runner.bench import machine
from runner.doctor import System
from softnpu.subcommands import PROGRAM


@dataclass(frozen=True)
class Tool:
    """A tool in one version, and what it did."""

    name: str
    version: str
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """Where a page comes from.

    Attributes:
        written: date and time of day, in UTC.
        commit: of the project, "+" behind it where files have changed since; "" without git.
        tools: of the stages and of runs on the emulator.
    """

    written: str
    commit: str
    changed: bool
    tools: tuple[Tool, ...]
    python: str = platform.python_version()
    npuforge: str = softnpu.__version__


def origin(chain: Toolchain, system: System | None = None) -> Origin:
    """Of a page that is written now about what a chain of tools makes."""
    commit = machine.sources(system or System(), str(Path.cwd())).get("commit", "")
    return Origin(
        datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        commit.removesuffix(machine.CHANGED),
        commit.endswith(machine.CHANGED),
        tuple(tools(chain)),
    )


def tools(chain: Toolchain) -> Iterator[Tool]:
    """Each tool with the stages that it has a part in, in the order of a build.

    npuforge's own part is told by the commit and is left out.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for stage in (*STAGES, RUN):
        if stage in TOOLS:
            for name, version in chain.key(stage).items():
                if name != PROGRAM:
                    found.setdefault((name, version), []).append(stage)
    for (name, version), stages in found.items():
        yield Tool(name, version, tuple(stages))


RUN = "test_emu"
