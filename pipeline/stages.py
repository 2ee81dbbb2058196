"""One function a stage: the doit task that makes a variant's artifact of that stage.

Each task's key holds its inputs' content, its options and its tools' versions; doit compares
contents, not dates. File names are those that aiecc writes.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from pipeline import build_warnings
from pipeline import kernels as kernel_inputs
from pipeline.designs import KERNELS, RENDERED, TEMPLATES, Variant
from pipeline.discovery import Discovery
from pipeline.errors import PipelineError
from pipeline.keys import HEADERS, Key, Listed, Made, digest
from pipeline.making import Kernel, Work, maker
from pipeline.selection import Toolchain
from pipeline.staging import Task, explained, stage_task, step_of

MADE = ("render", "kernels", "lower", "cores", "insts", "cdo", "pdi", "xclbin")
"""The stages whose makers the manifest records, in order."""

STAGES = (*MADE[:-2], "routes", *MADE[-2:], "manifest")
"""The stages of a build, in order."""

PLACES = "input_array.mlir.places.json"
"""Where in the rendered design the ops of input_array.mlir stand."""


def toolchain(chain: Toolchain) -> Task:
    """Fails, once and before any work, when a tool that was asked for is not there."""
    return {"actions": [(_refuse, [chain])], "uptodate": [False]}


def _refuse(chain: Toolchain) -> TaskFailed | None:
    problems = chain.problems()
    return TaskFailed("\n".join(problems)) if problems else None


def _work(variant: Variant) -> Work:
    objects = {object_file(variant, s).name: object_file(variant, s) for s in variant.kernels}
    return Work(variant.folder, variant.device, objects)


def render(variant: Variant, chain: Toolchain) -> Task:
    """Template and parameters -> design.mlir; cleaning it clears the variant's folder."""
    task = stage_task(
        "render",
        variant,
        chain,
        _render,
        reads=variant.sources,
        writes=[variant.folder / RENDERED],
        options={name: repr(variant.parameters[name]) for name in variant.template_parameters},
    )
    return {**task, "clean": [(_remove_folder, [variant.folder])]}


def _remove_folder(folder: Path) -> None:
    """Removes what all stages made of a rendered design: not all of it has fixed names."""
    shutil.rmtree(folder, ignore_errors=True)


def _render(variant: Variant, chain: Toolchain) -> None:
    del chain
    variant.folder.mkdir(parents=True, exist_ok=True)
    (variant.folder / RENDERED).write_text(variant.rendered.text)


def kernels(variant: Variant, chain: Toolchain) -> Iterable[Task]:
    """Each C kernel that the variant links -> its object file."""
    for source in variant.kernels:
        output = object_file(variant, source)
        yield stage_task(
            "kernels",
            variant,
            chain,
            functools.partial(_compile_kernel, source=source),
            reads=[source],
            writes=[output],
            options={"defines": kernel_inputs.defines(source, variant.parameters)},
            name=source.stem,
            uptodate=[HEADERS],
            depends=kernel_inputs.local_files(source) - {source},
        )


def object_file(variant: Variant, source: Path) -> Path:
    """Where a kernel's object file goes: parameters differ, so each variant has its own."""
    return variant.folder / f"{source.stem}.o"


def kernel(variant: Variant, source: Path, output: Path) -> Kernel:
    """What compiling one of a variant's kernels takes."""
    return Kernel(
        source,
        output,
        defines=kernel_inputs.defines(source, variant.parameters),
        include_dirs=[variant.design.root / KERNELS],
        depfile=output.with_suffix(".d"),
    )


def _compile_kernel(variant: Variant, chain: Toolchain, source: Path) -> dict[str, Any]:
    wanted = kernel(variant, source, object_file(variant, source))
    before = kernel_inputs.digests(source)
    maker(chain, "kernels").kernel(_work(variant), wanted)
    return kernel_inputs.headers_read(wanted.depfile, variant.design.root, before)


def lower(variant: Variant, chain: Toolchain) -> Task:
    """design.mlir -> buffers, locks and BDs with addresses, their flows, then routed."""
    names = (
        *("input_with_addresses.mlir", "input_flows.json", "input_kernel.json"),
        *("input_physical.mlir", "input_array.mlir", PLACES),
    )
    return stage_task(
        "lower",
        variant,
        chain,
        _lower,
        reads=[variant.folder / RENDERED],
        writes=[variant.folder / name for name in names],
    )


def _lower(variant: Variant, chain: Toolchain) -> None:
    maker(chain, "lower").lower(_work(variant))


def cores(variant: Variant, chain: Toolchain) -> Task:
    """Each core's code and objects -> main_core_<column>_<row>.elf."""
    made = variant.folder / "cores.json"
    return stage_task(
        "cores",
        variant,
        chain,
        _cores,
        reads=[
            variant.folder / "input_array.mlir",
            *(object_file(variant, source) for source in variant.kernels),
        ],
        writes=[made],
        uptodate=[Listed(made)],
    )


def _cores(variant: Variant, chain: Toolchain) -> None:
    from pipeline import manifest

    elfs = maker(chain, "cores").cores(_work(variant))
    manifest.write_json(variant.folder / "cores.json", {elf.name: digest(elf) for elf in elfs})


def insts(variant: Variant, chain: Toolchain) -> Task:
    """The runtime sequence -> insts.bin, and its arguments, checked against what is declared."""
    return stage_task(
        "insts",
        variant,
        chain,
        _insts,
        reads=[variant.folder / RENDERED, variant.folder / "input_physical.mlir"],
        writes=[variant.folder / "insts.bin", variant.folder / "arguments.json"],
        options={"buffers": repr(variant.buffers)},
    )


