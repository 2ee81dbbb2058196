"""The hardware path with softnpu in place of XRT, in the real child process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from runner.artifact import Argument, Artifact
from runner.doctor import devices
from runner.doctor.check import ok
from runner.errors import RunnerError
from runner.expected import Expected
from runner.judge import judge
from runner.launch import Opened, contexts_in_use
from runner.npu import kernel_log
from runner.npu import process as npu_process
from runner.npu.session import NpuSession
from runner.session import Program
from runner.vectors import Vector
from runner.verdicts.degenerate import POISON
from tests.runner.npu.fakes import fake_pyxrt, memtile_arguments

VALUES = {"in": np.arange(2048, dtype=np.int32)}
LONGER = Argument("out", "out", (2100,), "int32")
"""More than the design writes."""


@pytest.fixture(autouse=True)
def no_kernel_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_log, "run_command", lambda _: None)


class Opener:
    """Opens sessions on the golden design passthrough_memtile; closes them after the test."""

    def __init__(self, march: Path, folder: Path) -> None:
        self._design = march / "passthrough_memtile"
        self._folder = folder
        self.opened: list[NpuSession] = []

    def __call__(
        self,
        faults: str = "",
        made_for: str = "npu1",
        arguments: Sequence[Argument] | None = None,
    ) -> NpuSession:
        session = NpuSession(
            fake_pyxrt(self._folder, faults),
            Program(
                self._design / "final.xclbin",
                (self._design / "insts.bin").read_bytes(),
                "MLIR_AIE",
                tuple(arguments or memtile_arguments()),
            ),
            made_for,
            contexts_in_use,
        )
        self.opened.append(session)
        return session


@pytest.fixture
def opening(march: Path, tmp_path: Path) -> Iterator[Opener]:
    opener = Opener(march, tmp_path)
    yield opener
    for session in opener.opened:
        session.close()


def test_runs_of_one_artifact_share_a_process_and_a_context(opening: Opener) -> None:
    session = opening(
        """
contexts = 0
class hw_context(emulated.hw_context):
    def __init__(self, *arguments):
        global contexts
        contexts += 1
        assert contexts == 1, "a second context was opened"
        super().__init__(*arguments)
"""
    )
    for factor in (1, 2, 3):
        outputs = session.run({"in": VALUES["in"] * factor})
        np.testing.assert_array_equal(outputs["out"], VALUES["in"] * factor)
    assert session.notes() == []


def test_outputs_are_poisoned_before_each_run(opening: Opener) -> None:
    done = "def done(run, ms):\n    return ert_cmd_state.ERT_CMD_STATE_COMPLETED\n"
    session = opening(done + "kernel = after_start(done)\n")
    outputs = session.run(VALUES)
    assert (outputs["out"].view(np.uint8) == 0xA5).all()


def test_a_second_run_from_another_fill_tells_what_was_not_written(opening: Opener) -> None:
    artifact = Artifact(
        "memtile/default",
        "npu1_1col",
        Path("final.xclbin"),
        Path("insts.bin"),
        (memtile_arguments()[0], LONGER),
        None,
        judged=True,
    )
    session = opening(arguments=artifact.arguments)
    fill = np.full(8192, POISON, np.uint8).view(np.int32)
    fill[:100] = 7
    outcome = judge(
        artifact,
        lambda _: Opened(session, ()),
        [Vector("fill", {"in": fill})],
        Expected(lambda _: {"out": np.arange(2100)}),
    )
    (run,) = outcome.runs
    assert run.summary == "out: 52 of 2100 elements were never written"


def test_a_wait_that_never_comes_back_is_ended(
    opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.npu.session.GRACE_SECONDS", 0.3)
    session = opening("kernel = after_start(lambda run, ms: time.sleep(60))\n")
    with pytest.raises(RunnerError, match="did not come back") as failure:
        session.run(VALUES, timeout_ms=200)
    assert failure.value.hang


def test_xrt_is_never_asked_to_wait_for_ever(opening: Opener) -> None:
    session = opening(
        """
def wait(run, milliseconds):
    assert milliseconds > 0, "0 means for ever"
    return emulated.run.wait(run, milliseconds)
kernel = after_start(wait)
"""
    )
    assert session.run(VALUES, timeout_ms=0)["out"].any()


@pytest.mark.parametrize(
    ("state", "plain", "hang"),
    [
        ("ERT_CMD_STATE_TIMEOUT", "a lock that nobody releases", True),
        ("ERT_CMD_STATE_ABORT", "took the job off the NPU", True),
        ("ERT_CMD_STATE_NORESPONSE", "firmware does not answer", True),
        ("ERT_CMD_STATE_ERROR", "the firmware refused the command", False),
    ],
)
def test_a_state_is_explained(opening: Opener, state: str, plain: str, hang: bool) -> None:
    session = opening(f"kernel = after_start(lambda run, ms: ert_cmd_state.{state})\n")
    with pytest.raises(RunnerError, match=plain) as failure:
        session.run(VALUES)
    assert str(failure.value).startswith(state)
    assert failure.value.hang is hang


@pytest.mark.parametrize(
    ("name", "fault", "plain"),
    [
        ("device", "RuntimeError(\" No such device with index '0'\")", "XRT sees no NPU"),
        ("device", "OSError(13, 'Permission denied', '/dev/accel/accel0')", "usermod -aG render"),
        ("xclbin", "RuntimeError('There are no PDI nodes in the AIE Partition section')", "PDI"),
        (
            "hw_context",
            "RuntimeError('DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-2)')",
            "no hardware context left",
        ),
        ("bo", "RuntimeError('mmap(addr=0x0, len=8192) failed (err=-11)')", "memlock"),
        ("bo", "TypeError('incompatible constructor arguments')", "bo.host_only"),
        ("bo", "MemoryError('std::bad_alloc')", "std::bad_alloc"),
    ],
)
def test_an_exception_on_loading_is_explained(
    opening: Opener, name: str, fault: str, plain: str
) -> None:
    faults = f"""
