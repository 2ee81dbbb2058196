"""What the programs say of themselves: --version and --help."""

from __future__ import annotations

from collections.abc import Sequence

from tests.amd_tools.program import PIPELINES, Program

VERSIONS = {
    "1.4": ("23.1.4", "3ca0193c"),
    "2026-03": ("22.1.0", "5ff2ab97"),
    "1.1": ("21.0.0git", "5ff2ab97"),
}
"""By spelling, the LLVM and the commit that aie-opt and aie-translate name."""


def about_mlir(program: Program, asked: str) -> str:
    if asked == "version":
        llvm, commit = VERSIONS[program.spelling]
        return (
            f"LLVM (http://llvm.org/):\n  LLVM version {llvm}\n  Optimized build.\n"
            f"{program.name} {commit}{program.version}"
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
