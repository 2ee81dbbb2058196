"""What an author's reference and vectors give, and how mistakes in them are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import checks, options
from pipeline.designs import Variant
from pipeline.discovery import discover
from pipeline.errors import PipelineError
from pipeline.keys import KEPT
from runner.artifact import Argument
from runner.errors import RunnerError
from softnpu.emulator.xrt.machine import machine

MLIR = """module {
  aie.device(npu1_1col) {
    aie.runtime_sequence(%a: memref<4xi32>) {}
  }
}
"""
X = Argument("x", "in", (4,), "int32")
Y = Argument("y", "out", (4,), "int32")
Z = Argument("z", "out", (2, 3), "float32")
INPUTS = {"x": np.arange(4, dtype=np.int32)}

Write = Callable[[str], Variant]


@pytest.fixture
def design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A design whose Python file holds a text, from its third line on."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Variant:
        folder = tmp_path / "mlir_templates"
        folder.mkdir()
        (folder / "two.mlir").write_text(MLIR)
        (folder / "two.py").write_text(f"import numpy as np\n\n{text}\n")
        (variant,) = discover(tmp_path).variants
        return variant

    return write


@pytest.mark.parametrize(
    "given",
    [
        "return 2 * x, np.ones((2, 3), np.float32)",
        "return [2 * x, np.ones((2, 3))]",
        "return {'z': np.ones(6), 'y': 2 * x}",
        "x *= 2; return x, np.ones((2, 3))",
    ],
)
def test_outputs_come_in_their_order_or_by_name(design: Write, given: str) -> None:
    expected = checks.expected(design(f"def reference(p, x):\n    {given}"), [X, Y, Z])
    found = expected.answers(INPUTS, [X, Y, Z])
    assert found is not None
    assert found["y"].tolist() == [0, 2, 4, 6]
    assert found["z"].all()
    assert INPUTS["x"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("given", "line", "words"),
    [
        ("return np.ones((2, 3)), 2 * x", 3, "- y must be int32[4], and float64[2, 3] was given"),
        (
            "return 2 * x",
            3,
            "must return 2 arrays (y, z), in their order or in a dict; it returns 1",
        ),
        ("return x, x, x", 3, "it returns 3"),
        ("pass", 3, "it returns None: is a return missing?"),
        ("return {'y': x, 'zed': x}", 3, "there is no output 'zed'; outputs are y, z"),
        ("return x / 'a', x", 4, "TypeError: "),
        ("raise SystemExit(0)", 4, "SystemExit: 0"),
    ],
)
def test_a_reference_that_does_not_fit_is_told_with_its_line(
    design: Write, given: str, line: int, words: str
) -> None:
    variant = design(f"def reference(p, x):\n    {given}")
    with pytest.raises(RunnerError) as failure:
        checks.expected(variant, [X, Y, Z]).answers(INPUTS, [X, Y, Z])
    assert str(failure.value).startswith(f"mlir_templates/two.py:{line}: error: ")
    assert words in str(failure.value)


def test_vectors_are_taken_in_the_inputs_types(design: Write) -> None:
    variant = design("def vectors(p, rng):\n    return {'ramp': {'x': np.arange(4).reshape(2, 2)}}")
    (*_, last) = checks.inputs(variant, [X, Y])
    assert last.name == "ramp"
    assert (last.inputs["x"].dtype, last.inputs["x"].tolist()) == (np.int32, [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("None", "it must return a dict by name of dicts of arrays by input"),
        ("{'a': np.zeros(4)}", "it must return a dict by name of dicts of arrays by input"),
        ("{'a': {'x': np.zeros(4)}}", "vector 'a': x must be int32[4], and float64[4] was given"),
        ("{'a': {'x': np.zeros(5, int)}}", "5 elements, not 4"),
        ("{'a': {'in': np.zeros(4, int)}}", "vector 'a' must hold x, it holds in"),
        ("{'a': {}}", "vector 'a' must hold x, it holds nothing"),
        ("{'a': {'x': INPUT}}", "NameError"),
    ],
)
def test_vectors_that_do_not_fit_are_told_with_their_line(
    design: Write, given: str, words: str
) -> None:
    variant = design(f"def vectors(p, rng): return {given}")
    with pytest.raises(PipelineError) as failure:
        checks.inputs(variant, [X, Y])
    assert failure.value.line == 3
    assert words in failure.value.message


def test_memcheck_holds_all_accesses_and_is_a_reason_to_run_again(
    design: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = machine().settings
    key = checks.test(design(""), "test_emu")["uptodate"][0]
    with checks.memory_checked():
        assert settings.memcheck == checks.MEMORY_CHECKED
    environment: dict[str, str] = {}
    options.take_memcheck({"memcheck": True}, environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with checks.memory_checked():
        assert settings.memcheck == 0
    assert settings.memcheck is None
    (variant,) = discover(Path()).variants
    again = checks.test(variant, "test_emu")["uptodate"][0]
    assert not again(None, {KEPT: key.value})
