"""`aie-txn-to-ctrl-packet` and `aie-legalize-ctrl-packet`: block writes as control packets.

A control packet carries at most four words, so that longer ones are split
(mlir-aie, AIETxnToControlPacket.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from softnpu.dialects.aiex import NpuBlockWriteOp, NpuControlPacketOp
from softnpu.passes.block_data import block_words
from softnpu.passes.sequence_ops import Symbols, devices, replace, sequence_ops

MAXIMUM_WORDS = 4
"""Data words of one control packet: its header counts them in two bits."""
WORD_BYTES = 4
WRITE = 0
"""The opcode of a control packet that writes."""


@dataclass(frozen=True)
class TxnToControlPacketPass(ModulePass):
    """Replace block writes by control packets."""

    name = "aie-txn-to-ctrl-packet"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            symbols = Symbols(device)
            for step in sequence_ops(device):
                if isinstance(step, NpuBlockWriteOp):
                    packet = NpuControlPacketOp(
                        address=step.address,
                        opcode=WRITE,
                        stream_id=0,
                        data=signed_words(block_words(step, symbols)),
                        location=step.location,
                    )
                    replace(step, [packet])


@dataclass(frozen=True)
class LegalizeControlPacketPass(ModulePass):
    """Split control packets that carry more words than one can."""

    name = "aie-legalize-ctrl-packet"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            for step in sequence_ops(device):
                if isinstance(step, NpuControlPacketOp) and len(step.data or ()) > MAXIMUM_WORDS:
                    replace(step, _split(step, step.data or ()))


def signed_words(words: tuple[int, ...]) -> tuple[int, ...]:
    """32-bit words as the signed integers of a control packet's data."""
    return tuple((word ^ 1 << 31) - (1 << 31) for word in words)


def _split(packet: NpuControlPacketOp, data: tuple[int, ...]) -> list[NpuControlPacketOp]:
    return [
        NpuControlPacketOp(
            address=packet.address + WORD_BYTES * start,
            opcode=packet.opcode,
            stream_id=packet.stream_id,
            data=data[start : start + MAXIMUM_WORDS],
            location=packet.location,
        )
        for start in range(0, len(data), MAXIMUM_WORDS)
    ]
