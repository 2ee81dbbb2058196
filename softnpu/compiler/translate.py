"""`npuforge translate`: a lowered design to other formats, as aie-translate does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.compiler.cli import truth
from softnpu.errors import ToolError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from softnpu.dialects.aie import CoreOp, DeviceOp
    from softnpu.subcommands import Subparsers

DESCRIPTION = """\
Turns a design that passes have lowered (softnpu opt, aie-opt) into another format, as
aie-translate does. One of the formats is chosen; the others' options are ignored.
"""

EXAMPLES = """\
examples:
  npuforge translate --aie-npu-to-binary npu_insts.mlir -o insts.bin
  npuforge translate --aie-npu-to-binary --aie-output-binary=false npu_insts.mlir
  npuforge translate --aie-npu-to-cpp npu_insts.mlir -o insts.h
      C++ functions that write the stream for values that only the run knows
  npuforge translate --aie-generate-cdo --work-dir-path=out input_physical.mlir
  npuforge translate --aie-generate-ldscript --tilecol=0 --tilerow=2 input_physical.mlir
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `translate` to the command line."""
    parser = subparsers.add_parser(
        "translate",
        help="turn a lowered design into another format",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "design",
        nargs="?",
        default="-",
        metavar="DESIGN.mlir",
        help="the design (none or -: stdin)",
    )
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE", help="where to write to")
    group = parser.add_mutually_exclusive_group(required=True)
    for name, (_, help) in FORMATS.items():
        group.add_argument(
            f"--{name}", f"-{name}", dest="format", action="store_const", const=name, help=help
        )
    for name in NOT_WRITTEN:
        group.add_argument(
            f"--{name}",
            f"-{name}",
            dest="format",
            action="store_const",
            const=name,
            help=argparse.SUPPRESS,
        )
    _option(parser, "aie-device-name", "NAME", "the device (default: main, or the only one)")
    _option(parser, "aie-sequence-name", "NAME", "the runtime sequence (default: the first)")
    _option(parser, "tilecol", "N", "the core's column", type=int, default=0)
    _option(parser, "tilerow", "N", "the core's row", type=int, default=0)
    _option(
        parser, "work-dir-path", "DIR", "where CDO files go, and ELFs are looked for", type=Path
    )
    _option(
        parser,
        "aie-npu-emit-locmap",
        "FILE",
        "with --aie-npu-to-binary: also write where each operation comes from, as JSON",
        type=Path,
    )
    parser.add_argument(
        "--split-input-file",
        "-split-input-file",
        action="store_true",
        help="cases stand between lines of // -----; each is translated by itself",
    )
    for name, (default, help) in SWITCHES.items():
        _option(parser, name, "BOOL", help, type=truth, nargs="?", const=True, default=default)
    parser.set_defaults(run=run)


def _option(
    parser: argparse.ArgumentParser, name: str, metavar: str, help: str, **options: object
) -> None:
    options.setdefault("default", "" if "type" not in options else None)
    parser.add_argument(f"--{name}", f"-{name}", metavar=metavar, help=help, **options)  # type: ignore[arg-type]


def run(options: argparse.Namespace) -> int:
    """Translates; SoftnpuError goes to the caller, which prints it."""
    from softnpu.compiler.opt import SEPARATOR, read_design, split
    from softnpu.dialects.text import parse_text

    if (reason := NOT_WRITTEN.get(options.format)) is not None:
        raise ToolError(f"--{options.format} is not written: {reason}")
    text, name = read_design(options.design)
    cases = split(text) if options.split_input_file else [(text, 0)]
    made = [
        FORMATS[options.format][0](parse_text("\n" * line + case, name), options)
        for case, line in cases
    ]
    data = f"{SEPARATOR}\n".encode().join(
        one if isinstance(one, bytes) else one.encode() for one in made
    )
    if options.output is not None:
        options.output.write_bytes(data)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    return 0


def _npu_binary(module: ModuleOp, options: argparse.Namespace) -> bytes | str:
    from softnpu.targets.npu_binary import emit

    names = options.aie_device_name, options.aie_sequence_name
    data = emit(module, *names, translate=options.aie_npu_fold_ddr_addr_offset)
    if options.aie_npu_emit_locmap is not None:
        from softnpu.targets import locmap

        options.aie_npu_emit_locmap.write_text(locmap.emit(module, *names), encoding="utf-8")
    return data if options.aie_output_binary else _hexadecimal(data)


def _npu_cpp(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.npu_cpp import emit

    return emit(module, translate=options.aie_npu_fold_ddr_addr_offset)


def _control_packets(module: ModuleOp, options: argparse.Namespace) -> bytes | str:
    from softnpu.targets.control_packets import emit_control_packets

    data = emit_control_packets(module, options.aie_device_name, options.aie_sequence_name)
    return data if options.aie_output_binary else _hexadecimal(data)


def _hexadecimal(data: bytes) -> str:
    words = (int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4))
    return "".join(f"{word:08X}\n" for word in words)


def _cdo(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.cdo import PARTS, configuration
    from softnpu.targets.cdo_text import lines

    folder = options.work_dir_path or Path()
    device_op = _device(module, options)
    made = configuration(device_op, folder)
    told: list[str] = []
    for part, (name, data) in zip(PARTS, made.files(device_op.sym_name).items(), strict=True):
        (folder / name).write_bytes(data)
        if options.cdo_debug:
            told += [f"Generating: {folder / name}", *lines(data, getattr(made, part))]
    return "".join(f"{line}\n" for line in told)


def _linker_script(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.ldscript import linker_script

    return linker_script(*_core(module, options))


def _chess_link_description(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.memory_map import chess_link_description

    return chess_link_description(*_core(module, options))


def _core(module: ModuleOp, options: argparse.Namespace) -> tuple[DeviceOp, CoreOp]:
    from softnpu.compiler.programs import cores

    device_op, wanted = _device(module, options), (options.tilecol, options.tilerow)
    for core in cores(device_op):
        if core.position == wanted:
            return device_op, core
    known = ", ".join(str(core.position) for core in cores(device_op)) or "none"
    raise ToolError(f"there is no core at {wanted} (--tilecol, --tilerow); cores: {known}")


def _memory_map(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.memory_map import memory_map

    return memory_map(_device(module, options))


def _shim_allocations(module: ModuleOp, options: argparse.Namespace) -> str:
    """Which shim DMA channel each name stands for; the direction as mlir-aie numbers it."""
    from softnpu.dialects.aie import ShimDMAAllocationOp
    from softnpu.passes.device_ops import of_type

    found = {
        one.sym_name: {
            "channelDir": one.channel_dir.value,
            "channelIndex": one.channel_index,
            "col": one.tile_op.col,
        }
        for one in of_type(_device(module, options), ShimDMAAllocationOp)
    }
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _flows(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.targets.flows_json import emit

    return emit(module, _device(module, options).sym_name)


def _core_list(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.dialects.aie import TileOp
    from softnpu.passes.device_ops import of_type

    cores = ((tile, tile.core_op) for tile in of_type(_device(module, options), TileOp))
    rows = (f"({tile.col},{tile.row},{_quoted(core.elf_file)})," for tile, core in cores if core)
    return f"[{''.join(rows)}]\n"


def _quoted(name: str | None) -> str:
    return "None" if name is None else f'"{name}"'


def _target_arch(module: ModuleOp, options: argparse.Namespace) -> str:
    from softnpu.passes.sequence_ops import model_of

    return f"{ARCHITECTURES[model_of(_device(module, options)).generation]}\n"


def _device(module: ModuleOp, options: argparse.Namespace) -> DeviceOp:
    from softnpu.passes.sequence_ops import find_device

    return find_device(module, options.aie_device_name)


ARCHITECTURES = {"aie2": "AIE2", "aie2p": "AIE2p"}
"""What mlir-aie calls the generations (AIEArch)."""

FORMATS: dict[str, tuple[Callable[[ModuleOp, argparse.Namespace], bytes | str], str]] = {
    "aie-npu-to-binary": (_npu_binary, "the instruction stream of a runtime sequence"),
    "aie-npu-to-cpp": (_npu_cpp, "C++ functions that write the sequences' streams in a run"),
    "aie-ctrlpkt-to-bin": (_control_packets, "the control packets of a runtime sequence"),
    "aie-generate-cdo": (_cdo, "the three CDO files of a device"),
    "aie-generate-ldscript": (_linker_script, "the linker script of a core"),
    "aie-generate-bcf": (_chess_link_description, "what AMD's chess needs to link a core"),
    "aie-generate-mmap": (_memory_map, "the buffers that each tile sees, and where"),
    "aie-generate-json": (_shim_allocations, "the shim DMA channels that names stand for"),
    "aie-flows-to-json": (_flows, "the routes of a device's flows"),
    "aie-generate-corelist": (_core_list, "the cores of a device and their ELFs"),
    "aie-generate-target-arch": (_target_arch, "the architecture of a device's tiles"),
}
"""What a design can be turned into, by aie-translate's options."""

NOT_WRITTEN = {
    "aie-generate-xaie": "C for libxaie on the host; an NPU takes --aie-generate-cdo",
    "aie-mlir-to-xpe": "AMD's power estimator for Versal reads it",
    "aie-mlir-to-scsim-config": "AMD's simulator for Versal reads it",
    "aie-mlir-to-shim-solution": "AMD's simulator for Versal reads it",
    "aie-cert-to-asm": "it is for the controller of later devices",
}
"""Formats of aie-translate that have no reader here, and why."""

SWITCHES = {
    "aie-output-binary": (True, "binary (default) or, false, hexadecimal words"),
    "aie-npu-fold-ddr-addr-offset": (
        True,
        "buffers from the sixth on get addresses of the array (default: true, for an xclbin; "
        "false: for a full ELF)",
    ),
    "cdo-debug": (False, "with --aie-generate-cdo: print what the files do, write by write"),
}
"""Options that are true or false: their defaults, and what they are for."""
OPTIONAL_VALUES = frozenset(SWITCHES)
