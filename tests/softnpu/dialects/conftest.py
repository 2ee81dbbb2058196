"""Reading small designs, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.context import context
from softnpu.dialects.text import parse_text, print_module
from softnpu.errors import DesignError

TILES = """
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    %north = aie.tile(0, 3)
"""
"""What every design here starts with, after the line `aie.device(npu1_1col) {`."""


@pytest.fixture(scope="session")
def mlir() -> Context:
    """One context for all tests: it holds no state of a design."""
    return context()


@pytest.fixture
def read(mlir: Context) -> Callable[[str], ModuleOp]:
    """The module of a device body."""

    def reader(body: str) -> ModuleOp:
        text = f"module {{\n  aie.device(npu1_1col) {{{TILES}{body}\n  }}\n}}\n"
        return parse_text(text, "design.mlir", mlir)

    return reader


@pytest.fixture
def lines(read: Callable[[str], ModuleOp], mlir: Context) -> Callable[[str], list[str]]:
    """The printed lines of a device body, after the tiles; they read back to the same text."""

    def printed(body: str) -> list[str]:
        text = print_module(read(body))
        assert print_module(parse_text(text, "printed.mlir", mlir)) == text
        return [line[4:] for line in text.splitlines()[6:-3]]

    return printed


@pytest.fixture
def refusal(read: Callable[[str], ModuleOp]) -> Callable[[str], DesignError]:
    """The error that a device body gives."""

    def error(body: str) -> DesignError:
        with pytest.raises(DesignError) as caught:
            read(body)
        return caught.value

    return error


@pytest.fixture
def code(mlir: Context) -> Callable[[str, str], str]:
    """The printed first op of a function with the given arguments and body."""

    def printed(arguments: str, body: str) -> str:
        text = f"func.func @f({arguments}) {{\n{body}\n  return\n}}"
        module = print_module(parse_text(f"module {{\n{text}\n}}", "design.mlir", mlir))
        assert print_module(parse_text(module, "printed.mlir", mlir)) == module
        inner = module.splitlines()[2:-4]
        return "\n".join(line[4:] for line in inner)

    return printed
