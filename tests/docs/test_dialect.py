"""docs/dialect.md says of every op whether it is compiled: neither more nor less than the code.

`UPDATE_DOCS=1 pytest tests/docs/test_dialect.py` writes the tables anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from softnpu.compiler.pass_pipelines import PASSES, pass_class, pass_options
from softnpu.compiler.translate import FORMATS, NOT_WRITTEN
from softnpu.dialects import aie, aiex
from softnpu.dialects.context import context
from softnpu.dialects.opdef import DefinedOp
from softnpu.targets import core_c
from softnpu.targets.core_c.function import STATEMENTS, VALUES

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "dialect.md"
COMPILERS = ("passes", "targets", "compiler")
"""The packages of softnpu that turn ops into something."""

CORE_DIALECTS = ("affine", "arith", "cf", "func", "index", "math", "memref", "scf", "ub", "vector")

STRUCTURE = {
    "affine.yield",
    "cf.br",
    "cf.cond_br",
    "cf.switch",
    "func.func",
    "func.return",
    "memref.global",
    "scf.condition",
    "scf.reduce",
    "scf.reduce.return",
    "scf.yield",
}
"""Ops that are compiled as part of others: blocks, functions, data, ends of regions."""

LOWERED = {"affine.if", "affine.vector_load", "affine.vector_store"}
"""Ops that a pass turns into others before code is made."""


def sources() -> str:
    """The code of the compilers."""
    paths = (path for name in COMPILERS for path in (ROOT / "softnpu" / name).rglob("*.py"))
    return "\n".join(path.read_text() for path in sorted(paths))


def is_compiled(op: type[DefinedOp], code: str) -> bool:
    """Whether a pass or target names the class, or the op in a core."""
    handled = op.name in VALUES or op.name in STATEMENTS
    return handled or re.search(rf"\b{op.__name__}\b", code) is not None


def summary(op: type[object]) -> str:
    """The first line of the docstring of an op or a pass."""
    return (op.__doc__ or "").strip().splitlines()[0]


def table(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """A Markdown table of ops."""
    return ["| op | what it is | |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def dialect_table(ops: Iterable[type[DefinedOp]]) -> list[str]:
    """The ops of aie or aiex."""
    return table((f"`{op.name}`", summary(op), op.status or "compiled") for op in ops)


def core_names() -> list[str]:
    """The ops that can be read in a core's body."""
    ctx = context()
    for dialect in CORE_DIALECTS:
        ctx.load_registered_dialect(dialect)
    wanted = tuple(f"{dialect}." for dialect in CORE_DIALECTS)
    return sorted(op.name for op in ctx.loaded_ops if op.name.startswith(wanted))


def core_table() -> list[str]:
    """What of MLIR's own dialects is compiled in a core, and what only read."""
    compiled = {*VALUES, *STATEMENTS, *STRUCTURE, *LOWERED}
    lines = ["| dialect | compiled | read only |", "|---|---|---|"]
    for dialect in CORE_DIALECTS:
        names = [name for name in core_names() if name.startswith(f"{dialect}.")]
        short = {name: f"`{name.removeprefix(dialect + '.')}`" for name in names}
        done = ", ".join(short[name] for name in names if name in compiled)
        rest = ", ".join(short[name] for name in names if name not in compiled)
        lines.append(f"| {dialect} | {done} | {rest} |")
    return lines


def pass_table() -> list[str]:
    """The passes by their names, with their options and defaults."""
    lines = ["| pass | what it does | options |", "|---|---|---|"]
    for name in PASSES:
        options = (f"`{key}={value}`".lower() for key, value in pass_options(name).items())
        lines.append(f"| `{name}` | {summary(pass_class(name))} | {', '.join(options)} |")
    return lines


def format_table() -> list[str]:
    """What `npuforge translate` writes, and what of aie-translate's formats it does not."""
    lines = ["| format | what it is |", "|---|---|"]
    lines += (f"| `--{name}` | {help} |" for name, (_, help) in FORMATS.items())
    lines += (f"| `--{name}` | not written: {why} |" for name, why in NOT_WRITTEN.items())
    return lines


def wanted_text(text: str) -> str:
    """The document with its tables as the code has them."""
    tables = {
        "aie": dialect_table(aie.OPS),
        "aiex": dialect_table(aiex.OPS),
        "core": core_table(),
        "passes": pass_table(),
        "formats": format_table(),
    }
    for name, lines in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = text.split(begin)
        _, tail = rest.split(end)
        text = "\n".join((head + begin, "", *lines, "", end + tail))
    return text


def test_the_tables_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text()
    wanted = wanted_text(text)
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert DOCUMENT.read_text() == wanted


def test_what_is_called_compiled_is_compiled() -> None:
    assert core_c.SUBJECTS
    code = sources()
    for op in (*aie.OPS, *aiex.OPS):
        if not op.status:
            assert is_compiled(op, code), f"{op.name} is called compiled, but nothing handles it"


def test_what_is_handled_is_known() -> None:
    known = {*core_names(), *(op.name for op in (*aie.OPS, *aiex.OPS))}
    assert {*VALUES, *STATEMENTS, *STRUCTURE, *LOWERED} <= known


def test_every_reason_is_given_in_the_same_words() -> None:
    for op in (*aie.OPS, *aiex.OPS):
        assert not op.status or op.status.startswith(("read only: ", "refused: "))
