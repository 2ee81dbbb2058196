"""Hypothesis strategies for what the formats hold."""

from __future__ import annotations

from hypothesis import strategies as st

from softnpu.formats.cdo import Cdo, Command
from softnpu.formats.operations import (
    AddressPatch,
    BlockSet,
    BlockWrite,
    CreateScratchpad,
    Custom,
    LoadPdi,
    LoadProgram,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Preempt,
    Sync,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)
blocks = st.binary(max_size=40).map(lambda data: data[: len(data) // 4 * 4])

shared_operations = (
    st.builds(LoadPdi, u16, u32, u64)
    | st.builds(Preempt, u8)
    | st.just(Nop())
    | st.builds(Sync, u8, u8, u8, u8, u8, u8)
    | st.builds(LoadProgram, u32, st.integers(0, (1 << 24) - 1))
    | st.builds(CreateScratchpad, u32, u8, u64)
    | st.builds(UpdateState, u8, u8, u32)
    | st.builds(UpdateRegister, u32, u8, u8, u32)
    | st.just(UpdateScratchpad())
    | st.builds(Custom, st.sampled_from((0x82, 0x83, 0x85, 0x86, 0xFE)), blocks)
    | st.builds(MergeSync, st.integers(0, 255), st.integers(0, 255))
)
txn_operations = (
    st.builds(Write, u64, u32)
    | st.builds(MaskWrite, u64, u32, u32)
    | st.builds(MaskPoll, u64, u32, u32, busy=st.booleans())
    | st.builds(BlockWrite, u32, blocks, u32)
    | st.builds(AddressPatch, u64, u64, u64, u32)
    | shared_operations
)
compact_operations = (
    st.builds(Write, u32, u32)
    | st.builds(MaskWrite, u32, u32, u32)
    | st.builds(MaskPoll, u32, u32, u32, busy=st.booleans())
    | st.builds(BlockWrite, u32, blocks)
    | st.builds(AddressPatch, u32, u8, u64)
    | shared_operations
)
cdo_operations = (
    st.builds(Write, u64, u32)
    | st.builds(MaskWrite, u64, u32, u32)
    | st.builds(MaskPoll, u64, u32, u32, u32)
    | st.builds(BlockWrite, u64, blocks)
    | st.builds(BlockSet, u64, u32, st.integers(0, 8))
)
commands = st.builds(Command, u16, blocks)
cdos = st.builds(Cdo, st.lists(commands, max_size=8).map(tuple))
