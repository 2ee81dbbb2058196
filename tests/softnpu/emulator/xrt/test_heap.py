"""Instruction buffers and contexts share 64 MB."""

from __future__ import annotations

import gc

import pytest

from softnpu import pyxrt
from softnpu.emulator.xrt.heap import SIZE as HEAP
from softnpu.emulator.xrt.machine import machine
from tests.softnpu.emulator.xrt.host import IN, Host


def cacheable(host: Host, size: int) -> pyxrt.bo:
    return pyxrt.bo(host.device, size, pyxrt.bo.cacheable, host.kernel.group_id(1))


def test_instruction_buffers_that_are_kept_leave_no_room_for_a_context(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    kept = [cacheable(host, HEAP - machine().heap.used)]
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-28\): No space left"):
        pyxrt.hw_context(host.device, uuid)
    with pytest.raises(RuntimeError, match=r"CREATE_BO IOCTL failed \(err=-28\): No space left"):
        cacheable(host, 1)
    pyxrt.bo(host.device, 4096, pyxrt.bo.host_only, host.kernel.group_id(IN))
    kept.clear()
    gc.collect()
    pyxrt.hw_context(host.device, uuid)


def test_what_contexts_and_buffers_took_is_given_back(host: Host) -> None:
    gc.collect()
    before = machine().heap.used
    made = [pyxrt.hw_context(host.device, host.context.get_xclbin_uuid()), cacheable(host, 100)]
    assert machine().heap.used == before + (4 + 1 + 1) * (32 << 10), "commands, PDI, buffer"
    made.clear()
    gc.collect()
    assert machine().heap.used == before


def test_a_context_that_fails_keeps_nothing(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    kept = cacheable(host, HEAP - machine().heap.used - 4 * (32 << 10))
    before = machine().heap.used
    with pytest.raises(RuntimeError, match="CREATE_BO"):
        pyxrt.hw_context(host.device, uuid)
    assert machine().heap.used == before, "there was room for its commands, and not for its PDI"
    del kept


def test_an_instruction_buffer_larger_than_all_there_is(host: Host) -> None:
    with pytest.raises(RuntimeError, match=r"CREATE_BO IOCTL failed \(err=-22\): Invalid argument"):
        cacheable(host, HEAP + 1)