def _insts(variant: Variant, chain: Toolchain) -> None:
    from pipeline import arguments

    arguments.write(variant, variant.folder / "arguments.json")
    maker(chain, "insts").insts(_work(variant))


def cdo_files(device_name: str) -> tuple[str, ...]:
    """The three CDO files of a device, in the order in which its PDI holds them."""
    return tuple(f"{device_name}_aie_cdo_{part}.bin" for part in ("elfs", "init", "enable"))


def _configuration(variant: Variant) -> list[Path]:
    """The CDO files of all devices."""
    return [variant.folder / name for device in variant.device_names for name in cdo_files(device)]


def cdo(variant: Variant, chain: Toolchain) -> Task:
    """The array's configuration and the cores' programs -> three CDO files a device."""
    return stage_task(
        "cdo",
        variant,
        chain,
        _cdo,
        reads=[variant.folder / "input_array.mlir", variant.folder / "cores.json"],
        writes=_configuration(variant),
    )


def _cdo(variant: Variant, chain: Toolchain) -> None:
    maker(chain, "cdo").cdo(_work(variant))


def routes(variant: Variant, chain: Toolchain) -> Task:
    """Every flow followed through the finished array, whoever made that -> routes.txt."""
    return stage_task(
        "routes",
        variant,
        chain,
        _routes,
        reads=[
            *(variant.folder / name for name in ("input_flows.json", "insts.bin")),
            *_configuration(variant),
        ],
        writes=[variant.folder / "routes.txt"],
    )


def _routes(variant: Variant, chain: Toolchain) -> None:
    from softnpu.compiler import driver

    del chain
    driver.routes(variant.folder)


def pdi(variant: Variant, chain: Toolchain) -> Task:
    """Each device's CDO files -> main.pdi, as bootgen packs them."""
    return stage_task(
        "pdi",
        variant,
        chain,
        _pdi,
        reads=[*_configuration(variant), variant.folder / "routes.txt"],
        writes=[
            variant.folder / f"{name}{ending}"
            for name in variant.device_names
            for ending in ("_design.bif", ".pdi")
        ],
    )


def _pdi(variant: Variant, chain: Toolchain) -> None:
    maker(chain, "pdi").pdi(_work(variant))


def xclbin(variant: Variant, chain: Toolchain) -> Task:
    """The PDIs and three descriptions -> final.xclbin, as xclbinutil packs it."""
    return stage_task(
        "xclbin",
        variant,
        chain,
        _xclbin,
        reads=[
            *(variant.folder / f"{name}.pdi" for name in variant.device_names),
            *(variant.folder / n for n in ("input_array.mlir", "input_kernel.json", "cores.json")),
        ],
        writes=[variant.folder / "final.xclbin"],
    )


def _xclbin(variant: Variant, chain: Toolchain) -> None:
    maker(chain, "xclbin").xclbin(_work(variant))


def manifest(variant: Variant, chain: Toolchain) -> Task:
    """manifest.json, which binds xclbin and insts.bin, and names.json, by which a hang is told."""
    made = [variant.folder / name for name in ("manifest.json", "names.json")]
    warnings = build_warnings.file(variant.folder, "manifest")
    reads = [
        variant.folder / name
        for name in (
            *("final.xclbin", "insts.bin", "arguments.json", "cores.json"),
            *("input_physical.mlir", "input_array.mlir", PLACES),
        )
    ]
    key: dict[str, dict[str, Any]] = {
        "tools": {stage: chain.key(stage) for stage in MADE},
        "template": {"line numbers": variant.rendered.numbering},
    }
    # It says of every stage by which tools, and of the kernels from what.
    step = None
    if not any(map(chain.by_amd, MADE)):
        said = {"label": variant.label, "parameters": repr(dict(variant.parameters))}
        step = step_of("manifest", variant, chain, {**key, **said}, [*reads, *variant.kernels])
    run = explained(functools.partial(_manifest, chain=chain), warnings, made, step)
    return {
        "name": variant.label,
        "actions": [(run, [variant])],
        "file_dep": [str(p) for p in reads],
        "targets": [str(p) for p in made],
        "uptodate": [Key(key), Made(made, [warnings])],
        "meta": {build_warnings.OWN: [warnings]},
        "clean": True,
    }


BEHIND_KERNELS = (lower, cores, insts, cdo, routes, pdi, xclbin, manifest)
"""The functions of the stages behind the kernels', in order."""


def warning_files(variant: Variant) -> list[Path]:
    """Where the stages of a variant keep their warnings: those of the design, then its kernels'."""
    names = [stage for stage in STAGES if stage != "kernels"]
    names += [f"kernels.{source.stem}" for source in variant.kernels]
    return [build_warnings.file(variant.folder, name) for name in names]


def _manifest(variant: Variant, chain: Toolchain) -> None:
    from pipeline import manifest as manifests
    from softnpu.compiler import names

    manifests.write(variant, chain)
    arguments = json.loads((variant.folder / "arguments.json").read_text())["buffers"]
    names.write(
        variant.folder / "input_physical.mlir",
        variant.folder / "input_array.mlir",
        [argument["name"] for argument in arguments],
        variant.folder / names.NAMES,
        variant.told,
    )


def designs(found: Discovery) -> Task:
    """Fails in a project without a design: nothing built is no success."""
    return {"actions": [(_none, [found])], "uptodate": [False]}


def _none(found: Discovery) -> TaskFailed | None:
    if found.variants or found.broken:
        return None
    return TaskFailed(f"there is no design in {TEMPLATES}: npuforge new --name saxpy starts one")


def broken(name: str, error: PipelineError) -> Task:
    """A design that cannot even be read: its task fails with the reason."""
    return {"name": name, "actions": [(_fail, [str(error)])]}


def _fail(message: str) -> TaskFailed:
    return TaskFailed(message)
