"""Peano's programs, played: RV32 code under the AIE's machine number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from softnpu.targets.standin import link as standin
from softnpu.targets.standin import toolchain
from softnpu.targets.standin.core import BODY_FLAGS
from softnpu.targets.standin.toolchain import runtime
from softnpu.zig import run
from tests.amd_tools.program import Program, Refused

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
