"""Plays one of AMD's programs: `fake.py BEHAVIOUR NAME ARGUMENTS…` (see README.md)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

OPTIONS = ROOT / "tests" / "amd_options"

LATER = frozenset(
    """
    aie-trace-to-config aie-trace-pack-reg-writes aie-inline-trace-config
    aie-materialize-runtime-sequences aie-vector-transfer-lowering
    aie-npu-to-binary aie-sequence-name
    """.split()  # noqa: SIM905
)
"""Not in 1.1."""
GONE = {"aie-opt": ("aiex-inline-trace-config",), "aie-translate": ("aie-npu-instgen",)}
"""In 1.1 only."""

PASS_OPTIONS = {
    "aie-assign-buffer-addresses": ("alloc-scheme",),
    "aie-objectFifo-stateful-transform": ("dynamic-objFifos", "packet-sw-objFifos"),
    "aie-generate-column-control-overlay": ("route-shim-to-tct", "route-shim-to-tile-ctrl"),
    "aie-standard-lowering": ("device", "tilecol", "tilerow"),
    "aie-vector-transfer-lowering": ("max-transfer-rank",),
    "convert-aievec-to-llvm": ("aie-target",),
    "convert-func-to-llvm": ("use-bare-ptr-memref-call-conv",),
    "convert-to-llvm": ("dynamic",),
    "convert-vector-to-aievec": ("aie-target", "target-backend"),
}
"""Source: mlir-aie, AIEPasses.td and the passes' options; those that a pipeline may ask for."""
UPSTREAM = """
arith-expand canonicalize cse expand-strided-metadata finalize-memref-to-llvm lower-affine
""".split()  # noqa: SIM905
PIPELINES = ("convert-vector-to-aievec",)


class Refused(Exception):  # noqa: N818
    """What the program says before it ends with 1."""


@dataclass(frozen=True)
class Program:
    """One program in one version."""

    name: str
    spelling: str
    mode: str
    version: str

    @property
    def options(self) -> set[str]:
        """Its options, without dashes."""
        files = [OPTIONS / f"{self.name}.txt", OPTIONS / f"{self.name}-hidden.txt"]
        lines = [line for file in files if file.is_file() for line in file.read_text().split()]
        names = {line.lstrip("-") for line in lines}
        if self.spelling == "1.1":
            names = (names - LATER) | set(GONE.get(self.name, ()))
        return names

    def passes(self) -> dict[str, tuple[str, ...]]:
        """aie-opt's passes with their options, among the names that it lists."""
        found = {
            name: PASS_OPTIONS.get(name, ())
            for name in self.options
            if name.startswith(("aie-", "aiex-", "convert-")) or name in UPSTREAM
        }
        if self.spelling == "1.1":
            found["convert-aievec-to-llvm"] = ()
        return found


def main(words: list[str]) -> int:
    behaviour = json.loads(words[0])
    program = Program(words[1], **behaviour)
    arguments = words[2:]
    if program.mode == "other":
        sys.stdout.write("a program of the same name\n")
        return 0
    asked = {argument.lstrip("-") for argument in arguments} & {"version", "help", "help-list"}
    if asked:
        sys.stdout.write(ABOUT[program.name](program, asked.pop()) + "\n")
        return 0
    if program.mode == "fail":
        sys.stderr.write(f"{program.name}: this one always fails\n")
        return 1
    try:
        PLAYED[program.name](program, arguments)
    except Refused as reason:
        sys.stderr.write(f"{program.name}: {reason}\n")
        return 1
    return 0


# what they say of themselves


def about_mlir(program: Program, asked: str) -> str:
    if asked == "version":
        llvm = "22.1.0" if program.spelling != "1.1" else "21.0.0git"
        return (
            f"LLVM (http://llvm.org/):\n  LLVM version {llvm}\n  Optimized build.\n"
            f"{program.name} 5ff2ab97{program.version}"
        )
    passes = program.passes() if program.name == "aie-opt" else {}
    nested = {option for options in passes.values() for option in options}
    lines = ["OVERVIEW: a fake", "USAGE:", "", "OPTIONS:", "", "General options:", ""]
    for name in sorted(program.options - set(passes) - nested):
        dashes = "-" if len(name) == 1 else "--"
        lines.append(f"  {dashes}{name}=<value>      - about it")
        lines.append("    =one                      -   a value")
    if passes:
        lines += ["  Compiler passes to run", "    Passes:"]
        lines += [line for n in sorted(set(passes) - {*PIPELINES}) for line in _pass(n, passes[n])]
        lines.append("    Pass Pipelines:")
        lines += [line for name in PIPELINES for line in _pass(name, passes[name])]
    lines += ["  --zz-last                  - an option behind the passes"]
    return "\n".join(lines)


def _pass(name: str, options: Sequence[str]) -> list[str]:
    return [
        f"      --{name}                      -   a pass",
        *(f"        --{option}=<value>            - an option of it" for option in options),
    ]


