"""Compiling core programs for the stand-in: first what they link, then each core, in parallel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from softnpu.compiler.objects import ObjectSources, is_source, is_standin_ir
from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.targets.ldscript import link_files
from softnpu.targets.standin import compile_ir, compile_kernel
from softnpu.targets.standin.core import compile_core

Core = tuple[DeviceOp, CoreOp]
T = TypeVar("T")
R = TypeVar("R")


def build_programs(wanted: Sequence[Core], out_dir: Path, sources: ObjectSources) -> list[Path]:
    """The ELFs of cores, in order, made in `out_dir` with what `sources` finds for them to link.

    Raises:
        DesignError, ToolError: for the first core or kernel, in the design's order, that fails.
    """
    found = {
        name: sources.find(name, core)
        for device_op, core in wanted
        for name in link_files(device_op, core)
    }
    built = _parallel(lambda item: _object(*item, out_dir), found.items())
    objects = dict(zip(found, built, strict=True))
    return _parallel(lambda item: compile_core(*item, objects, out_dir), wanted)


def _object(name: str, file: Path, out_dir: Path) -> Path:
    """The object for a name: the file itself, or compiled from it."""
    if is_standin_ir(file):
        output = out_dir / f"{Path(name).stem}.o"
        compile_ir(file, output)
        return output
    if not is_source(file):
        return file
    output = out_dir / Path(name).name
    compile_kernel(file, output)
    return output


def _parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The results of `work` in order; the compiler runs as processes of its own."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(work, items))
