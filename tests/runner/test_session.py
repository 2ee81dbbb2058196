from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runner.errors import RunnerError
from runner.session import Program, Session, kernel_name
from softnpu import pyxrt
from tests.runner.npu.fakes import memtile_arguments

VALUES = {"in": np.arange(2048, dtype=np.int32)}


def program(golden: Path) -> Program:
    design = golden / "passthrough_memtile"
    insts = (design / "insts.bin").read_bytes()
    return Program(design / "final.xclbin", insts, "MLIR_AIE", tuple(memtile_arguments()))


def test_contexts_are_given_back_so_that_any_number_can_follow(golden: Path) -> None:
    for _ in range(20):  # the driver gives out six at a time
        session = Session(pyxrt, program(golden))
        session.run(VALUES)
        session.close()


def test_an_input_of_another_shape_is_refused_before_it_reaches_the_npu(golden: Path) -> None:
    session = Session(pyxrt, program(golden))
    with pytest.raises(RunnerError, match=r"'in' is declared int32\[2048\], but was given int16"):
        session.run({"in": np.zeros(400, np.int16)})


def test_groups_come_from_the_xclbin_and_a_scalars_group_is_refused(golden: Path) -> None:
    class Scalars(pyxrt.kernel):
        def group_id(self, argument: int) -> int:
            return 131071

    fake = SimpleNamespace(**{name: getattr(pyxrt, name) for name in pyxrt.__all__})
    fake.kernel = Scalars
    with pytest.raises(RunnerError, match="group 131071 for argument 1 of the kernel, which means"):
        Session(fake, program(golden))


def test_the_kernel_is_mlir_aies_where_there_is_one() -> None:
    assert kernel_name(["DPU", "MLIR_AIE"]) == "MLIR_AIE"
    assert kernel_name(["DPU"]) == "DPU"
    with pytest.raises(RunnerError, match="EMBEDDED_METADATA"):
        kernel_name([])


def test_what_the_emulator_doubts_of_a_run_that_completed_is_noted_once(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = SimpleNamespace(hazards=("lock 3 went over 63",), array=None)
    monkeypatch.setattr(pyxrt.run, "report", lambda _: doubtful)
    session = Session(pyxrt, program(golden))
    assert session.notes() == []
    session.run(VALUES)
    session.run(VALUES)
    assert session.notes() == ["lock 3 went over 63"]
