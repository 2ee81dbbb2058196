"""Enumerations have AMD's numbers and spellings."""

from __future__ import annotations

from softnpu.dialects.enums import (
    AIEDevice,
    CascadeDir,
    LockAction,
    TraceMode,
    TracePacketType,
    WireBundle,
    spelling,
)


def test_numbers_are_those_of_the_dialect() -> None:
    assert [action.value for action in (LockAction.Acquire, LockAction.Release)] == [0, 1]
    assert LockAction.AcquireGreaterEqual.value == 2
    assert (AIEDevice.npu1.value, AIEDevice.npu2.value) == (4, 8)
    assert {d.name: d.value for d in CascadeDir}.items() <= {
        b.name: b.value for b in WireBundle
    }.items()


def test_some_are_spelt_otherwise_than_named() -> None:
    assert spelling(TraceMode.EventTime) == "Event-Time"
    assert spelling(TracePacketType.ShimTile) == "shimtile"
    assert spelling(WireBundle.DMA) == "DMA"
