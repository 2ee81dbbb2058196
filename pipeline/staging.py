"""How a stage becomes a task of doit's: key, warnings, and what the shared cache knows of it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from pipeline import build_warnings, shared_cache
from pipeline.designs import Variant
from pipeline.errors import shown
from pipeline.failing import in_words
from pipeline.keys import Key, Made
from pipeline.places import in_authors_file
from pipeline.selection import Toolchain
from pipeline.shared_cache import FROM_CACHE, Entry, Step

Task = dict[str, Any]

SHARED: Mapping[str, tuple[str, ...]] = {
    "kernels": ("NAME.o", "NAME.d"),
    "lower": ("placed.mlir", "traced.mlir", "input_*", "params.txt"),
    "cores": ("cores.json", "*_core_*"),
    "insts": ("insts*.bin", "npu_insts.mlir", "arguments.json"),
    "cdo": ("*_aie_cdo_*.bin",),
    "routes": ("routes.txt",),
    "pdi": ("*.pdi", "*_design.bif"),
    "xclbin": ("final.xclbin",),
    "manifest": ("manifest.json", "names.json"),
}
"""The stages that the shared cache knows, and what their files are called; NAME is the kernel's."""

Action = Callable[["Variant"], "dict[str, Any] | None"]
"""Makes an artifact; what it returns, doit keeps for the next time."""


def explained(
    action: Action, warnings: Path, makes: Sequence[Path] = (), step: Step | None = None
) -> Callable[[Variant], TaskFailed | dict[str, Any] | None]:
    """Turns an error that the author can mend into a failed task with that message alone.

    Args:
        warnings: takes what is warned of meanwhile.
        makes: what there must be afterwards.
        step: what the shared cache may know the outcome by; None if it may not.
    """

    @in_words
    def run(variant: Variant) -> TaskFailed | dict[str, Any] | None:
        from softnpu.warned import collected

        cache = shared_cache.of(os.environ) if step else None
        key = step.key() if step and cache else ""
        if cache and (known := cache.fetch(key, variant.folder)) is not None:
            keep(variant, known.warnings)
            return {**(known.result or {}), FROM_CACHE: True}
        with collected() as warned:
            result = attempt(variant)
        keep(variant, warned)
        if step and cache and not isinstance(result, TaskFailed):
            cache.store(key, step.made(), Entry(result, tuple(warned)))
        return result

    def keep(variant: Variant, warned: Iterable[str]) -> None:
        build_warnings.keep(warnings, [in_authors_file(variant, text) for text in warned])

    @in_words
    def attempt(variant: Variant) -> TaskFailed | dict[str, Any] | None:
        from softnpu.errors import DesignError

        try:
            result = action(variant)
            missing = [path for path in makes if not path.exists()]
            return TaskFailed(_not_made(missing, variant)) if missing else result
        except DesignError as error:
            return TaskFailed(in_authors_file(variant, str(error)))

    return run


def _not_made(missing: Sequence[Path], variant: Variant) -> str:
    files = ", ".join(str(shown(path)) for path in missing)
    return (
        f"{files} did not come out; the design's devices were taken to be "
        f"{', '.join(variant.device_names)}: write aie.device(npu1_1col) @name, as aie-opt prints"
    )


def stage_task(
    stage: str,
    variant: Variant,
    chain: Toolchain,
    action: Callable[..., dict[str, Any] | None],
    *,
    reads: Iterable[Path],
    writes: Iterable[Path],
    options: dict[str, Any] | None = None,
    name: str = "",
    uptodate: Iterable[Callable[..., bool]] = (),
    depends: Iterable[Path] = (),
) -> Task:
    """A stage's task.

    Args:
        depends: what its outcome depends on beside what it reads, for the shared cache.
    """
    key = {"tools": chain.key(stage), "options": options or {}}
    reads, made = list(reads), list(writes)
    step = step_of(stage, variant, chain, {"name": name, **key}, [*reads, *depends])
    warnings = build_warnings.file(variant.folder, f"{stage}.{name}" if name else stage)
    run = explained(functools.partial(action, chain=chain), warnings, made, step)
    return {
        "name": variant.label + (f":{name}" if name else ""),
        "actions": [(run, [variant])],
        "file_dep": [str(p) for p in reads],
        "targets": [str(p) for p in made],
        "uptodate": [Key(key), Made(made, [warnings]), *uptodate],
        "task_dep": ["_toolchain"] if chain.problems() else [],
        "meta": {"tools": chain.tools_of(stage), build_warnings.OWN: [warnings]},
        "clean": True,
    }


def step_of(
    stage: str,
    variant: Variant,
    chain: Toolchain,
    subject: Mapping[str, Any],
    reads: Sequence[Path],
) -> Step | None:
    """What the shared cache may know a stage by; None where AMD's tools make it (whose logs are
    part of what they leave), or a core's program comes from elsewhere."""
    if stage not in SHARED or chain.by_amd(stage) or "elf_file" in variant.rendered.text:
        return None
    patterns = [pattern.replace("NAME", subject.get("name", "")) for pattern in SHARED[stage]]
    return Step({"stage": stage, **subject}, reads, variant.folder, patterns)
