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


def test_errors_of_the_driver_that_nobody_knows_are_quoted(laptop: Machine) -> None:
    lines = [
        f"[ 1.{n}] amdxdna 0000:c5:00.1: [drm] *ERROR* aie2_new: reason {n}\n" for n in range(5)
    ]
    quiet = "".join(f"[ 2.{n}] amdxdna 0000:c5:00.1: all is well\n" for n in range(50))
    known = "[ 0.5] amdxdna 0000:c5:00.1: [drm] *ERROR* aie2_smu_exec: smu cmd 4 failed, 0xff\n"
    laptop.change(run=lambda _: known + "".join(lines) + quiet)
    found = laptop.check("kernel log")
    assert found.status is Status.WARNING
    first, *rest = found.detail.splitlines()
    assert "power management (SMU)" in first
    assert rest[0] == 'the driver says "aie2_new: reason 0"'
    assert rest[3:] == ["and 2 more such lines"]
    assert found.hint.splitlines()[-1].startswith("what that means is not known here: sudo dmesg")


def test_a_log_without_complaints_is_fine(laptop: Machine) -> None:
    found = laptop.check("kernel log")
    assert (found.status, found.detail) == (Status.OK, "1 line about the NPU, no complaint")


def test_a_kernels_log_that_may_not_be_read_is_not_taken_for_silence(laptop: Machine) -> None:
    laptop.change(run=lambda _: None)
    found = laptop.check("kernel log")
    assert found.status is Status.UNSEEN and "sudo dmesg" in found.hint
