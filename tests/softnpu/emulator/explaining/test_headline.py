"""The first line of a hang, where the chain of waits says the cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler.driver import compile_design
from softnpu.emulator.explaining.explain import explain
from softnpu.targets.standin import compile_kernel
from tests.softnpu.emulator.debugging.artifacts import DESIGN, KERNEL, Built

LISTENS = KERNEL.replace("    calls++;\n", "    calls += npu_get_stream();\n")


@pytest.mark.parametrize(
    ("sent", "taken", "kernel", "told"),
    [
        (56, 64, KERNEL, "in moves 56 elements: 3 objects of 16 and 8 over"),
        (64, 56, KERNEL, None),
        (48, 56, KERNEL, "out moves 56 elements: 3 objects of 16 and 8 over"),
        (
            48,
            64,
            KERNEL,
            "all that in moves has been taken, 3 objects of 16 elements, and out waits for more:"
            " it has 48 of its 64 words",
        ),
        (64, 64, LISTENS, "no stream leads to core (0,2), which waits for data"),
    ],
)
def test_a_hang_begins_with_its_cause(
    tmp_path: Path, sent: int, taken: int, kernel: str, told: str | None
) -> None:
    design = DESIGN.replace("[1, 1, 1, 64]", f"[1, 1, 1, {taken}]").replace("SENT", str(sent))
    first = headline_of(tmp_path, design, kernel)
    assert first == ("completed" if told is None else f"a hang: {told}")


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        ("@in", "the sequence waits for a token of in, and no transfer issues one"),
        (
            "@out}\n    aiex.npu.dma_wait {symbol = @out",
            "the sequence waits for a token of out, and the ones of its transfers are used up",
        ),
    ],
)
def test_a_wait_for_a_token_that_is_not_issued_is_told(
    tmp_path: Path, waits: str, told: str
) -> None:
    design = DESIGN.replace("dma_wait {symbol = @out", f"dma_wait {{symbol = {waits}")
    assert headline_of(tmp_path, design.replace("SENT", "64"), KERNEL) == f"a hang: {told}"


def headline_of(folder: Path, design: str, kernel: str) -> str:
    """The first line of what is told of a design's run."""
    (folder / "kernel.c").write_text(kernel)
    (folder / "design.mlir").write_text(design)
    compile_kernel(folder / "kernel.c", folder / "kernel.o")
    compile_design(folder / "design.mlir", folder)
    built = Built(folder)
    report, _ = built.run(built.context())
    return explain(report, built.names).splitlines()[0]
