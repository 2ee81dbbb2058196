"""The stages that need Peano: kernels, and the cores' programs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.amd import passes
from pipeline.amd.finding import runs
from pipeline.amd.ir import for_peano
from pipeline.amd.lowering import ARRAY, of_device, run_pipeline, target
from pipeline.amd.probing import Tool
from pipeline.amd.running import Shell
from softnpu.errors import ToolError

if TYPE_CHECKING:
    from softnpu.dialects.aie import CoreOp, DeviceOp

C_SUFFIX = ".c"
KERNEL_FLAGS = (
    "-O2",
    # each function in a section, with the size of its frame: for the check of the stack
    "-ffunction-sections",
    "-fstack-size-section",
    "-Wall",
    "-Wno-unknown-pragmas",
)
C_FLAGS = (
    "-std=c11",
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-Werror=return-type",
)
CXX_FLAGS = ("-std=c++20", "-fno-exceptions", "-fno-rtti")
BODY_FLAGS = (
    "-std=gnu11",
    "-O2",
    "-ffreestanding",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-ffp-contract=off",
    "-ffunction-sections",
    "-fstack-size-section",
    "-w",
)
"""For the C that stands for a core's body where there is no aie-opt: see standin.core."""

_INPUT = re.compile(r"^INPUT\(.*\)\n", re.MULTILINE)


@dataclass(frozen=True)
class Compiler:
    """What makes AIE code.

    Attributes:
        aie_opt, aie_translate: both, or None where bodies become C first.
    """

    peano: Tool
    aie_opt: Tool | None = None
    aie_translate: Tool | None = None

    def triple(self, aie: str) -> str:
        """clang's option for cores of the target `aie`."""
        return f"--target={aie}-none-unknown-elf"


def compile_kernel(
    compiler: Compiler,
    source: Path,
    output: Path,
    device_name: str,
    *,
    defines: Mapping[str, str],
    include_dirs: Sequence[Path],
    depfile: Path,
) -> None:
    """A C or C++ kernel -> its object; arguments as of softnpu's compile_kernel.

    Raises:
        DesignError, ToolError: with Peano's own messages.
    """
    from softnpu.targets.standin import KERNEL_INCLUDE

    c = source.suffix == C_SUFFIX
    clang = compiler.peano.program("clang" if c else "clang++")
    output.parent.mkdir(parents=True, exist_ok=True)
    shell = Shell(output.parent, f"kernels.{source.stem}")
    folders = [*include_dirs, KERNEL_INCLUDE, *_aie_headers(compiler)]
    shell.run(
        clang if runs(clang) else compiler.peano.path,
        compiler.triple(target(device_name)),
        *KERNEL_FLAGS,
        *(C_FLAGS if c else CXX_FLAGS),
        *(f"-D{name}={value}" for name, value in defines.items()),
        *(f"-I{folder.absolute()}" for folder in folders),
        *("-MD", "-MF", depfile.name, "-MT", output.name),
        *("-c", str(source.absolute()), "-o", output.name),
        makes=[output.name, depfile.name],
    )


def _aie_headers(compiler: Compiler) -> list[Path]:
    """aie_api and the kernels' headers, which mlir-aie installs."""
    tools = [tool for tool in (compiler.aie_opt, compiler.aie_translate) if tool is not None]
    folders = [tool.folder.parent / "include" for tool in tools]
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def cores(
    folder: Path, device_name: str, objects: Mapping[str, Path], compiler: Compiler
) -> list[Path]:
    """Each core's body and objects -> its ELF; the cores in parallel.

    Args:
        objects: by the name that `link_with` uses, the object.

    Returns:
        The ELFs, those included that the design names itself.

    Raises:
        DesignError, ToolError: for the first core, in the design's order, that fails.
    """
    from softnpu.compiler import programs
    from softnpu.compiler.modules import read_module
    from softnpu.compiler.objects import ObjectSources
    from softnpu.passes.sequence_ops import devices

    shell = Shell(folder, "cores")
    module = read_module(folder / ARRAY)
    wanted: list[tuple[DeviceOp, CoreOp]] = []
    elfs: list[Path] = []
    for device_op in devices(module):
        for core in programs.cores(device_op):
            if core.elf_file is not None:
                elfs.append(ObjectSources(dict(objects), (folder,)).find(core.elf_file, core))
            else:
                wanted.append((device_op, core))
    work = _Core(shell, target(device_name), dict(objects), compiler)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return [*elfs, *pool.map(lambda item: work.build(*item), wanted)]


