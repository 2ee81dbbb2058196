"""Instruction streams: lowering the runtime sequences of a file, and which file holds which."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from xdsl.dialects.builtin import IndexType, IntegerType, ModuleOp

from softnpu.compiler import pipelines
from softnpu.compiler.file_endings import LOCMAP, PACKETS
from softnpu.compiler.pipelines import Choices
from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.aiex import NpuLoadPdiOp
from softnpu.dialects.text import print_module, verify
from softnpu.dialects.walking import nothing_changes, ops_of
from softnpu.passes.handed_on_tasks import is_rolled
from softnpu.passes.sequence_ops import devices, sequences
from softnpu.passes.task_queues import warn_of_full_queues
from softnpu.targets.control_packets import emit_control_packets
from softnpu.targets.npu_binary import emit

INSTS = "insts.bin"
NPU_INSTS = "npu_insts.mlir"
NPU_EXPANDED = "npu_expanded.mlir"
FUNCTIONS = "npu_insts.h"


def expand_loads(
    module: ModuleOp, out_dir: Path, choices: Choices, *, locations: bool = False
) -> list[str]:
    """Have the sequences do what the loads of images would, their programs being in `out_dir`.

    Control packets are written beside the streams that send them, `<device>_<sequence>_ctrlpkt.bin`
    each: the content of one more host buffer, behind the design's own.

    Returns:
        What the author should know: the files of control packets.
    """
    pipelines.run(pipelines.load_expansion(choices, out_dir), module)
    text = print_module(module, locations=locations)
    (out_dir / NPU_EXPANDED).write_text(text, encoding="utf-8")
    notes = []
    for device_op in devices(module):
        for sequence in sequences(device_op):
            names = device_op.sym_name, sequence.sym_name
            if packets := emit_control_packets(module, *names):
                file = out_dir / f"{'_'.join(names)}{PACKETS}"
                file.write_bytes(packets)
                number = len(sequence.body.blocks[0].args)
                notes.append(
                    f"{file.name} ({len(packets)} bytes) is argument {number} of sequence "
                    f"'@{sequence.sym_name}'"
                )
    pipelines.run(pipelines.packet_sending(), module)
    return notes


def lower_sequences(
    module: ModuleOp, out_dir: Path, *, materialize: bool = True, locations: bool = False
) -> None:
    """Lower all sequences of a file, number the PDIs that they load, write `npu_insts.mlir`.

    Args:
        materialize: as for `pipelines.npu_lowering`.
        locations: print where its ops come from.
    """
    pipelines.run(pipelines.npu_lowering(materialize=materialize), module)
    verify(module)
    with nothing_changes():  # but numbers
        warn_of_full_queues(module)
        number_pdis(module)
    text = print_module(module, locations=locations)
    (out_dir / NPU_INSTS).write_text(text, encoding="utf-8")


def pdi_numbers(module: ModuleOp) -> dict[str, int]:
    """The number of each device's PDI: devices count from 1, in the order of the file."""
    return {device_op.sym_name: n for n, device_op in enumerate(devices(module), start=1)}


def number_pdis(module: ModuleOp) -> None:
    """Let each `load_pdi` that names a device name its PDI, as aiecc does."""
    numbers = pdi_numbers(module)
    for sequence in (one for device_op in devices(module) for one in sequences(device_op)):
        for op in ops_of(sequence, NpuLoadPdiOp):
            if op.device_ref in numbers:
                op.id = numbers[op.device_ref]


def write_functions(module: ModuleOp, out_dir: Path, translate: bool) -> str:
    """`npu_insts.h`, if the run decides something of a lowered sequence; no `insts.bin` then.

    Returns:
        What the author should know; "" if each sequence is a stream.
    """
    found = [s for d in devices(module) for s in sequences(d) if is_decided_by_run(s)]
    if not found:
        return ""
    from softnpu.targets import npu_cpp

    (out_dir / FUNCTIONS).write_text(npu_cpp.emit(module, translate=translate), encoding="utf-8")
    (out_dir / INSTS).unlink(missing_ok=True)
    names = ", ".join(f"'@{one.sym_name}'" for one in found)
    return f"the run decides what {names} does: C++ functions in {FUNCTIONS}, no {INSTS}"


def is_decided_by_run(sequence: RuntimeSequenceOp) -> bool:
    """Whether a sequence has loops or conditions left, or takes numbers beside its buffers."""
    arguments = sequence.body.blocks[0].args
    return is_rolled(sequence) or any(
        isinstance(one.type, IntegerType | IndexType) and one.uses for one in arguments
    )


def write_stream(
    module: ModuleOp, device_name: str, sequence_name: str, out: Path, *, translate: bool = True
) -> None:
    """Write the instruction stream of one lowered sequence; "" is the device's first.

    Args:
        translate: as for `npu_binary.stream`.
    """
    out.write_bytes(emit(module, device_name, sequence_name, translate=translate))


def write_streams(
    module: ModuleOp, out_dir: Path, sequence_name: str = "", *, translate: bool = True
) -> None:
    """`insts.bin` for the main device; of several sequences, each under its own name as well.

    The names are aiecc's, `insts_<device>_<sequence>.bin`.

    Args:
        translate: as for `npu_binary.stream`.
    """
    write = partial(write_stream, module, translate=translate)
    found = [(d.sym_name, s.sym_name) for d in devices(module) for s in sequences(d)]
    if len(found) > 1:
        for device_name, name in found:
            write(device_name, name, out_dir / f"insts_{device_name}_{name}.bin")
    chosen = main_device(module)
    if sequences(chosen):
        write(chosen.sym_name, sequence_name, out_dir / INSTS)


def write_locmaps(module: ModuleOp, out_dir: Path) -> None:
    """Where the operations of each stream come from, beside it under its name and `LOCMAP`."""
    from softnpu.targets import locmap

    for device_op in devices(module):
        for sequence in sequences(device_op):
            names = device_op.sym_name, sequence.sym_name
            text = locmap.emit(module, *names)
            (out_dir / f"insts_{'_'.join(names)}{LOCMAP}").write_text(text, encoding="utf-8")
