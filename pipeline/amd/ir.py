"""LLVM IR for an older LLVM: Peano's is behind the one that mlir-aie is built with."""

from __future__ import annotations

import re

NEWER_THAN_PEANO = (
    (re.compile(r"\bgetelementptr inbounds nuw\b"), "getelementptr inbounds"),
    (re.compile(r"\bnocreateundeforpoison\b[ \t]*"), ""),
)
"""What Peano's parser does not know, and what says the same to it. Source: mlir-aie, aiecc.cpp,
downgradeIRForPeano: a flag of `getelementptr`, and an attribute of functions."""


def for_peano(text: str) -> str:
    """The same IR without what only newer LLVMs read."""
    for newer, older in NEWER_THAN_PEANO:
        text = newer.sub(older, text)
    return text
