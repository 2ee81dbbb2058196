"""Jobs in ELF files run: beside an xclbin, and in its stead."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu import pyxrt
from tests.softnpu.emulator.xrt.elf_files import beside_xclbin, full
from tests.softnpu.emulator.xrt.host import COMPLETED, DATA, SIZE, TO_DEVICE, Host


def buffers(device: pyxrt.device) -> list[pyxrt.bo]:
    made = [pyxrt.ext.bo(device, SIZE) for _ in range(2)]
    made[0].write(DATA, 0)
    made[0].sync(TO_DEVICE)
    return made


def test_an_elf_beside_an_xclbin_runs_without_an_instruction_buffer(
    host: Host, tmp_path: Path
) -> None:
    module = pyxrt.module(pyxrt.elf(str(beside_xclbin(host.folder, tmp_path))))
    kernel = pyxrt.ext.kernel(host.context, module, "MLIR_AIE")
    source, out = buffers(host.device)
    assert kernel(3, 0, 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_a_full_elf_configures_the_array_and_runs(host: Host, tmp_path: Path) -> None:
    loaded = pyxrt.elf(str(full(host.folder, tmp_path, "once", "twice")))
    assert pyxrt.program(loaded).get_partition_size() == 1
    context = pyxrt.hw_context(host.device, loaded)
    kernel = pyxrt.ext.kernel(context, "main:twice")
    for _ in range(2):
        source, out = buffers(host.device)
        run = pyxrt.run(kernel)
        run.set_arg(0, source)
        run.set_arg(1, out)
        run.start()
        assert run.wait() == COMPLETED, run.explanation()
        assert (host.out(out) == DATA).all()
    with pytest.raises(RuntimeError, match="Multiple sub kernels present"):
        pyxrt.ext.kernel(context, "main")


def test_a_context_takes_several_elves(host: Host, tmp_path: Path) -> None:
    context = pyxrt.hw_context(host.device, {}, pyxrt.hw_context.shared)
    for name in ("first", "second"):
        context.add_config(pyxrt.elf(str(full(host.folder, tmp_path, "once", kernel=name))))
    source, out = buffers(host.device)
    assert pyxrt.ext.kernel(context, "second")(source, out).wait() == COMPLETED
    wider = pyxrt.elf(str(full(host.folder, tmp_path, "once", kernel="third", columns=2)))
    with pytest.raises(RuntimeError, match="can not add config to ctx with different config"):
        context.add_config(wider)
    with pytest.raises(RuntimeError, match="made of an xclbin; an ELF cannot be added"):
        host.context.add_config(wider)


def test_the_wrong_kind_of_elf_or_context_is_told_as_xrt_tells_it(
    host: Host, tmp_path: Path
) -> None:
    beside = pyxrt.elf(str(beside_xclbin(host.folder, tmp_path)))
    instead = pyxrt.elf(str(full(host.folder, tmp_path, "once")))
    context = pyxrt.hw_context(host.device, instead)
    with pytest.raises(RuntimeError, match="hw_context passed is not created using full ELF"):
        pyxrt.ext.kernel(host.context, "MLIR_AIE")
    with pytest.raises(RuntimeError, match="hw_context passed is not created using XCLBIN"):
        pyxrt.kernel(context, "main")
    with pytest.raises(RuntimeError, match="module passed is created using full ELF"):
        pyxrt.ext.kernel(host.context, pyxrt.module(instead), "MLIR_AIE")
    with pytest.raises(RuntimeError, match="ELF is missing xrt configuration info"):
        pyxrt.hw_context(host.device, beside)
    with pytest.raises(RuntimeError, match="cannot get ctrlcode id from given kernel name: nope"):
        pyxrt.ext.kernel(context, "nope")
    run = pyxrt.run(pyxrt.ext.kernel(context, "main"))
    with pytest.raises(RuntimeError, match="Control scratchpad memory is not present"):
        run.get_ctrl_scratchpad_bo()


def test_a_file_that_is_no_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"gone\.elf is not found or is not a valid ELF file"):
        pyxrt.elf(str(tmp_path / "gone.elf"))
    (tmp_path / "insts.bin").write_bytes(b"not one")
    with pytest.raises(RuntimeError, match=r"insts\.bin: expected an ELF file"):
        pyxrt.elf(str(tmp_path / "insts.bin"))
    with pytest.raises(RuntimeError, match="an ELF at an address is not modelled"):
        pyxrt.elf(b"\x7fELF", 4)