def about_bootgen(program: Program, asked: str) -> str:
    listed = "\n".join(f" {name:<17} - about it   |" for name in sorted(program.options))
    return f"\n****** Xilinx Bootgen v2022.2{program.version}\n  **** Build date : today\n{listed}"


def about_xclbinutil(program: Program, asked: str) -> str:
    if asked == "version":
        return (
            f"       XRT Build Version: 2.26.0{program.version}\n    Build Version Branch: master\n"
            "      Build Version Hash: 1a2b3c4d5e6f7a8b9c\n"
        )
    return "\n".join(f"  --{name} arg    about it" for name in sorted(program.options))


def about_peano(program: Program, asked: str) -> str:
    if program.name == "llc" and asked == "version":
        return "LLVM version 19.0.0git\n  Registered Targets:\n    aie2  - AI Engine 2\n"
    if program.name == "llc":
        return "OPTIONS:\n  --stack-size-section    - Emit a section with stack sizes"
    return f"clang version 19.0.0git (https://github.com/Xilinx/llvm-aie 0123abc){program.version}"


ABOUT = {
    **dict.fromkeys(("aie-opt", "aie-translate"), about_mlir),
    "bootgen": about_bootgen,
    "xclbinutil": about_xclbinutil,
    **dict.fromkeys(("clang", "clang++", "opt", "llc", "ld.lld"), about_peano),
}


# aie-opt and aie-translate


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
    from softnpu.compiler import pipelines
    from softnpu.dialects.source import parse_file, print_module
    from softnpu.errors import DesignError

    line = read_line(program, arguments)
    wanted = check_pipeline(program, line.options["pass-pipeline"])
    source = Path(line.files[0])
    try:
        module = parse_file(source)
        if "aie-standard-lowering" in wanted:
            text = core_body(module, wanted["aie-standard-lowering"])
        else:
            for name, passes in (
                ("aie-objectFifo-stateful-transform", pipelines.resource_allocation),
                ("aie-create-pathfinder-flows", pipelines.routing),
                ("aie-dma-to-npu", pipelines.npu_lowering),
            ):
                if name in wanted:
                    pipelines.run(passes(), module)
            text = print_module(module)
    except DesignError as error:
        place = error.location or source
        raise Refused(
            f"\n{place}: error: {error.message}\n^\n{source}:1:1: note: seen here"
        ) from None
    if program.mode != "silent":
        Path(line.options["o"]).write_text(text)


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
    from softnpu.compiler.programs import cores
    from softnpu.passes.sequence_ops import devices
    from softnpu.targets.core_c import core_source

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
    from softnpu.compiler import packaging
    from softnpu.dialects.source import parse_file
    from softnpu.passes.sequence_ops import devices
    from softnpu.targets.npu_binary import emit

    line = read_line(program, arguments)
    options, source = line.options, Path(line.files[0])
    out = Path(options.get("o", "out"))
    if program.mode == "silent":
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
        from softnpu.compiler.programs import cores
        from softnpu.targets.ldscript import linker_script

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


# the packers


def bootgen(program: Program, arguments: Sequence[str]) -> None:
    from softnpu.formats.pdi import from_cdos

    values = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word.lstrip("-") not in program.options:
            raise Refused(f"[ERROR]  : unknown option {word}")
        values[word] = "" if word == "-w" else waiting.pop(0)
    if values["-arch"] != "versal" or "-w" not in values:
        raise Refused("[ERROR]  : syntax error")
    files = re.findall(r"file=(\S+)", Path(values["-image"]).read_text())
    if program.mode != "silent":
        Path(values["-o"]).write_bytes(from_cdos([Path(file).read_bytes() for file in files]))
    sys.stdout.write("[INFO]   : Bootimage generated successfully\n")


def xclbinutil(program: Program, arguments: Sequence[str]) -> None:
    from softnpu.arch.device import device
    from softnpu.formats import xclbin

    values: dict[str, list[str]] = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name = word.removeprefix("--")
        if not word.startswith("--") or name not in program.options:
            raise Refused(f"unrecognised option '{word}'")
        values.setdefault(name, [])
        while waiting and not waiting[0].startswith("--"):
            values[name].append(waiting.pop(0))
    sections = dict(text.split(":JSON:") for text in values["add-replace-section"])
    json.loads(Path(sections["MEM_TOPOLOGY"]).read_text())["mem_topology"]["m_mem_data"]
    json.loads(Path(values["add-kernel"][0]).read_text())["ps-kernels"]["kernels"]
    partition = json.loads(Path(sections["AIE_PARTITION"]).read_text())["aie_partition"]
    columns = partition["partition"]["column_width"]
    image = Path(partition["PDIs"][0]["file_name"]).read_bytes()
    marks = [tuple(text.split(":")[1:]) for text in values.get("key-value", [])]
    made = xclbin.spec_for(device(f"npu1_{columns}col"), image, marks=marks, timestamp=1234)
    if program.mode != "silent":
        Path(values["output"][0]).write_bytes(xclbin.build(made))