@dataclass(frozen=True)
class _Core:
    """Builds single cores."""

    shell: Shell
    aie: str
    objects: Mapping[str, Path]
    compiler: Compiler

    def build(self, device_op: DeviceOp, core: CoreOp) -> Path:
        from softnpu.compiler.programs import program_name

        stem = program_name(device_op, core, "")
        linked = self._linked(device_op, core)
        if self.compiler.aie_opt and self.compiler.aie_translate:
            self._body_by_llvm(device_op, core, stem)
        else:
            self._body_by_c(device_op, core, stem)
        self._linker_script(device_op, core, stem, linked)
        self._link(device_op, core, stem, linked)
        return self.shell.folder / f"{stem}.elf"

    def _linked(self, device_op: DeviceOp, core: CoreOp) -> list[Path]:
        from softnpu.dialects.source import design_error
        from softnpu.targets.ldscript import link_files

        found = []
        for name in link_files(device_op, core):
            made = self.objects.get(name) or self.objects.get(Path(name).name)
            if made is None:
                known = ", ".join(sorted(self.objects)) or "none"
                raise design_error(
                    core, f"the core links '{name}', which was not built", f"built: {known}"
                )
            found.append(made.absolute())
        return found

    def _body_by_llvm(self, device_op: DeviceOp, core: CoreOp, stem: str) -> None:
        """aie-opt and aie-translate lower the body to LLVM IR; Peano's opt and llc compile it."""
        aie_opt, aie_translate = self.compiler.aie_opt, self.compiler.aie_translate
        assert aie_opt is not None and aie_translate is not None
        run, peano = self.shell.run, self.compiler.peano
        lowering = passes.core_lowering(aie_opt, device_op.sym_name, core.position, self.aie)
        run_pipeline(self.shell, aie_opt, lowering, ARRAY, f"{stem}.opt.mlir")
        ir, older, optimized = f"{stem}.ll", f"{stem}.peanohack.ll", f"{stem}.opt.ll"
        run(aie_translate.path, "--mlir-to-llvmir", f"{stem}.opt.mlir", "-o", ir, makes=[ir])
        text = (self.shell.folder / ir).read_text()
        (self.shell.folder / older).write_text(for_peano(text))
        run(
            peano.program("opt"),
            "--passes=default<O1>,strip",
            "-S",
            older,
            "-o",
            optimized,
            makes=[optimized],
        )
        sizes = "stack-size-section"
        run(
            peano.program("llc"),
            optimized,
            "-O2",
            f"--march={self.aie}",
            "--function-sections",
            "--filetype=obj",
            *([f"--{sizes}"] if sizes in peano.options else []),
            "-o",
            f"{stem}.o",
            makes=[f"{stem}.o"],
        )

    def _body_by_c(self, device_op: DeviceOp, core: CoreOp, stem: str) -> None:
        """Without mlir-aie: the body as C, as for the stand-in, but compiled by Peano."""
        from softnpu.targets.core_c import core_source
        from softnpu.targets.standin_runtime import KERNEL_INCLUDE, STANDIN_INCLUDE

        (self.shell.folder / f"{stem}.c").write_text(core_source(device_op, core).text)
        self.shell.run(
            self.compiler.peano.path,
            self.compiler.triple(self.aie),
            *BODY_FLAGS,
            *(f"-I{folder}" for folder in (KERNEL_INCLUDE, STANDIN_INCLUDE)),
            *("-c", f"{stem}.c", "-o", f"{stem}.o"),
            makes=[f"{stem}.o"],
        )

    def _linker_script(
        self, device_op: DeviceOp, core: CoreOp, stem: str, linked: Sequence[Path]
    ) -> None:
        """The core's linker script; whatever files it would take, it takes those built here."""
        from softnpu.targets.ldscript import linker_script

        script = self.shell.folder / f"{stem}.ld.script"
        if self.compiler.aie_translate:
            write_script(self.shell, self.compiler.aie_translate, device_op, core, script.name)
            text = script.read_text()
        else:
            text = linker_script(device_op, core)
        inputs = "".join(f"INPUT({path})\n" for path in linked)
        script.write_text(_INPUT.sub("", text) + inputs)

    def _link(self, device_op: DeviceOp, core: CoreOp, stem: str, linked: Sequence[Path]) -> None:
        """Peano's clang links body and kernels by the script; then every check of the result."""
        from softnpu.targets.linking import aie
        from softnpu.targets.linking.zeros import write_out_zeros
        from softnpu.targets.standin.core import core_layout

        layout = core_layout(device_op, core)
        objects = [self.shell.folder / f"{stem}.o", *linked]
        aie.check_objects(objects)
        elf = f"{stem}.elf"
        lld = self.compiler.peano.program("ld.lld")
        elsewhere = [f"-B{self.compiler.peano.folder}", "-fuse-ld=lld"]
        linker = [f"-fuse-ld={lld}"] if runs(lld) else elsewhere
        try:
            self.shell.run(
                self.compiler.peano.path,
                "-O2",
                self.compiler.triple(self.aie),
                *linker,
                f"{stem}.o",
                "-Wl,--gc-sections",
                "-Wl,--orphan-handling=error",
                f"-Wl,-T,{stem}.ld.script",
                "-o",
                elf,
                makes=[elf],
            )
        except ToolError as error:
            said = "\n".join(line.strip() for line in str(error).splitlines())
            raise aie.failed_link(said, linked, core, layout) from error
        write_out_zeros(self.shell.folder / elf)
        aie.check_linked(self.shell.folder / elf, objects, layout, core)


def write_script(
    shell: Shell, aie_translate: Tool, device_op: DeviceOp, core: CoreOp, output: str
) -> None:
    """aie-translate's linker script of a core."""
    column, row = core.position
    shell.run(
        aie_translate.path,
        "--aie-generate-ldscript",
        *of_device(aie_translate, device_op.sym_name),
        f"--tilecol={column}",
        f"--tilerow={row}",
        ARRAY,
        "-o",
        output,
        makes=[output],
    )
