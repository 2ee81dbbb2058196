"""Comments and strings where they are easily read wrongly, or slowly."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRTokenKind

from softnpu.dialects.lexer import DesignLexer
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError


def test_a_comment_may_end_the_file() -> None:
    for text in ("module {\n}\n// last\n", "module {\n}\n// last", "// only\nmodule {}  // word"):
        assert parse_text(text).name == "builtin.module"


@pytest.mark.parametrize("line", ['"not closed' + " x" * 60, " " * 200 + '"not closed', "//" * 200])
def test_what_is_not_closed_is_an_error_at_once(line: str) -> None:
    with pytest.raises(DesignError):
        parse_text(f"module {{\n{line}\n")


def test_tokens_are_those_of_xdsl(golden: Path) -> None:
    for path in sorted(golden.glob("*/*.mlir")):
        text = path.read_text()
        ours, theirs = (kind(Input(text, "x")) for kind in (DesignLexer, MLIRLexer))
        while True:
            token, wanted = ours.lex(), theirs.lex()
            assert (token.kind, token.span.start, token.text) == (
                wanted.kind,
                wanted.span.start,
                wanted.text,
            )
            if wanted.kind is MLIRTokenKind.EOF:
                break


def test_numbers_that_only_look_like_integers() -> None:
    lexer = DesignLexer(Input("0x1F 1.5 16x32 -7 1e", "x"))
    tokens = [lexer.lex() for _ in range(8)]
    assert [token.text for token in tokens] == ["0x1F", "1.5", "16", "x32", "-", "7", "1", "e"]
    assert tokens[1].kind is MLIRTokenKind.FLOAT_LIT
