"""What the tests of several passes share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.passes import ModulePass

from softnpu.dialects.context import context
from softnpu.dialects.text import parse_text, print_module

Lower = Callable[..., str]


@pytest.fixture(scope="session")
def mlir() -> Context:
    """An xDSL context with every dialect."""
    return context()


@pytest.fixture
def lower(mlir: Context) -> Lower:
    """Runs passes over a design given as text; the design that comes out, as text."""

    def run(text: str, *passes: ModulePass) -> str:
        module = parse_text(text, "design.mlir", mlir)
        for each in passes:
            each.apply(mlir, module)
        return print_module(module)

    return run
