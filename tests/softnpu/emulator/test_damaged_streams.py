"""An instruction stream with mistakes in it ends in a report, whatever the mistakes are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.explaining.summary import state, summary
from softnpu.formats import txn, xclbin
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    MaskWrite,
    Operation,
    Sync,
    Write,
)

SIZE = 16384


def changed(operation: Operation, draw: st.DataObject) -> Operation:
    """`operation` with one thing wrong."""
    if isinstance(operation, BlockWrite):
        data = bytearray(operation.data)
        data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
        return replace(operation, data=bytes(data))
    if isinstance(operation, (Write, MaskWrite)):
        if draw.draw(st.booleans()):
            return replace(operation, value=operation.value ^ 1 << draw.draw(st.integers(0, 31)))
        return replace(operation, address=operation.address ^ 1 << draw.draw(st.integers(2, 24)))
    if isinstance(operation, AddressPatch):
        if draw.draw(st.booleans()):
            return replace(operation, offset=draw.draw(st.sampled_from([4, 64, 4096, 1 << 20])))
        return replace(operation, argument=draw.draw(st.integers(0, 5)))
    if isinstance(operation, Sync):
        return replace(operation, channel=draw.draw(st.integers(0, 5)))
    return operation


@pytest.mark.parametrize(
    "design", ["passthrough_memtile", "transpose_dims", "task_sequence", "packet_routes"]
)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_stream_with_mistakes_ends_in_a_report(
    march: Path, design: str, data: st.DataObject
) -> None:
    stream = txn.parse((march / design / "insts.bin").read_bytes())
    operations = list(stream.operations)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(operations) - 1))
        match data.draw(st.sampled_from(["change", "change", "repeat", "drop"])):
            case "change":
                operations[index] = changed(operations[index], data)
            case "repeat":
                operations.insert(index, operations[index])
            case _ if len(operations) > 1:
                del operations[index]
    context = Context(xclbin.parse((march / design / "final.xclbin").read_bytes()))
    buffers = [context.allocate(SIZE, f"argument {i}") for i in range(4)]
    insts = txn.build(replace(stream, operations=tuple(operations)))
    for _ in range(2):
        report = context.run(insts, buffers, timeout_ms=5)
        assert report.completed or explain(report)
        assert report.outcome is not Outcome.FAULT or report.error is not None
        assert summary(report)
        state(context.array)
