#!/usr/bin/env python3
"""What a tree of mlir-aie has that npuforge does not: ops, their arguments, enum cases, passes.

usage: tools/drift.py MLIR_AIE_TREE

MLIR_AIE_TREE is a checkout of mlir-aie (or of its include/ folder alone). Read are the TableGen
files of the aie and aiex dialects and of their passes. Exit status 0 when nothing is missing, 1
when something is, 2 when there is nothing to read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from softnpu.compiler import pass_pipelines
from softnpu.compiler.pass_pipelines import PASSES, pass_options
from softnpu.dialects import aie, aiex, enums
from softnpu.dialects.parser import OUT_OF_SCOPE

FOLDERS = ("Dialect/AIE", "Dialect/AIEX", "Conversion")
NO_CASES = ("AIE1", "AIE2", "AIE2p", "AccuracySafe", "AccuracyFast", "AccuracyLow")
"""Architectures, and how aievec multiplies floats: no op's text names these."""

OP = re.compile(r"^def \w+\s*:\s*(AIEX?)_\w*Op\w*<\s*\"([\w.]+)\"", re.MULTILINE)
CASE = re.compile(r"(?:I32|I64|I8)\w*EnumAttrCase<\s*\"(\w+)\"")
PASS = re.compile(r"^def \w+\s*:\s*Pass<\s*\"([\w-]+)\"", re.MULTILINE)
OPTION = re.compile(r"Option<\s*\"\w+\"\s*,\s*\"([\w-]+)\"")
ARGUMENTS = re.compile(r"let arguments = \(\s*ins(.*?)\);", re.DOTALL)
NAME = re.compile(r":\$(\w+)")
DEFINITION = re.compile(r"^def ", re.MULTILINE)
COMMENT = re.compile(r"\[\{.*?\}\]|//[^\n]*", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Compares and prints; gives the exit status."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    files = sorted(p for f in FOLDERS for p in Path(arguments[0]).glob(f"**/{f}/**/*.td"))
    if not files:
        print(f"error: {arguments[0]} holds no TableGen files of mlir-aie's dialects")
        return 2
    text = "\n".join(COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files)
    missing = [*ops(text), *passes(text), *cases(text)]
    for line in missing:
        print(line)
    print(f"{len(missing)} things are missing" if missing else "nothing is missing")
    return 1 if missing else 0


def ops(text: str) -> Iterator[str]:
    """Ops that are unknown, and arguments of those that are known."""
    known = {op.name: op for op in (*aie.OPS, *aiex.OPS)}
    for match, body in _definitions(OP, text):
        name = f"{match[1].lower()}.{match[2]}"
        if name not in known:
            if not name.startswith(tuple(OUT_OF_SCOPE)):
                yield f"op {name}"
            continue
        op = known[name]
        ours = {_plain(field) for field in (*op.attr_fields, *(f.name for f in op.operand_fields))}
        theirs = [each for found in ARGUMENTS.findall(body) for each in NAME.findall(found)]
        for argument in theirs:
            if _plain(argument) not in ours and not hasattr(op, argument):
                yield f"argument {argument} of {name}"


def passes(text: str) -> Iterator[str]:
    """Passes that are unknown, and options of those that are known."""
    for match, body in _definitions(PASS, text):
        if match[1] not in PASSES:
            if match[1] not in pass_pipelines.OUT_OF_SCOPE:
                yield f"pass {match[1]}"
            continue
        ours = {_plain(option) for option in pass_options(match[1])}
        for option in OPTION.findall(body):
            if _plain(option) not in ours:
                yield f"option {option} of pass {match[1]}"


def cases(text: str) -> Iterator[str]:
    """Cases that no enumeration of that name has."""
    known = {
        _plain(case) for enum in vars(enums).values() for case in getattr(enum, "__members__", ())
    }
    for case in dict.fromkeys(CASE.findall(text)):
        if _plain(case) not in known and case not in NO_CASES:
            yield f"enum case {case}"


def _definitions(head: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in head.finditer(text):
        end = DEFINITION.search(text, match.end())
        yield match, text[match.start() : end.start() if end else len(text)]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
