"""Descriptors as words."""

from __future__ import annotations

import pytest

from softnpu.arch.device import device
from softnpu.dialects.aiex import NpuWriteBdOp
from softnpu.errors import DesignError
from softnpu.passes.bd_words import bd_words

NPU1, NPU2 = device("npu1"), device("npu2")
NAMES = [name for name in NpuWriteBdOp.attr_fields if name != "burst_length"]


def bd(**values: int) -> NpuWriteBdOp:
    """A valid descriptor of zeros but for what is given."""
    return NpuWriteBdOp(**{**dict.fromkeys(NAMES, 0), "valid_bd": 1, **values})


def refusal(op: NpuWriteBdOp) -> str:
    with pytest.raises(DesignError) as error:
        bd_words(op, NPU1)
    return str(error.value)


def test_a_plain_transfer_of_a_shim() -> None:
    # As in the golden designs: length, address, then AxCACHE, the longest burst and the valid bit.
    assert bd_words(bd(buffer_length=256), NPU1) == [256, 0, 0, 0, 2 << 30, 2 << 24, 0, 1 << 25]
    assert bd_words(bd(buffer_length=256), NPU2)[4] == 3 << 30


@pytest.mark.parametrize(("row", "count"), [(0, 8), (1, 8), (2, 6)])
def test_every_kind_of_tile_has_its_own_layout(row: int, count: int) -> None:
    layout = NPU1.dma(0, row).bd
    words = bd_words(
        bd(
            row=row,
            buffer_length=100,
            buffer_offset=64,
            enable_packet=1,
            packet_id=7,
            d0_size=5,
            d0_stride=6,
            d1_size=7,
            d1_stride=8,
            d2_stride=9,
            iteration_size=10,
            iteration_stride=11,
            next_bd=3,
            use_next_bd=1,
            lock_acq_enable=1,
            lock_acq_id=2,
            lock_acq_val=-1,
            lock_rel_id=4,
            lock_rel_val=1,
        ),
        NPU1,
    )
    assert len(words) == count
    fields = layout.unpack(words)
    assert fields["buffer_length"] == 100
    assert (fields["enable_packet"], fields["packet_id"]) == (1, 7)
    assert [fields[f"d{i}_stepsize"] for i in range(3)] == [6, 8, 9]
    assert [fields["d0_wrap"], fields["d1_wrap"]] == [5, 7]
    assert [fields["iteration_wrap"], fields["iteration_stepsize"]] == [10, 11]
    assert [fields["next_bd"], fields["use_next_bd"], fields["valid_bd"]] == [3, 1, 1]
    assert [fields["lock_acq_id"], fields["lock_acq_value"]] == [2, -1]
    assert [fields["lock_rel_id"], fields["lock_rel_value"]] == [4, 1]


def test_a_memory_tile_counts_its_address_in_words_and_the_others_in_bytes() -> None:
    unpack = {row: NPU1.dma(0, row).bd.unpack for row in range(3)}
    words = {row: bd_words(bd(row=row, buffer_offset=64), NPU1) for row in range(3)}
    assert words[0][1] == 64
    assert unpack[1](words[1])["base_address"] == 64
    assert unpack[2](words[2])["base_address"] == 16


def test_lock_values_may_be_written_as_seven_bits() -> None:
    assert bd_words(bd(lock_acq_val=127), NPU1) == bd_words(bd(lock_acq_val=-1), NPU1)


def test_the_size_of_a_single_run_does_not_matter() -> None:
    run = bd(d0_size=4096, d1_size=1, buffer_length=4096)
    assert bd_words(run, NPU1)[3] == 0
    assert "d0_size = 4000 exceeds the range [0:1023]" in refusal(bd(d0_size=4000, d1_size=1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bd_id": 16}, "BD id 16 does not exist: a shim tile has 16"),
        ({"row": 1, "bd_id": 48}, "BD id 48 does not exist: a memory tile has 48"),
        ({"row": 2, "buffer_length": 1 << 14}, "buffer_length = 16384 exceeds the range [0:16383]"),
        ({"iteration_size": 64}, "iteration_size = 64 exceeds the range [0:63]"),
        ({"d1_stride": 1 << 20}, "d1_stride = 1048576 exceeds the range [0:1048575]"),
        ({"d0_zero_before": 1}, "only memory tiles pad with zeros, tile (0, 0) is a shim"),
        ({"row": 1, "d0_zero_after": 64}, "d0_zero_after = 64 exceeds the range [0:63]"),
        ({"d2_size": 4}, "a shim's descriptor has no third size"),
        ({"row": 2, "burst_length": 64}, "only shim tiles have bursts"),
        ({"burst_length": 512}, "npu1 has no bursts of 512 bytes"),
        ({"row": 2, "buffer_offset": 6}, "must be a multiple of 4 bytes"),
        ({"column": 4}, "npu1 has no tile (4, 0)"),
    ],
)
def test_what_a_descriptor_cannot_hold_is_refused_by_name(
    values: dict[str, int], message: str
) -> None:
    assert message in refusal(bd(**values))
