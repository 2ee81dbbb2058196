"""`aie-assign-core-link-files`: each core lists the files that it links.

They are named by the functions that its body calls (`link_with`); a core's own `link_with`, as
written until 2026, comes first. A function with `link_with_mode = "merge"` names LLVM IR that is
merged into the core's module instead (mlir-aie, AIEAssignCoreLinkFiles.cpp).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.passes import ModulePass

from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.dialects.source import design_error, design_warning, location_of
from softnpu.dialects.walking import ops_of
from softnpu.passes.concerns import Concerns
from softnpu.passes.sequence_ops import devices

MERGE = "merge"
"""The one mode besides the ordinary one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artifact:
    """What a function needs: a file, linked or merged."""

    path: str
    merged: bool


@dataclass(frozen=True)
class AssignCoreLinkFilesPass(ModulePass):
    """Collect `link_with` into each core's `link_files` and `link_merge_files`."""

    name = "aie-assign-core-link-files"
    concerns: ClassVar[Concerns] = (
        CoreOp,
        FuncOp,
    )

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            artifacts = artifacts_of(device)
            cores = ops_of(device, CoreOp)
            needed = {core: needed_by(core, artifacts) for core in cores}
            _check_one_mode(needed)
            for core, found in needed.items():
                core.link_with = None
                core.link_files = _paths(found, merged=False) or core.link_files
                core.link_merge_files = _paths(found, merged=True) or core.link_merge_files
            _warn_of_unused(device, artifacts, cores)


def artifacts_of(device: DeviceOp) -> dict[str, Artifact]:
    """By name of function what a call of it needs. Raises DesignError for an unknown mode."""
    found: dict[str, Artifact] = {}
    for function in (op for op in device.body.ops if isinstance(op, FuncOp)):
        path = function.get_attr_or_prop("link_with")
        mode = function.get_attr_or_prop("link_with_mode")
        if mode is not None and not isinstance(path, StringAttr):
            raise design_error(
                function,
                f"function '{function.sym_name.data}' has link_with_mode but no link_with",
                "link_with_mode says how the file that link_with names is linked",
            )
        if mode is not None and mode != StringAttr(MERGE):
            raise design_error(
                function,
                f"link_with_mode = {mode} of function '{function.sym_name.data}' is unknown",
                f'write link_with_mode = "{MERGE}", or leave it out',
            )
        if isinstance(path, StringAttr):
            found[function.sym_name.data] = Artifact(path.data, mode is not None)
    return found


def needed_by(core: CoreOp, artifacts: dict[str, Artifact]) -> tuple[Artifact, ...]:
    """What a core links and merges, each once, in the order of its calls."""
    found = [] if core.link_with is None else [Artifact(core.link_with, False)]
    found += (artifacts[name] for name in _calls(core) if name in artifacts)
    return tuple(dict.fromkeys(found))


def _calls(core: CoreOp) -> list[str]:
    return [op.callee.root_reference.data for op in ops_of(core, CallOp)]


def _paths(artifacts: tuple[Artifact, ...], *, merged: bool) -> tuple[str, ...]:
    return tuple(artifact.path for artifact in artifacts if artifact.merged is merged)


def _check_one_mode(needed: dict[CoreOp, tuple[Artifact, ...]]) -> None:
    """A file that one core of a device links is not merged by another."""
    linked = {a.path: core for core, found in needed.items() for a in found if not a.merged}
    for core, found in needed.items():
        for artifact in found:
            other = linked.get(artifact.path)
            if artifact.merged and other is not None:
                raise design_error(
                    core,
                    f"'{artifact.path}' is merged here and linked by the core of tile "
                    f"{other.position}",
                    f"the other core stands at {location_of(other)}",
                    "one file has one link_with_mode throughout a device",
                )


def _warn_of_unused(device: DeviceOp, artifacts: dict[str, Artifact], cores: list[CoreOp]) -> None:
    called = {name for core in cores for name in _calls(core)}
    for function in (op for op in device.body.ops if isinstance(op, FuncOp)):
        name = function.sym_name.data
        if name in artifacts and name not in called:
            _log.warning(
                design_warning(
                    function,
                    f"no core calls function '{name}', so nothing links '{artifacts[name].path}'",
                )
            )
