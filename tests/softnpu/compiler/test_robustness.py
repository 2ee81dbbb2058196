"""Whatever is written in a design, the compiler compiles it or says what is wrong.

Each golden design is damaged as authors damage theirs: tokens lost, doubled or exchanged, numbers
and types changed, names misspelt, lines doubled, lost or exchanged. The damage is the same in
every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from softnpu.compiler import pipelines, programs
from softnpu.compiler.driver import Options, compile_design
from softnpu.dialects.text import parse_file
from softnpu.errors import SoftnpuError
from softnpu.passes.sequence_ops import devices
from softnpu.targets.core_c import core_source
from tests.conftest import DESIGNS, GOLDEN

VARIANTS = 12

_TOKEN = re.compile(r'[A-Za-z_][\w.$]*|[%@#^!][\w.$]+|\d+|"[^"]*"|->|[^\s\w]|\s+')
_NUMBERS = ("0", "1", "-1", "3", "16", "48", "64", "1024", "65536", "2147483648", "4294967296")
_TYPES = ("i32", "i8", "f32", "bf16", "index")

Change = Callable[[random.Random, list[str]], None]


def _places(tokens: list[str]) -> list[int]:
    return [n for n, token in enumerate(tokens) if token.strip()]


def lose(rng: random.Random, tokens: list[str]) -> None:
    del tokens[rng.choice(_places(tokens))]


def exchange(rng: random.Random, tokens: list[str]) -> None:
    one, two = rng.choice(_places(tokens)), rng.choice(_places(tokens))
    tokens[one], tokens[two] = tokens[two], tokens[one]


def repeat(rng: random.Random, tokens: list[str]) -> None:
    tokens[rng.choice(_places(tokens))] = tokens[rng.choice(_places(tokens))]


def renumber(rng: random.Random, tokens: list[str]) -> None:
    place = rng.choice([n for n, token in enumerate(tokens) if token.isdigit()])
    tokens[place] = rng.choice((*_NUMBERS, str(int(tokens[place]) + 1)))


def retype(rng: random.Random, tokens: list[str]) -> None:
    places = [n for n, token in enumerate(tokens) if token in _TYPES]
    if places:
        tokens[rng.choice(places)] = rng.choice(_TYPES)


def misspell(rng: random.Random, tokens: list[str]) -> None:
    place = rng.choice([n for n, token in enumerate(tokens) if len(token) > 2 and token.strip()])
    word = tokens[place]
    at = rng.randrange(1, len(word))
    tokens[place] = word[:at] + word[at + 1 :]


def _on_lines(change: Change) -> Change:
    def changed(rng: random.Random, tokens: list[str]) -> None:
        lines = "".join(tokens).splitlines(keepends=True)
        change(rng, lines)
        tokens[:] = _TOKEN.findall("".join(lines))

    return changed


def double(rng: random.Random, lines: list[str]) -> None:
    at = rng.choice(_places(lines))
    lines.insert(rng.randrange(len(lines)), lines[at])


CHANGES: tuple[Change, ...] = (
    *(lose, exchange, repeat, renumber, renumber, renumber, retype, misspell),
    *map(_on_lines, (lose, exchange, double)),
)


def damaged(text: str, rng: random.Random) -> str:
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == text
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(CHANGES)(rng, tokens)
    return "".join(tokens)


def compile_all(design: Path, out: Path, elf_dir: Path) -> None:
    """The artifacts, and the C of every core."""
    compile_design(design, out, Options(elf_dir=elf_dir))
    module = parse_file(design)
    pipelines.run(pipelines.resource_allocation(), module)
    for device in devices(module):
        for core in programs.cores(device):
            core_source(device, core)


@pytest.mark.parametrize("variant", range(VARIANTS))
@pytest.mark.parametrize("design", DESIGNS)
def test_a_damaged_design_is_compiled_or_refused(tmp_path: Path, design: str, variant: int) -> None:
    rng = random.Random(f"{design} {variant}")
    path = tmp_path / "design.mlir"
    path.write_text(damaged((GOLDEN / design / "design.mlir").read_text(), rng))
    try:
        compile_all(path, tmp_path / "out", GOLDEN / design)
    except SoftnpuError as error:
        assert str(error)
