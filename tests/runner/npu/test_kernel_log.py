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


def test_only_the_latest_lines_are_kept() -> None:
    text = "".join(f"[ {n}.0] amdxdna: line {n}\n" for n in range(40))
    lines = KernelLog(lambda _: text, everything=True).news().lines
    assert len(lines) == MAXIMUM_LINES
    assert lines[-1] == "amdxdna: line 39"


def test_an_unreadable_log_is_told_apart_from_a_silent_one() -> None:
    assert KernelLog(lambda _: None).news().unreadable
    silent = KernelLog(lambda _: "[ 1.0] usb 1-1: new device\n").news()
    assert silent.unreadable is None and silent.lines == ()
