from __future__ import annotations

import pytest

from runner.messages import explained, explanations, is_hang

CONNECTIVITY = (
    "Kernel MLIR_AIE has no compute units with connectivity required for global argument at index"
    " {index}. The argument is allocated in bank {bank}, the compute unit is connected to bank"
    " {connected}. Allocating local copy of argument buffer in connected bank."
)

KNOWN = [
    (
        CONNECTIVITY.format(index=0, bank=1, connected=131071),
        "argument 0 of the kernel is a scalar",
    ),
    (CONNECTIVITY.format(index=4, bank=1, connected=65536), "the buffer of argument 4"),
    ("Reverting to host copy of buffers (exec_buf: Operation not supported)", "not at fault"),
    ("kernel state ert_cmd_state.ERT_CMD_STATE_ERROR", "no opcode, no instruction buffer"),
    ("ERT_CMD_STATE_TIMEOUT", "a lock that nobody releases"),
    ("qds_device::wait() unexpected command state", "watchdog (2 seconds"),
    ("ERT_CMD_STATE_ABORT", "took the job off the NPU"),
    ("load_axlf: Operation not supported", "register_xclbin"),
    ("No module associated with run object", "of a full ELF alone"),
    ("Bad BO flags (err=95)", "device_only"),
    ("unsupported buffer type: none flag (err=95)", "host_only"),
    ("__init__(): incompatible constructor arguments. The following", "bo.host_only"),
    ("DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-2): No such file", "no hardware context"),
    ("DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-28)", "full of instruction buffers"),
    ("DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-22): Invalid argument", "npu2 16"),
    ("DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=62): Timer expired", "does not answer"),
    (
        "[xrt-smi] ERROR: DRM_IOCTL_AMDXDNA_SET_STATE IOCTL failed (err=13): Permission denied",
        "only root",
    ),
    ("DRM_IOCTL_AMDXDNA_GET_INFO IOCTL failed (err=95): Operation not supported", "newer than"),
    ("DRM_IOCTL_AMDXDNA_CONFIG_HWCTX IOCTL failed (err=62): Timer expired", "xclbin's PDI"),
    ("DRM_IOCTL_AMDXDNA_EXEC_CMD IOCTL failed (err=5)", "context has been lost"),
    ("No valid DPU kernel found in xclbin (err=22)", "EMBEDDED_METADATA"),
    ("There are no PDI nodes in the AIE Partition section", "AIE_PARTITION"),
    ("No such kernel 'DPU'", "no kernel called DPU"),
    ("Open /dev/accel/accel0 failed (err=-13): Permission denied", "usermod -aG render"),
    ("[Errno 13] Permission denied: '/dev/accel/accel0'", "usermod -aG render"),
    ("mmap(addr=(nil), len=67108864, prot=3, flags=1, offset=0) failed (err=-11)", "memlock"),
    ("DRM_IOCTL_AMDXDNA_CREATE_BO IOCTL failed (err=-12): Cannot allocate memory", "memlock"),
    ("DRM_IOCTL_AMDXDNA_CREATE_BO IOCTL failed (err=-28): No space left on device", "64 MB"),
    ("DRM_IOCTL_AMDXDNA_CREATE_BO IOCTL failed (err=-22): Invalid argument", "of this size"),
    ("DRM_IOCTL_AMDXDNA_GET_ARRAY IOCTL failed (err=13): Permission denied", "root alone"),
    (" No such device with index '0'", "XRT sees no NPU"),
    ("No such library '/opt/xilinx/xrt/lib/libxrt_core.so.2'", "XILINX_XRT"),
    ("Failed to open library '/x/libxrt_driver_xdna.so.2'", "another version of XRT"),
    ("libxrt_coreutil.so.2: cannot open shared object file: No such file", "source XRT's setup.sh"),
    ("version `GLIBCXX_3.4.32' not found (required by pyxrt", "conda"),
    ("pyxrt.so: undefined symbol: _ZN3xrt6deviceC1Ej", "different versions"),
]


@pytest.mark.parametrize(("raw", "plain"), KNOWN)
def test_a_known_message_is_shown_raw_and_explained(raw: str, plain: str) -> None:
    told = explained(raw)
    assert told.startswith(raw.strip())
    assert plain in told.partition("\n")[2]
    assert len(explanations(raw)) == 1, "two rows claim the same message"


@pytest.mark.parametrize("raw", ["the sky is green", "[Errno 13] Permission denied: 'a.npy'"])
def test_a_message_that_nobody_knows_stays_as_it_is(raw: str) -> None:
    assert explained(raw) == raw


def test_the_python_that_pyxrt_was_built_for_is_named_in_the_remedy() -> None:
    raw = "Python version mismatch: module was compiled for Python 3.12, but the interpreter"
    assert "NPUFORGE_PYTHON=python3.12 ./doit" in explained(raw)


@pytest.mark.parametrize(
    ("raw", "hangs"),
    [
        ("ERT_CMD_STATE_TIMEOUT", True),
        ("qds_device::wait() unexpected command state", True),
        ("ERT_CMD_STATE_ERROR", False),
        ("Bad BO flags (err=95)", False),
    ],
)
def test_only_runs_that_did_not_end_count_as_hangs(raw: str, hangs: bool) -> None:
    assert is_hang(raw) is hangs
