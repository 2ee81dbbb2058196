"""What broke other attention kernels: ours is free of it, and a twin that has it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.library import Array, Kernel, built, correlation, module_at, project_of, refusal
from tests.project import Project

reference = module_at("mlir_templates/_attention.py")

C, HEADER = "kernels_src/attention.c", "kernels_src/attention.h"
DECLARED, TEMPLATE = "mlir_templates/attention.py", "mlir_templates/attention.mlir.j2"
TILE = "attention/t64"


@pytest.fixture
def tile(tmp_path: Path) -> Project:
    """The project with the design for one tile."""
    return project_of(tmp_path / "project", TILE)


def against_float(kernel: Kernel) -> float:
    """Correlation with softmax attention in floating point, on inputs like a model's."""
    qkv = reference.like_a_model(np.random.default_rng(9), 64, 64)
    q, k, v = qkv[0] / 16, qkv[1] / 16, qkv[2].astype(float)
    scores = q @ k.T / np.sqrt(64)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected: Array = weights / weights.sum(axis=1, keepdims=True) @ v
    return correlation(kernel.run(qkv=qkv)["out"], expected)


# Scores clamped to int8, which are then all alike.


def test_clamped_scores_destroy_the_softmax_and_fail(tile: Project) -> None:
    assert against_float(built(tile, TILE)) > 0.99
    tile.edit(
        HEADER,
        "return sum >> SHIFT;",
        "sum >>= SHIFT; return sum < -128 ? -128 : sum > 127 ? 127 : sum;",
    )
    assert against_float(built(tile, TILE)) < 0.6
    said = refusal(tile, f"test_emu:{TILE}")
    for vector in ("random-0", "model"):
        assert re.search(rf"FAIL {TILE} {vector} .*elements differ", said)


# A shift of 4 where 3 is right.


def test_a_shift_that_contradicts_the_size_is_refused(tile: Project) -> None:
    tile.edit(DECLARED, '"shift": 3', '"shift": 4')
    said = refusal(tile, f"kernels:{TILE}:attention")
    assert "attention.h:" in said
    assert "SHIFT must be log2(sqrt(DIM))" in said


def test_a_shift_of_4_in_the_c_file_alone_fails(tile: Project) -> None:
    right = against_float(built(tile, TILE))
    tile.edit(HEADER, "return sum >> SHIFT;", "return sum >> 4;")
    assert against_float(built(tile, TILE)) < right - 0.01
    assert re.search(rf"FAIL {TILE} random-0 .*elements differ", refusal(tile, f"test_emu:{TILE}"))


# A stack that holds all scores at once.


def test_a_row_of_scores_fits_the_default_stack(tile: Project) -> None:
    assert built(tile, TILE).stack.size < 0x400


def test_all_scores_on_the_stack_are_refused(tile: Project) -> None:
    tile.edit(C, "int32_t scores[ROWS];", "int32_t all[ROWS][ROWS];")
    tile.edit(
        C, "row < ROWS; row++) {\n", "row < ROWS; row++) {\n        int32_t *scores = all[row];\n"
    )
    said = refusal(tile, f"cores:{TILE}")
    found = re.search(r"needs ([\d,]+) bytes of stack, and has 1,024", said)
    assert found, said
    assert int(found[1].replace(",", "")) > 4 * 64 * 64
    assert re.search(r"[\d,]+ attention ", said)
    assert re.search(r"write \{stack_size = \d+ : i32\} after the core's body", said)


# Eight host buffers, of which five would get through with tools that know of no more.

MULTICORE = "attention_multicore/columns"


EIGHT_BUFFERS = """\
    if p.columns == 4:
        shapes = {"qkv": (In, (3, p.rows, p.dim)), "out": (Out, (p.rows, p.dim))}
        return {f"{n}{i}": k(s, "int8") for i in range(4) for n, (k, s) in shapes.items()}
"""


def like_a_model(tiles: int) -> Array:
    """So many tiles of Q, K and V."""
    rng = np.random.default_rng(10)
    return np.stack([reference.like_a_model(rng, 64, 64) for _ in range(tiles)])


def test_four_cores_need_two_host_buffers(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", MULTICORE)
    kernel = built(project, MULTICORE)
    tiles = like_a_model(4)
    got = kernel.run(qkv=tiles)
    expected = [reference.attention(*tile, 3) for tile in tiles]
    assert np.array_equal(got["out"], expected)


def test_eight_host_buffers_get_through(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", MULTICORE)
    template, declared = (f"mlir_templates/attention_multicore{s}" for s in (".mlir.j2", ".py"))
    names = [f"%{kind}{i}: {{{{ {kind} }}}}" for i in range(4) for kind in ("qkv", "out")]
    project.edit(template, "%qkv: {{ all_qkv }}, %out: {{ all_out }}", ", ".join(names))
    for kind in ("qkv", "out"):
        offset = f"0, 0, 0, {{{{ i * {kind}_bytes }}}}"
        project.edit(template, f"%{kind}[{offset}]", f"%{kind}{{{{ i }}}}[0, 0, 0, 0]")
        project.edit(template, f"}} : {{{{ all_{kind} }}}}", f"}} : {{{{ {kind} }}}}")
    project.edit(declared, "    return {\n", EIGHT_BUFFERS + "    return {\n")
    kernel = built(project, MULTICORE)
    tiles = like_a_model(4)
    got = kernel.run(**{f"qkv{i}": tile for i, tile in enumerate(tiles)})
    for i, tile in enumerate(tiles):
        assert np.array_equal(got[f"out{i}"], reference.attention(*tile, 3)), i
