"""`npuforge run-host` runs a script for pyxrt unchanged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from softnpu.run_host_cli import _Notes

SCRIPT = """
import sys
import numpy as np
import pyxrt

folder = sys.argv[1]
device = pyxrt.device(0)
xclbin = pyxrt.xclbin(folder + "/final.xclbin")
device.register_xclbin(xclbin)
context = pyxrt.hw_context(device, xclbin.get_uuid())
name = [k for k in xclbin.get_kernels() if k.get_name().startswith("MLIR_AIE")][0].get_name()
kernel = pyxrt.kernel(context, name)
insts = np.fromfile(folder + "/insts.bin", np.uint32)
bo_instr = pyxrt.bo(device, insts.nbytes, pyxrt.bo.cacheable, kernel.group_id(1))
bo_in = pyxrt.bo(device, 8192, pyxrt.bo.host_only, kernel.group_id(3))
bo_out = pyxrt.bo(device, 8192, pyxrt.bo.host_only, kernel.group_id(4))
bo_instr.write(insts, 0)
bo_instr.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
data = np.arange(2048, dtype=np.int32)
bo_in.write(data, 0)
bo_in.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
run = kernel(3, bo_instr, len(insts), bo_in, bo_out)
state = run.wait()
bo_out.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)
same = (np.frombuffer(bo_out.map(), np.int32) == data).all()
print(state, same)
sys.exit(0 if same else 5)
"""


def run_host(
    tmp_path: Path, *arguments: str, spare: str | None = None
) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "host.py"
    text = SCRIPT
    if spare is not None:
        text = text.replace(
            "bo_in, bo_out)", f"bo_in, bo_out, pyxrt.bo(device, 4096, pyxrt.bo.host_only, {spare}))"
        )
    script.write_text(text)
    command = [sys.executable, "-m", "softnpu", "run-host", *arguments]
    position = command.index("SCRIPT")
    command[position] = str(script)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_run_host_runs_a_pyxrt_script_unchanged(march: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    done = run_host(
        tmp_path, "--summary", "--trace", str(trace), "SCRIPT", str(march / "passthrough_memtile")
    )
    assert done.stdout == "ert_cmd_state.ERT_CMD_STATE_COMPLETED True\n"
    assert done.returncode == 0
    assert "tile (0,0) MM2S 0: 8192 bytes" in done.stderr
    assert '"traceEvents"' in trace.read_text()


def test_run_host_takes_a_script_as_a_makefile_calls_it(march: Path, tmp_path: Path) -> None:
    done = run_host(tmp_path, "python3", "SCRIPT", str(march / "passthrough_memtile"))
    assert done.stdout == "ert_cmd_state.ERT_CMD_STATE_COMPLETED True\n"


def test_run_host_tells_of_a_buffer_that_nothing_touches(march: Path, tmp_path: Path) -> None:
    done = run_host(
        tmp_path, "SCRIPT", str(march / "passthrough_memtile"), spare="kernel.group_id(5)"
    )
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: no DMA has touched argument 5 (bo2) (4096 bytes)")
    assert done.returncode == 0


def test_run_host_can_stop_and_show_the_state(march: Path, tmp_path: Path) -> None:
    done = run_host(tmp_path, "--stop-at", "600", "SCRIPT", str(march / "passthrough_memtile"))
    assert done.returncode == 5, "the script's own exit code"
    assert "tile (0,1) locks:" in done.stderr


def test_run_host_compiles_and_runs_a_host_in_cpp(tmp_path: Path) -> None:
    source = tmp_path / "host.cpp"
    source.write_text(
        '#include "xrt/xrt_device.h"\n#include <iostream>\n'
        "int main(int, char **given) { xrt::device device(0);\n"
        "  std::cout << device.get_info<xrt::info::device::name>() << given[1] << CODE;\n"
        "  return CODE; }\n"
    )
    command = [sys.executable, "-m", "softnpu", "run-host", "--device", "npu2", "-D", "CODE=9"]
    done = subprocess.run([*command, source, "--", "-x"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (9, "NPU Strix-x9")


def test_run_host_prints_a_folder_to_build_hosts_with() -> None:
    command = [sys.executable, "-m", "softnpu", "run-host", "--xrt"]
    folder = Path(subprocess.run(command, capture_output=True, text=True).stdout.strip())
    assert (folder / "include" / "xrt" / "xrt_device.h").is_file()
    assert (folder / "include" / "experimental" / "xrt_bo.h").is_file()
    assert (folder / "lib" / "libxrt_coreutil.so").is_file()


@pytest.mark.skipif(shutil.which("cmake") is None, reason="there is no cmake here")
def test_cmake_finds_xrt_in_that_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "softnpu", "run-host", "--xrt"]
    folder = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.10)\nproject(host NONE)\nfind_package(XRT REQUIRED)\n"
        'file(WRITE found "${XRT_INCLUDE_DIRS} ${XRT_LINK_DIRS}")\n'
    )
    configure = ["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={folder}"]
    subprocess.run(configure, check=True, capture_output=True)
    assert (tmp_path / "found").read_text() == f"{folder}/include {folder}/lib"


def test_notes_that_are_alike_are_told_once_with_their_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes = _Notes()
    for run in range(5):
        told = (f"no DMA has touched bo{run} (4096 bytes)", "another")
        notes(SimpleNamespace(notes=told, completed=True, printed=()))  # type: ignore[arg-type]
    failed = SimpleNamespace(notes=("in the log",), completed=False, printed=())
    notes(failed)  # type: ignore[arg-type]
    notes.end()
    assert capsys.readouterr().err.splitlines() == [
        "note: no DMA has touched bo0 (4096 bytes)",
        "note: another",
        "note: no DMA has touched bo1 (4096 bytes)",
        "note: no DMA has touched bo2 (4096 bytes)",
        "note: … and 2 more like this one: no DMA has touched bo0 (4096 bytes)",
    ]
