"""Buffers: a copy on either side, and flags that NPUs lack."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from softnpu import pyxrt
from tests.softnpu.emulator.xrt.host import (
    COMPLETED,
    DATA,
    IN,
    OUT,
    SIZE,
    TO_DEVICE,
    WORDS,
    Host,
)


def test_an_input_that_is_not_synced_is_stale(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    source.write(DATA * 2, 0)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all(), "the device has not seen the second write"


def test_an_output_that_is_not_synced_is_stale(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert not np.frombuffer(out.map(), np.int32).any()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (pyxrt.bo.device_only, "Bad BO flags (err=95): Operation not supported"),
        (pyxrt.bo.p2p, "Bad BO flags (err=95): Operation not supported"),
        (pyxrt.bo.svm, "Bad BO flags (err=95): Operation not supported"),
        (pyxrt.bo.normal, "unsupported buffer type: none flag (err=95): Operation not supported"),
    ],
)
def test_flags_that_npus_lack_give_err_95(host: Host, flags: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape(message)):
        pyxrt.bo(host.device, SIZE, flags, host.kernel.group_id(IN))


def test_flags_that_are_no_flags_are_a_type_error(host: Host) -> None:
    with pytest.raises(TypeError, match="incompatible constructor arguments"):
        pyxrt.bo(host.device, SIZE, 0, host.kernel.group_id(IN))


def test_buffers_have_ends(host: Host) -> None:
    buffer = host.buffer(IN)
    with pytest.raises(RuntimeError, match="attempting to write past buffer size"):
        buffer.write(DATA, 4)
    with pytest.raises(RuntimeError, match="attempting to read past buffer size"):
        buffer.read(SIZE, 4)
    with pytest.raises(RuntimeError, match="Invalid offset and size"):
        buffer.sync(TO_DEVICE, SIZE, 4)


def test_part_of_a_buffer_can_be_synced(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    source.write(DATA * 2, 0)
    source.sync(TO_DEVICE, SIZE // 2, SIZE // 2)
    host.kernel(3, host.instructions(), 0, source, out).wait()
    half = WORDS // 2
    assert (host.out(out) == np.concatenate([DATA[:half], 2 * DATA[half:]])).all()


def test_a_sub_buffer_is_a_part_of_its_parent(host: Host) -> None:
    whole = host.buffer(IN, np.concatenate([DATA, DATA * 5]), size=2 * SIZE)
    out = host.buffer(OUT)
    part = pyxrt.bo(whole, SIZE, SIZE)
    assert host.kernel(3, host.instructions(), 0, part, out).wait() == COMPLETED
    assert (host.out(out) == DATA * 5).all()


def test_the_mapped_view_writes_to_the_host_copy(host: Host) -> None:
    source, out = host.buffer(IN), host.buffer(OUT)
    np.frombuffer(source.map(), np.int32)[:] = DATA
    source.sync(TO_DEVICE)
    host.kernel(3, host.instructions(), 0, source, out).wait()
    assert (host.out(out) == DATA).all()


def test_group_0_is_the_hosts_memory(host: Host) -> None:
    """As the tensors of mlir-aie's host runtime are made."""
    source, out = (pyxrt.bo(host.device, SIZE, pyxrt.bo.host_only, 0) for _ in range(2))
    source.write(DATA, 0)
    source.sync(TO_DEVICE)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_an_array_is_written_as_it_lies_in_memory(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """XRT takes an array's address and size, and never looks at its strides."""
    buffer = host.buffer(IN)
    square = np.arange(WORDS, dtype=np.int32).reshape(32, WORDS // 32)
    buffer.write(square.T, 0)
    assert (np.frombuffer(buffer.map(), np.int32) == square.ravel()).all()
    assert "np.ascontiguousarray" in caplog.text
    buffer.write(square[:, ::2], 0)
    half = np.frombuffer(buffer.read(SIZE // 2, 0), np.int32)
    assert (half == square.ravel()[: WORDS // 2]).all()
    for outside in (square[::-1], np.broadcast_to(np.int32(1), (4,))):
        with pytest.raises(RuntimeError, match="what lies outside of it"):
            buffer.write(outside, 0)


@pytest.mark.parametrize(
    "data", [b"", bytes(8), bytearray(8), np.ones(4, np.complex64), np.zeros((0, 4), np.int8)]
)
def test_whatever_has_a_buffer_can_be_written(host: Host, data: Any) -> None:
    buffer = host.buffer(IN, np.full(WORDS, -1, np.int32))
    buffer.write(data, 8)
    raw = memoryview(data).tobytes()
    assert buffer.read(len(raw), 8).tobytes() == raw


def test_a_list_cannot_be_written(host: Host) -> None:
    with pytest.raises(TypeError):
        host.buffer(IN).write([1, 2, 3], 0)
