"""A contract of import-linter's: no circle of imports between modules, type-only ones included.

Its own `acyclic_siblings` looks at packages as wholes; this one at each module.

usage: python -m tools.module_circles     all contracts of pyproject.toml
"""

from __future__ import annotations

import sys

from importlinter import Contract, ContractCheck, fields, output
from importlinter.cli import lint_imports


class ModuleCircles(Contract):  # type: ignore[misc]
    """Kept if the modules of `packages` can be put in an order in which each imports only those
    before it."""

    packages = fields.SetField(subfield=fields.StringField())

    def check(self, graph: object, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Looks for circles; each is told module by module."""
        circles = found(imports(graph, tuple(self.packages)))
        return ContractCheck(kept=not circles, metadata={"circles": circles})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Tells each circle."""
        for circle in check.metadata["circles"]:
            output.print_error(f"{len(circle)} modules import each other:")
            for module in circle:
                output.print_error(f"  {module}", bold=False)


def imports(graph: object, packages: tuple[str, ...]) -> dict[str, set[str]]:
    """Module -> the modules that it imports, of those packages."""
    modules = {m for m in graph.modules if m.split(".")[0] in packages}  # type: ignore[attr-defined]
    return {
        m: modules & graph.find_modules_directly_imported_by(m)  # type: ignore[attr-defined]
        for m in sorted(modules)
    }


def found(edges: dict[str, set[str]]) -> list[list[str]]:
    """The circles: modules that are left when those are taken away, again and again, that import
    nothing of the rest or that nothing of the rest imports; apart from each other."""
    left = set(edges)
    while True:
        imported = {target for module in left for target in edges[module] & left}
        ends = {module for module in left if not edges[module] & left or module not in imported}
        if not ends:
            break
        left -= ends
    circles: list[set[str]] = []
    for module in sorted(left):
        together = {module}
        waiting = [module]
        while waiting:
            for other in edges[waiting.pop()] & left - together:
                together.add(other)
                waiting.append(other)
        joined = [circle for circle in circles if circle & together]
        circles = [circle for circle in circles if circle not in joined]
        circles.append(together.union(*joined))
    return [sorted(circle) for circle in circles]


if __name__ == "__main__":
    sys.exit(lint_imports())