# Peano: RV32 code under the AIE's number

AIE, RV32 = 264, 243


def relabel(path: Path, machine: int) -> None:
    data = bytearray(path.read_bytes())
    data[18:20] = machine.to_bytes(2, "little")
    path.write_bytes(data)


COMPILE = re.compile(
    r"-O\d|-f[\w-]+(?:=\w+)?|-W[\w=-]+|-std=\S+|-[DI]\S+|-c|-w|-MD|--target=aie2-none-unknown-elf"
)


def clang(program: Program, arguments: Sequence[str]) -> None:
    if "-c" in arguments:
        compile_c(program, list(arguments))
    else:
        link(program, list(arguments))


def compile_c(program: Program, words: list[str]) -> None:
    from softnpu.targets.standin import toolchain

    values = {word: words[words.index(word) + 1] for word in ("-c", "-o")}
    flags = [word for word in words if word.startswith(("-D", "-I", "-std"))]
    for flag, value in (("-MF", 1), ("-MT", 1)):
        if flag in words:
            at = words.index(flag)
            flags += ["-MD", *words[at : at + 1 + value]]
            del words[at : at + 1 + value]
    for word in words:
        if word not in values.values() and word not in values and not COMPILE.fullmatch(word):
            raise Refused(f"error: unknown argument: '{word}'")
    output = Path(values["-o"])
    source = Path(values["-c"])
    outcome = toolchain.clang(source, output, [*flags, *toolchain.include_flags(cxx=False)])
    if not outcome.ok:
        raise Refused(outcome.messages)
    if program.mode == "silent":
        output.unlink()
    else:
        relabel(output, AIE)


LINK = re.compile(
    r"-O\d|-fuse-ld=\S+|-B\S+|-Wl,--gc-sections|-Wl,--orphan-handling=error|-Wl,-T,\S+|-o"
    r"|--target=aie2-none-unknown-elf"
)


def link(program: Program, words: list[str]) -> None:
    from softnpu.targets.standin import link as standin
    from softnpu.targets.standin.toolchain import run, runtime

    output = Path(words[words.index("-o") + 1])
    script = next(Path(word.split(",")[2]) for word in words if word.startswith("-Wl,-T,"))
    objects = [word for word in words if word.endswith(".o")]
    for word in words:
        if word not in (*objects, str(output)) and not LINK.fullmatch(word):
            raise Refused(f"error: unknown argument: '{word}'")
    text = script.read_text()
    linked = [Path(path) for path in (*objects, *re.findall(r"^INPUT\((.*)\)$", text, re.M))]
    variant = output.with_suffix(".fake.script")
    variant.write_text(standin.standin_script(text, 0x400))
    made = runtime()
    for path in linked:
        relabel(path, RV32)
    try:
        outcome = run(
            "ld.lld",
            *standin.LINK_FLAGS,
            *("-T", variant, made.crt0, *linked, made.library, "-o", output),
        )
    finally:
        for path in linked:
            relabel(path, AIE)
    if not outcome.ok:
        raise Refused(outcome.messages)
    if program.mode == "silent":
        output.unlink()
    else:
        relabel(output, AIE)


def opt(program: Program, arguments: Sequence[str]) -> None:
    passes, flag, source, _, output = arguments
    if not re.fullmatch(r"--passes=default<O\d>,strip", passes) or flag != "-S":
        raise Refused(f"unknown pass name in {passes}")
    text = Path(source).read_text()
    for newer in ("inbounds nuw", "nocreateundeforpoison"):
        if newer in text:
            raise Refused(f"{source}:2:8: error: expected type, found '{newer}'")
    Path(output).write_text(text)


def llc(program: Program, arguments: Sequence[str]) -> None:
    from softnpu.targets.standin import toolchain
    from softnpu.targets.standin.core import BODY_FLAGS

    source, *flags, _, output = arguments
    for flag in flags:
        known = r"-O\d|--march=aie2|--function-sections|--filetype=obj|--stack-size-section"
        if not re.fullmatch(known, flag):
            raise Refused(f"Unknown command line argument '{flag}'.")
    body = Path(output).with_suffix(".fake.c")
    lines = Path(source).read_text().splitlines()
    body.write_text("\n".join(line[3:] for line in lines if line.startswith(";c ")))
    made = Path(output)
    outcome = toolchain.clang(body, made, [*BODY_FLAGS, *toolchain.include_flags(cxx=False)])
    if not outcome.ok:
        raise Refused(outcome.messages)
    relabel(made, AIE)


PLAYED = {
    "aie-opt": aie_opt,
    "aie-translate": aie_translate,
    "bootgen": bootgen,
    "xclbinutil": xclbinutil,
    "clang": clang,
    "clang++": clang,
    "opt": opt,
    "llc": llc,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
