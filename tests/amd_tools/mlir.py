"""aie-opt and aie-translate, played."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from softnpu.compiler import packaging, pipelines
from softnpu.compiler.pipelines import Choices
from softnpu.compiler.programs import cores
from softnpu.dialects.text import parse_file, print_module
from softnpu.errors import DesignError
from softnpu.passes.sequence_ops import devices
from softnpu.targets.core_c import core_source
from softnpu.targets.ldscript import linker_script
from softnpu.targets.npu_binary import emit
from tests.amd_tools import replay
from tests.amd_tools.program import Program, Refused

GOLDEN_SPELLING = "1.4"
"""The version whose files the golden designs have."""


@dataclass(frozen=True)
class Line:
    """A command line, taken apart."""

    options: dict[str, str]
    files: list[str]


def read_line(program: Program, arguments: Sequence[str]) -> Line:
    """Options with values behind `=`, -o and a file, and positional files.

    Raises:
        Refused: for an option that the program does not have.
    """
    options: dict[str, str] = {}
    files = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-"):
            files.append(word)
            continue
        name, _, value = word.lstrip("-").partition("=")
        if name not in program.options:
            raise Refused(f"Unknown command line argument '{word}'.")
        options[name] = waiting.pop(0) if name == "o" else value
    return Line(options, files)


def aie_opt(program: Program, arguments: Sequence[str]) -> None:
    line = read_line(program, arguments)
    wanted = check_pipeline(program, line.options["pass-pipeline"])
    source = Path(line.files[0])
    written = program.spelling == GOLDEN_SPELLING and replay.aie_opt(source, wanted)
    text = written or lowered(source, wanted)
    if program.mode != "silent":
        Path(line.options["o"]).write_text(text)


def lowered(source: Path, wanted: dict[str, dict[str, str]]) -> str:
    """What softnpu makes of a file by the same passes.

    Raises:
        Refused: it finds fault with it.
    """
    choices = Choices()
    try:
        module = parse_file(source)
        if "aie-standard-lowering" in wanted:
            return core_body(module, wanted["aie-standard-lowering"])
        for name, passes in (
            ("aie-place-tiles", lambda: pipelines.placement(choices)),
            ("aie-trace-to-config", pipelines.trace),
            (
                "aie-objectFifo-stateful-transform",
                lambda: pipelines.resource_allocation(choices),
            ),
            ("aie-create-pathfinder-flows", pipelines.routing),
            ("aie-dma-to-npu", pipelines.npu_lowering),
        ):
            if name in wanted:
                pipelines.run(passes(), module)
        return print_module(module)
    except DesignError as error:
        place = error.location or source
        raise Refused(
            f"\n{place}: error: {error.message}\n^\n{source}:1:1: note: seen here"
        ) from None


def check_pipeline(program: Program, text: str) -> dict[str, dict[str, str]]:
    """The passes of a pipeline with their options.

    Raises:
        Refused: for a pass or an option that this version does not have.
    """
    known = program.passes()
    found: dict[str, dict[str, str]] = {}
    if not (text.startswith("builtin.module(") and text.count("(") == text.count(")")):
        raise Refused(f"cannot parse the pipeline {text}")
    for name, options in re.findall(r"([\w.-]+)(?:\{([^}]*)\})?(?=[,()]|$)", text):
        if name in ("builtin.module", "aie.device"):
            continue
        if name not in known:
            raise Refused(f"'{name}' does not refer to a registered pass or pass pipeline")
        values = dict(option.split("=") for option in options.split())
        for option in values:
            if option not in known[name]:
                raise Refused(f"no such option {option} of {name}")
        found[name] = values
    return found


def core_body(module: object, options: dict[str, str]) -> str:
    """Stands for the LLVM dialect: the core's body as C, in comments."""
    tile = (int(options["tilecol"]), int(options["tilerow"]))
    for device_op in devices(module):
        for core in cores(device_op):
            if core.position == tile:
                lines = core_source(device_op, core).text.splitlines()
                return "".join(f"// {line}\n" for line in lines)
    raise Refused(f"no core at {tile}")


IR = """\
define void @f(ptr %p) nocreateundeforpoison nounwind {
  %q = getelementptr inbounds nuw i8, ptr %p, i64 4
  ret void
}
"""


def aie_translate(program: Program, arguments: Sequence[str]) -> None:
    line = read_line(program, arguments)
    options, source = line.options, Path(line.files[0])
    out = Path(options.get("o", "out"))
    if program.mode == "silent":
        return
    if program.spelling == GOLDEN_SPELLING and replay.aie_translate(source, options, out):
        return
    if "mlir-to-llvmir" in options:
        out.write_text(IR + source.read_text().replace("// ", ";c "))
        return
    module = parse_file(source)
    name = options.get("aie-device-name", "main")
    if "aie-generate-cdo" in options:
        folder = Path(options["work-dir-path"])
        packaging.write_configuration(module, folder, folder)
    elif "aie-generate-ldscript" in options:
        tile = (int(options["tilecol"]), int(options["tilerow"]))
        (device_op,) = devices(module)
        (core,) = [core for core in cores(device_op) if core.position == tile]
        out.write_text(linker_script(device_op, core))
    elif "aie-npu-to-binary" in options:
        out.write_bytes(emit(module, name, options.get("aie-sequence-name", "")))
    elif "aie-npu-instgen" in options:
        stream = emit(module, name, "")
        words = [stream[i : i + 4][::-1].hex().upper() for i in range(0, len(stream), 4)]
        out.write_text("".join(f"{word}\n" for word in words))
    else:
        raise Refused("no translation was asked for")
