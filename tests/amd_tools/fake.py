"""Plays AMD's programs (see README.md)."""

from __future__ import annotations

import json
import sys

from tests.amd_tools import mlir, packers, peano
from tests.amd_tools.about import ABOUT
from tests.amd_tools.program import Program, Refused

PLAYED = {
    "aie-opt": mlir.aie_opt,
    "aie-translate": mlir.aie_translate,
    "bootgen": packers.bootgen,
    "xclbinutil": packers.xclbinutil,
    "clang": peano.clang,
    "clang++": peano.clang,
    "opt": peano.opt,
    "llc": peano.llc,
}


def main(words: list[str]) -> int:
    """Plays one call.

    Args:
        words: the behaviour (see `install`) as JSON, the program's name and its arguments.

    Returns:
        The exit code.
    """
    behaviour = json.loads(words[0])
    program = Program(words[1], **behaviour)
    arguments = words[2:]
    if program.mode == "other":
        sys.stdout.write("a program of the same name\n")
        return 0
    asked = {argument.lstrip("-") for argument in arguments} & {"version", "help", "help-list"}
    if asked:
        sys.stdout.write(ABOUT[program.name](program, asked.pop()) + "\n")
        return 0
    if program.mode == "fail":
        sys.stderr.write(f"{program.name}: this one always fails\n")
        return 1
    if program.mode == "warn":
        sys.stderr.write("something is odd\n")
        sys.stdout.write("[WARNING]: an option is old\n")
    try:
        PLAYED[program.name](program, arguments)
    except Refused as reason:
        sys.stderr.write(f"{program.name}: {reason}\n")
        return 1
    return 0
