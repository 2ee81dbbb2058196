"""Instruction streams: lowering the runtime sequences of a file, and which file holds which."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import pipelines
from softnpu.compiler.selection import main_device
from softnpu.dialects.aiex import NpuLoadPdiOp
from softnpu.dialects.source import print_module, verify
from softnpu.passes.sequence_ops import devices, sequences
from softnpu.passes.task_queues import warn_of_full_queues
from softnpu.targets.npu_binary import emit

INSTS = "insts.bin"
NPU_INSTS = "npu_insts.mlir"


def lower_sequences(module: ModuleOp, out_dir: Path, *, number_pdis: bool) -> None:
    """Lower all sequences of a file and write `npu_insts.mlir`.

    Args:
        number_pdis: let `load_pdi` name its device's PDI in the xclbin, as aiecc does for a full
            ELF; aie-translate leaves its number at 0.
    """
    pipelines.run(pipelines.npu_lowering(), module)
    verify(module)
    warn_of_full_queues(module)
    if number_pdis:
        numbers = pdi_numbers(module)
        for load in loads_without_number(module):
            load.id = numbers[load.device_ref or ""]
    (out_dir / NPU_INSTS).write_text(print_module(module), encoding="utf-8")


def pdi_numbers(module: ModuleOp) -> dict[str, int]:
    """The number of each device's PDI: devices count from 1, in the order of the file."""
    return {device_op.sym_name: n for n, device_op in enumerate(devices(module), start=1)}


def loads_without_number(module: ModuleOp) -> list[NpuLoadPdiOp]:
    """The `load_pdi` that name a device of this file, but not the number of its PDI."""
    names = pdi_numbers(module)
    loads = (op for op in module.walk() if isinstance(op, NpuLoadPdiOp))
    return [op for op in loads if op.id == 0 and op.device_ref in names]


def write_stream(module: ModuleOp, device_name: str, sequence_name: str, out: Path) -> None:
    """Write the instruction stream of one lowered sequence; "" is the device's first."""
    out.write_bytes(emit(module, device_name, sequence_name))


def write_streams(module: ModuleOp, out_dir: Path, sequence_name: str = "") -> None:
    """`insts.bin` for the main device; of several sequences, each under its own name as well.

    The names are aiecc's, `<device>_<sequence>.bin`.
    """
    found = [(d.sym_name, s.sym_name) for d in devices(module) for s in sequences(d)]
    if len(found) > 1:
        for device_name, name in found:
            write_stream(module, device_name, name, out_dir / f"{device_name}_{name}.bin")
    chosen = main_device(module)
    if sequences(chosen):
        write_stream(module, chosen.sym_name, sequence_name, out_dir / INSTS)