class {name}(emulated.{name}):
    def __init__(self, *arguments):
        raise {fault}
"""
    with pytest.raises(RunnerError, match=plain):
        opening(faults)


def test_a_context_that_cannot_be_had_is_told_with_those_who_hold_some(
    opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = ok("contexts", "6 in use: llm (pid 4711)")
    monkeypatch.setattr(devices, "contexts", lambda _: held)
    fault = "RuntimeError('DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-2)')"
    with pytest.raises(RunnerError, match=r"contexts: 6 in use: llm \(pid 4711\)"):
        opening(f"def hw_context(*arguments):\n    raise {fault}\n")


def test_the_drivers_watchdog_is_named(opening: Opener) -> None:
    session = opening(
        """
def wait(run, milliseconds):
    raise RuntimeError("qds_device::wait() unexpected command state")
kernel = after_start(wait)
"""
    )
    with pytest.raises(RunnerError, match="watchdog") as failure:
        session.run(VALUES)
    assert failure.value.hang


def test_a_crash_inside_xrt_ends_the_run_and_not_the_runner(opening: Opener) -> None:
    session = opening("kernel = after_start(lambda run, ms: os.kill(os.getpid(), 11))\n")
    with pytest.raises(RunnerError, match="SIGSEGV"):
        session.run(VALUES)


def test_what_xrt_wrote_to_the_console_stands_below_the_failure(opening: Opener) -> None:
    session = opening(
        """
def wait(run, milliseconds):
    os.write(2, b"[XRT] ERROR: something of interest\\n")
    return ert_cmd_state.ERT_CMD_STATE_ERROR
kernel = after_start(wait)
"""
    )
    with pytest.raises(RunnerError, match="something of interest"):
        session.run(VALUES)


def test_a_warning_on_the_console_of_a_run_that_completed_becomes_a_note(opening: Opener) -> None:
    session = opening(
        """
def wait(run, milliseconds):
    os.write(2, b"Reverting to host copy of buffers (exec_buf: Operation not supported)\\n")
    return emulated.run.wait(run, milliseconds)
kernel = after_start(wait)
"""
    )
    session.run(VALUES)
    (note,) = session.notes()
    assert "a buffer was passed where the kernel has a scalar" in note


def test_the_kernels_lines_about_the_npu_are_shown_with_their_meaning(
    opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ["[   10.0] amdxdna 0000:c5:00.1: old news\n"]
    monkeypatch.setattr(kernel_log, "run_command", lambda _: "".join(log))
    session = opening("kernel = after_start(lambda run, ms: ert_cmd_state.ERT_CMD_STATE_TIMEOUT)\n")
    log += [
        "[   12.5] AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:c5:00.1]\n",
        "[   12.6] wlan0: deauthenticated\n",
    ]
    with pytest.raises(RunnerError) as failure:
        session.run(VALUES)
    told = str(failure.value)
    assert "IO_PAGE_FAULT" in told and "memory that no buffer covers" in told
    assert "old news" not in told and "wlan0" not in told


def test_without_the_right_to_read_the_kernels_log_the_command_is_given(opening: Opener) -> None:
    session = opening("kernel = after_start(lambda run, ms: ert_cmd_state.ERT_CMD_STATE_ERROR)\n")
    with pytest.raises(RunnerError, match="sudo dmesg"):
        session.run(VALUES)


NAMED = """
class device(emulated.device):
    def get_info(self, key):
        return {name!r} if key == xrt_info_device.name else super().get_info(key)
"""


def test_an_artifact_for_another_generation_is_refused(opening: Opener) -> None:
    with pytest.raises(RunnerError, match=r"for npu1, this machine's NPU is NPU Strix \(npu2\)"):
        opening(NAMED.format(name="NPU Strix"))


def test_an_npu_of_the_right_generation_is_taken(opening: Opener) -> None:
    assert opening(NAMED.format(name="NPU Phoenix")).run(VALUES)["out"].any()


def test_a_module_that_cannot_be_loaded_is_explained(opening: Opener) -> None:
    fault = "raise ImportError('libxrt_coreutil.so.2: cannot open shared object file')"
    with pytest.raises(RunnerError, match=r"libxrt_coreutil\.so\.2, which pyxrt needs"):
        opening(fault)


def test_a_process_that_does_not_even_open_the_device_is_ended(
    opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.npu.session.OPEN_SECONDS", 2.0)
    monkeypatch.setattr(npu_process, "END_SECONDS", 1.0)
    with pytest.raises(RunnerError, match="no answer within 2 s"):
        opening("class device(emulated.device):\n    def __init__(self, *a): time.sleep(60)\n")
