from __future__ import annotations

import pytest

from runner.doctor import Status, machine
from tests.runner.doctor.machines import Machine


def test_a_python_that_is_too_old_is_told() -> None:
    found = machine.python((3, 9, 2), "/usr/bin/python3")
    assert found.status is Status.FAILED and "3.10 or newer" in found.detail
    assert not found.hardware


def test_a_missing_package_is_named_with_what_mends_it() -> None:
    found = machine.packages(("numpy", "no-such-package"))
    assert found.status is Status.FAILED and "no-such-package" in found.detail
    assert "./doit" in found.hint


@pytest.mark.parametrize(
    ("limit", "status"), [(None, Status.OK), (8 << 20, Status.WARNING), (1 << 30, Status.OK)]
)
def test_a_small_limit_of_locked_memory_is_a_warning_with_the_line_that_raises_it(
    laptop: Machine, limit: int | None, status: Status
) -> None:
    laptop.change(memlock=limit)
    found = laptop.check("memlock")
    assert found.status is status
    assert ("limits.d" in found.hint) == (status is Status.WARNING)


def test_complaints_in_the_kernels_log_are_explained(laptop: Machine) -> None:
    laptop.change(run=lambda _: "[ 1.0] amdxdna 0000:c5:00.1: firmware is not alive\n")
    found = laptop.check("kernel log")
    assert found.status is Status.WARNING and "driver and firmware do not fit" in found.detail


def test_a_kernels_log_that_may_not_be_read_is_not_taken_for_silence(laptop: Machine) -> None:
    laptop.change(run=lambda _: None)
    found = laptop.check("kernel log")
    assert found.status is Status.UNSEEN and "sudo dmesg" in found.hint
