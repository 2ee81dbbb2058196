"""What a Python file says without being run: what it imports, where its names stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def imports(file: Path) -> Iterator[str]:
    """The modules beside a file that it imports: `from ._mel import ...`, `from . import _mel`."""
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else (name.name for name in node.names)


def line_of(file: Path, name: str, *keys: str) -> int | None:
    """Where a top-level name of a file stands, or a key within its dict."""
    node = _definition(ast.parse(file.read_bytes()), name)
    for key in keys:
        node = _entry(node, key) or node
    return getattr(node, "lineno", None)


def _definition(tree: ast.Module, name: str) -> ast.AST | None:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return node.value
    return None


def _entry(node: ast.AST | None, key: str) -> ast.AST | None:
    """The key's node in a dict display or a `dict(...)` call, wrapped so that it can be entered."""
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                return _at(value, name.lineno)
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == key:
                return _at(keyword.value, keyword.value.lineno)
    return None


def _at(value: ast.expr, line: int) -> ast.AST:
    value.lineno = line
    return value
