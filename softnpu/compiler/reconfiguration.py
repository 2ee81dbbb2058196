"""A device's configuration for an array that runs: as a sequence's writes, or as control packets.

Source: mlir-aie, aiecc/IRTransforms.h (`getTransactionPipeline`, `getControlPacketPipeline`,
`getControlPacketDmaPipeline`), what --get-txn and --get-ctrlpkt ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.compiler import pipelines, programs
from softnpu.compiler.driver import PHYSICAL
from softnpu.compiler.file_endings import PACKETS, SENDING, TRANSACTION
from softnpu.compiler.modules import read_module
from softnpu.dialects.text import print_module
from softnpu.passes.ctrl_packet_to_dma import CtrlPacketToDmaPass
from softnpu.passes.dma_to_npu import DmaToNpuPass
from softnpu.passes.sequence_ops import devices
from softnpu.passes.txn_to_control_packet import LegalizeControlPacketPass, TxnToControlPacketPass
from softnpu.targets import npu_binary
from softnpu.targets.aie_to_configuration import ConvertAIEToTransactionPass
from softnpu.targets.control_packets import emit_control_packets


def write_transactions(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each device's configuration as writes of a sequence, for the programs in `folder`."""
    for name, module in _configured(folder, ()):
        made = folder / f"{name}{TRANSACTION}"
        made.write_text(print_module(module), encoding="utf-8")
        yield name, made


def write_control_packets(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Each device's configuration as control packets, and the stream that sends them."""
    for name, module in _configured(
        folder, (TxnToControlPacketPass(), LegalizeControlPacketPass())
    ):
        packets, stream = folder / f"{name}{PACKETS}", folder / f"{name}{SENDING}"
        packets.write_bytes(emit_control_packets(module, name))
        pipelines.run((CtrlPacketToDmaPass(), DmaToNpuPass()), module)
        stream.write_bytes(npu_binary.emit(module, name))
        yield name, packets, stream


def _configured(folder: Path, passes: Sequence[ModulePass]) -> Iterator[tuple[str, ModuleOp]]:
    physical = read_module(folder / PHYSICAL)
    programs.hand_over(physical)
    for device_op in devices(physical):
        name = device_op.sym_name
        module = physical.clone()
        pipelines.run((ConvertAIEToTransactionPass(str(folder), name), *passes), module)
        yield name, module
