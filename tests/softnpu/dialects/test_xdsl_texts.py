"""No text of xDSL's reaches an author: each has words of ours."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import xdsl
from xdsl.context import Context
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.text import parse_text
from softnpu.dialects.xdsl_texts import of_definition, of_parser
from softnpu.errors import DesignError
from tests.softnpu.compiler.test_robustness import damaged

XDSL = Path(xdsl.__file__).parent
READ = (
    *(XDSL / "parser").glob("*.py"),
    XDSL / "utils" / "mlir_lexer.py",
    XDSL / "dialects" / "utils" / "format.py",
    *(XDSL / "dialects" / f"{name}.py" for name in ("affine", "func", "memref", "scf", "vector")),
)
"""What takes part in reading a design."""

MESSAGE = {"raise_error": 0, "ParseError": 1, "expect": 1, "_parse_token": 1}
"""Calls that carry a message for a text that cannot be read, and which argument it is."""


def sample(node: ast.expr) -> str | None:
    """A message as it may come out, 7 standing for what is put in; None for a mere variable."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in node.values)
    if isinstance(node, ast.BinOp):
        return f"{sample(node.left) or ''}{sample(node.right) or ''}"
    return None


def messages() -> Iterator[str]:
    for path in READ:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in MESSAGE and len(node.args) > MESSAGE[name]:
                text = sample(node.args[MESSAGE[name]])
                if text:
                    yield text


REPLACED = {
    *("Expected location alias.", "Unsupported location type.", "Unexpected location syntax."),
    "Operation has 7 results, but was given 7 to bind.",
}
"""Of methods that ours replace."""


def test_every_message_of_the_parser_has_words_of_ours() -> None:
    found = set(messages()) - REPLACED
    assert len(found) > 100
    assert [text for text in sorted(found) if of_parser(text, "").startswith(text)] == []


def test_what_was_found_stands_behind_what_was_expected() -> None:
    assert of_parser("Expected integer literal", ")") == "expected an integer, found ')'"
    assert of_parser("type expected", '"a"') == 'expected a type, found "a"'
    assert of_parser("'}' expected", "") == "expected '}', found the end of the text"
    assert of_parser("a message of ours", ")") == "a message of ours"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (VerifyException("property 'value' expected in operation 'x.y'"), "needs the attribute"),
        (VerifyException("Something that nobody has met yet"), "not valid as it stands"),
        (AttributeError("'IntegerType' object has no attribute 'shape'"), "not valid as it stands"),
        (OverflowError("int too large"), "a number does not fit its type"),
    ],
)
def test_what_no_row_knows_is_not_passed_on(error: Exception, said: str) -> None:
    assert said in of_definition(error)


def raised_in_xdsl(error: BaseException) -> str | None:
    """What xDSL said, if it was the first to complain and not on our behalf."""
    while error.__cause__ is not None:
        error = error.__cause__
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code)
        trace = trace.tb_next
    while frames and frames[-1].co_name in MESSAGE:
        frames.pop()
    own = not frames or not Path(frames[-1].co_filename).is_relative_to(XDSL)
    return None if own else getattr(error, "msg", str(error))


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_design_is_refused_in_words_of_ours(
    seed: int, golden: Path, mlir: Context
) -> None:
    rng = random.Random(seed)
    path = rng.choice(sorted(golden.glob("*/design.mlir")))
    for _ in range(10):
        try:
            parse_text(damaged(path.read_text(), rng), "design.mlir", mlir)
        except DesignError as error:
            said = raised_in_xdsl(error)
            assert not said or said not in error.message
