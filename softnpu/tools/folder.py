"""`softnpu tools DIR`: a folder of programs under AMD's names, for the PATH of a Makefile."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.errors import ToolError

if TYPE_CHECKING:
    from softnpu.subcommands import Subparsers

PROGRAMS = {
    "aiecc": "aiecc",
    "aiecc.py": "aiecc",
    "aie-opt": "opt",
    "aie-translate": "translate",
    "bootgen": "bootgen",
    "xclbinutil": "xclbinutil",
    "xchesscc_wrapper": "peano",
    "clang": "peano",
    "clang++": "peano",
}
"""Each program, and the module of softnpu.tools that does its work; `opt` and `translate` are
softnpu's own commands."""

PEANO = ("clang", "clang++")
"""These go into a folder of their own, which stands for PEANO_INSTALL_DIR: the machine's own
compiler has the same name."""

MARK = "# npuforge: "

DESCRIPTION = """\
Fills DIR with programs that are called as AMD's are and do their work by npuforge: aiecc,
aiecc.py, aie-opt, aie-translate, bootgen, xclbinutil, xchesscc_wrapper, and clang and clang++ in
DIR/peano/bin.
A Makefile of mlir-aie's then builds with nothing of AMD's but Python:

  npuforge tools ~/npu-tools
  export PATH=~/npu-tools:$PATH PEANO_INSTALL_DIR=~/npu-tools/peano

Kernels become stand-in code for the emulator, as the xclbin says; NPUs don't run it.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `tools` to the command line."""
    parser = subparsers.add_parser(
        "tools",
        help="fill a folder with programs under the names of AMD's",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="made if it is not there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the programs; those of others are not written over."""
    written = fill(options.folder.absolute())
    peano = options.folder.absolute() / "peano"
    sys.stdout.write(
        f"{len(written)} programs in {options.folder}; put them first:\n"
        f"  export PATH={shlex.quote(str(options.folder.absolute()))}:$PATH"
        f" PEANO_INSTALL_DIR={shlex.quote(str(peano))}\n"
    )
    return 0


def fill(folder: Path) -> list[Path]:
    """Writes all programs; they call this very Python and this very npuforge.

    Raises:
        ToolError: a file of such a name is there that is none of them.
    """
    written = []
    for name in PROGRAMS:
        path = (folder / "peano" / "bin" if name in PEANO else folder) / name
        if path.exists() and not is_ours(path):
            raise ToolError(f"{path} is there already, and is no program of `softnpu tools`")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_script(name))
        path.chmod(0o755)
        written.append(path)
    return written


def is_ours(program: Path) -> bool:
    """Whether a program is one that `fill` has written."""
    try:
        with program.open("rb") as file:
            return MARK.encode() in file.read(64)
    except OSError:
        return False


def _script(name: str) -> str:
    home = Path(__file__).resolve().parent.parent.parent
    return (
        f"#!/bin/sh\n{MARK}softnpu tools\n"
        f"export PYTHONPATH={shlex.quote(str(home))}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        f'exec {shlex.quote(sys.executable)} -m softnpu.tools {name} "$@"\n'
    )
