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
    (tmp_path / "kernel.c").write_text(kernel)
    design = DESIGN.replace("[1, 1, 1, 64]", f"[1, 1, 1, {taken}]").replace("SENT", str(sent))
    (tmp_path / "design.mlir").write_text(design)
    compile_kernel(tmp_path / "kernel.c", tmp_path / "kernel.o")
    compile_design(tmp_path / "design.mlir", tmp_path)
    built = Built(tmp_path)
    report, _ = built.run(built.context())
    first = explain(report, built.names).splitlines()[0]
    assert first == ("completed" if told is None else f"a hang: {told}")
