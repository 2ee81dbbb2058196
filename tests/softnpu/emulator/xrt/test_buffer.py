"""Buffers: a copy on either side, and flags that NPUs lack."""

from __future__ import annotations

import gc
import random
import re
from typing import Any

import numpy as np
import pytest

from softnpu import pyxrt
from tests.softnpu.emulator.xrt.host import (
    COMPLETED,
    DATA,
    ERROR,
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
    with pytest.raises(RuntimeError, match="Invalid BO offset and size"):
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


def test_bands_of_one_buffer_are_counted_as_what_they_are(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    source = host.buffer(IN, np.concatenate([DATA, DATA * 5]), size=2 * SIZE)
    out = host.buffer(OUT, size=2 * SIZE)
    for at in (0, SIZE):
        run = host.kernel(
            3, host.instructions(), 0, pyxrt.bo(source, SIZE, at), pyxrt.bo(out, SIZE, at)
        )
        assert run.wait() == COMPLETED
        report = run.report()
        assert [(use.read, use.written) for use in report.arguments] == [(SIZE, 0), (0, SIZE)]
        assert report.notes == ()
    assert (host.out(out) == np.concatenate([DATA, DATA * 5])).all()
    assert caplog.text == ""


def test_a_transfer_beyond_a_sub_buffers_end_is_told(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    part = pyxrt.bo(out, SIZE // 2, 0)
    run = host.kernel(3, host.instructions(), 0, source, part)
    assert run.wait() == COMPLETED, "nothing stops it on hardware"
    (note,) = run.report().notes
    assert f"writes bytes 0 to {SIZE} of argument 4 (bo1), which has {SIZE // 2} bytes" in note
    assert run.report().arguments[1].written == SIZE // 2
    again = host.kernel(3, host.instructions(), 0, source, out)
    again.wait()
    assert again.report().notes == (), "what one run did is not told of the next"


def test_a_transfer_beyond_the_parents_end_is_told_in_the_sub_buffers_own_bytes(host: Host) -> None:
    whole = host.buffer(OUT, size=SIZE + 64)
    part = pyxrt.bo(whole, SIZE // 2, SIZE // 2)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), part)
    assert run.wait() == ERROR
    assert f"bytes 0 to {SIZE} of argument 4 (bo1), which has {SIZE // 2}" in run.explanation()


def test_a_sub_buffer_keeps_its_parent(host: Host) -> None:
    part = pyxrt.bo(host.buffer(IN, np.tile(DATA, 2), size=2 * SIZE), SIZE, SIZE)
    gc.collect()
    out = host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, part, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_a_sub_buffer_of_a_sub_buffer_is_another_one_to_the_kernel(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """XRT adds the last offset alone to the whole buffer's address."""
    whole = host.buffer(IN, np.concatenate([DATA, DATA * 2, DATA * 3]), size=3 * SIZE)
    half = pyxrt.bo(whole, 2 * SIZE, SIZE)
    assert caplog.text == ""
    part = pyxrt.bo(half, SIZE, SIZE)
    assert "make it of the whole buffer" in caplog.text
    assert (np.frombuffer(part.map(), np.int32) == DATA * 3).all()
    assert part.address() == whole.address() + SIZE
    out = host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, part, out).wait() == COMPLETED
    assert (host.out(out) == DATA * 2).all()


def test_a_sub_buffer_that_begins_amid_a_word_is_refused(host: Host) -> None:
    whole = host.buffer(IN, size=SIZE + 8)
    run = host.kernel(3, host.instructions(), 0, pyxrt.bo(whole, SIZE, 2), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "byte 0 of argument 3 (bo0), itself at byte 2 of a word" in run.explanation()


def test_a_sync_of_a_sub_buffer_may_go_on_in_its_parent_and_is_told(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    whole = host.buffer(IN, size=2 * SIZE)
    np.frombuffer(whole.map(), np.uint8)[:] = 7
    part = pyxrt.bo(whole, SIZE // 2, SIZE)
    part.sync(TO_DEVICE)
    assert whole.device_bytes().count(7) == SIZE // 2
    assert caplog.text == ""
    part.sync(TO_DEVICE, SIZE, 0)
    assert whole.device_bytes().count(7) == SIZE
    assert "goes beyond a sub-buffer" in caplog.text
    with pytest.raises(RuntimeError, match="when syncing sub buffer"):
        part.sync(TO_DEVICE, SIZE, 4)


def test_one_buffer_can_be_two_arguments(host: Host) -> None:
    both = host.buffer(IN, DATA)
    run = host.kernel(3, host.instructions(), 0, both, both)
    assert run.wait() == COMPLETED
    names = [use.name for use in run.report().arguments]
    assert names == ["argument 3 (bo0)", "argument 4 (bo1)"]


def test_a_map_that_outlives_its_buffer_is_told(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    def run() -> None:
        host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT)).wait()

    def used_and_gone() -> None:
        buffer = host.buffer(OUT)
        assert not np.frombuffer(buffer.map(), np.uint8).any()

    used_and_gone()
    run()
    assert caplog.text == ""
    held = np.frombuffer(host.buffer(OUT).map(), np.uint8)
    run()
    assert "a map is held whose buffer is gone" in caplog.text
    assert not held.any(), "here it can still be read"


def test_the_mapped_view_writes_to_the_host_copy(host: Host) -> None:
    source, out = host.buffer(IN), host.buffer(OUT)
    np.frombuffer(source.map(), np.int32)[:] = DATA
    source.sync(TO_DEVICE)
    host.kernel(3, host.instructions(), 0, source, out).wait()
    assert (host.out(out) == DATA).all()


def test_group_0_is_the_hosts_memory_and_not_the_kernels_group(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """As the tensors of mlir-aie's host runtime are made."""
    source, out = (pyxrt.bo(host.device, SIZE, pyxrt.bo.host_only, 0) for _ in range(2))
    source.write(DATA, 0)
    source.sync(TO_DEVICE)
    for _ in range(2):
        assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()
    (told,) = (record.getMessage() for record in caplog.records)
    assert "made with group 0, kernel.group_id(3) is 65536" in told
    assert "Of this kernel's other buffers this is not told again" in told


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


@pytest.mark.parametrize("seed", range(12))
def test_random_bands_of_one_buffer_move_and_are_told_as_they_lie(host: Host, seed: int) -> None:
    """The design copies SIZE bytes from where one argument begins to where the other does."""
    rng = random.Random(seed)
    total = 6 * SIZE
    first, second = sorted(rng.sample(range(0, total, SIZE), 2))
    offsets = [first + 4 * rng.randrange(WORDS // 2), second + 4 * rng.randrange(WORDS // 2)]
    rng.shuffle(offsets)
    sizes = [4 * rng.randrange(1, (total - offset) // 4 + 1) for offset in offsets]
    values = np.arange(total // 4, dtype=np.int32)
    whole = host.buffer(IN, values, size=total)
    bands = [pyxrt.bo(whole, size, at) for size, at in zip(sizes, offsets, strict=True)]
    run = host.kernel(3, host.instructions(), 0, *bands)
    fits = max(offsets) + SIZE <= total
    apart = abs(offsets[0] - offsets[1]) >= SIZE
    assert run.wait() == (COMPLETED if fits else ERROR)
    if not fits or not apart:
        return
    start, end = offsets[1] // 4, offsets[1] // 4 + WORDS
    values[start:end] = np.arange(offsets[0] // 4, offsets[0] // 4 + WORDS)
    assert (host.out(whole) == values).all()
    told = [f"argument {IN + i}" for i, size in enumerate(sizes) if size < SIZE]
    assert [note.split(" of ")[-1][:10] for note in run.report().notes] == told
    for i, use in enumerate(run.report().arguments):
        own = range(offsets[i], offsets[i] + sizes[i])
        moved = [range(at, at + SIZE) for at in offsets]
        inside = [max(0, min(own.stop, m.stop) - max(own.start, m.start)) for m in moved]
        assert [use.read, use.written] == inside
