"""Attributes that an op does not have and that are nearly called like one that it has.

MLIR lets every op carry attributes of any name, and nobody reads them: `issue_tokn = true` is
no error, and no token.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.opdef import DefinedOp
from softnpu.dialects.source import design_warning
from softnpu.dialects.walking import all_ops

CLOSE = 0.8
"""How alike two names are, at least, for one to be meant by the other."""


def attribute_warnings(module: ModuleOp) -> Iterator[str]:
    """The warnings for all ops of a design as its author wrote it."""
    for op in all_ops(module):
        if not op.attributes or not isinstance(op, DefinedOp):
            continue
        left = [name for name in op.attr_fields if name not in op.properties]
        for name in op.attributes:
            if "." in name:
                continue  # of some other dialect
            if near := get_close_matches(name, left, 1, CLOSE):
                yield design_warning(
                    op,
                    f"'{op.name}' has no attribute '{name}', which nothing reads; did you mean "
                    f"'{near[0]}'?",
                )
