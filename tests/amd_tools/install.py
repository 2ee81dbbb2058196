"""Puts fakes of AMD's programs into a folder."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.amd_tools.serving import address

CALLING = Path(__file__).parent / "calling.py"

NEWEST, MARCH, OLDEST = "1.4", "2026-03", "1.1"
SPELLINGS = (NEWEST, MARCH, OLDEST)

WITHOUT_PEANO = ("aie-opt", "aie-translate", "bootgen", "xclbinutil")
PEANO = ("clang", "clang++", "opt", "llc", "ld.lld")


def install(
    folder: Path,
    programs: Iterable[str] = WITHOUT_PEANO,
    *,
    spelling: str = NEWEST,
    modes: Mapping[str, str] | None = None,
    version: str = "",
) -> Path:
    """Writes the programs into `folder`, which is made when it is missing.

    Args:
        modes: by program, "silent", "warn", "fail" or "other"; the others work.
        version: added to what the programs say of themselves.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python = [sys.executable, "-I", "-S"]  # it starts in no time
    for name in programs:
        behaviour = {"spelling": spelling, "mode": (modes or {}).get(name, ""), "version": version}
        words = [*python, str(CALLING), str(address()), json.dumps(behaviour), name]
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        program.chmod(0o755)
    return folder
