"""AMD's build tools as the doctor tells of them; whoever finds them hands them over as `Tool`s."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runner.doctor.check import Check, failed, ok, warning

PEANO, AIE_OPT = "peano", "aie-opt"

LLVM_REACH = 4
"""How many major versions of LLVM newer than Peano's the IR of mlir-aie may be: npuforge rewrites
what those that it knows have added."""


@dataclass(frozen=True)
class Tool:
    """One of AMD's tools, found or not.

    Attributes:
        name: "peano", "aie-opt", ...
        path: None if it was not found.
        version: as it says itself.
        reason: why this one was taken; for a tool that was not found, why not.
        others: further ones that were found and are not used, as "path (version)".
        needed: artifacts for the NPU cannot be made without it.
        remedy: how to get it.
        broken: something was found under its name and cannot be used.
    """

    name: str
    path: str | None
    version: str = ""
    reason: str = ""
    others: tuple[str, ...] = ()
    needed: bool = False
    remedy: str = ""
    broken: bool = False


def check(tool: Tool) -> Check:
    """One tool."""
    if tool.path is None:
        if tool.needed:
            return failed(tool.name, tool.reason or "not found", tool.remedy)
        if tool.broken:
            detail = f"{tool.reason}; npuforge's own does its work"
            return warning(tool.name, detail, tool.remedy)
        return ok(tool.name, "not found: npuforge's own does its work")
    told = f"{tool.version} ({tool.path}, by {tool.reason})"
    if tool.others and tool.name == PEANO:
        return warning(
            tool.name,
            f"{told}; another lies at {', '.join(tool.others)}",
            "objects of two compilers do not link: set PEANO_INSTALL_DIR to the one that is meant",
        )
    return ok(tool.name, told)


def fit(tools: Sequence[Tool]) -> Check:
    """Whether Peano can read the LLVM IR that mlir-aie writes."""
    name = "tools fit"
    by_name = {tool.name: tool for tool in tools if tool.path is not None}
    if not {PEANO, AIE_OPT} <= set(by_name):
        return ok(name, "AMD's compiler and aie-opt are not used together")
    old, new = (_llvm(by_name[tool].version) for tool in (PEANO, AIE_OPT))
    if old is None or new is None:
        return warning(
            name, "Peano or aie-opt does not tell its LLVM version", "install the pinned wheels"
        )
    told = f"Peano is LLVM {old}, mlir-aie writes IR of LLVM {new}"
    if new - old > LLVM_REACH:
        return warning(
            name,
            f"{told}: further apart than npuforge has seen",
            "install Peano and mlir-aie of one time; `npuforge docs hardware` has a pair",
        )
    return ok(name, told)


def _llvm(version: str) -> int | None:
    """The major version of LLVM in "LLVM 22.1.0" or "clang version 20.0.0"."""
    match = re.search(r"(?:LLVM|clang version)\s+(\d+)\.", version)
    return int(match[1]) if match else None
