from __future__ import annotations

from collections.abc import Sequence

from runner.npu.kernel_log import MAXIMUM_LINES, KernelLog

JOURNAL = "[  100.000001] laptop kernel: amdxdna 0000:c5:00.1: ready\n"


def test_the_journal_is_read_where_dmesg_may_not() -> None:
    def run(command: Sequence[str]) -> str | None:
        return JOURNAL if command[0] == "journalctl" else None

    assert KernelLog(run, everything=True).news().lines == (
        "laptop kernel: amdxdna 0000:c5:00.1: ready",
    )


def test_a_person_gets_the_latest_lines() -> None:
    text = "".join(f"[ {n}.0] amdxdna: line {n}\n" for n in range(40))
    log = KernelLog(lambda _: text, everything=True).news()
    assert len(log.latest) == MAXIMUM_LINES
    assert log.latest[-1] == "amdxdna: line 39"
    assert len(log.lines) == 40


def test_an_unreadable_log_is_told_apart_from_a_silent_one() -> None:
    assert KernelLog(lambda _: None).news().unreadable
    silent = KernelLog(lambda _: "[ 1.0] usb 1-1: new device\n").news()
    assert silent.unreadable is None and silent.lines == ()


def test_complaints_are_what_the_driver_calls_errors_each_once() -> None:
    text = """\
[ 1.0] amdxdna 0000:c6:00.1: enabling device (0000 -> 0002)
[ 1.1] amdxdna 0000:c6:00.1: [drm] *ERROR* aie2_foo: no such thing
[ 1.2] amdxdna 0000:c6:00.1: [drm] *ERROR* aie2_foo: no such thing
[ 1.3] amdgpu 0000:03:00.0: [drm] *ERROR* another driver's
[ 1.4] amdxdna 0000:c6:00.1: probe with driver amdxdna failed with error -22
[ 1.5] laptop kernel: amdxdna 0000:c6:00.1: [drm] *ERROR* aie2_bar: late
"""
    assert KernelLog(lambda _: text, everything=True).news().complaints == (
        "aie2_foo: no such thing",
        "probe with driver amdxdna failed with error -22",
        "aie2_bar: late",
    )
