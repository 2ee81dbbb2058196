from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runner.artifact import Argument
from runner.errors import RunnerError
from runner.session import Program, Session, kernel_name
from runner.verdicts.degenerate import OTHER, POISON
from softnpu import pyxrt
from softnpu.formats import txn
from softnpu.formats.operations import Write
from tests.runner.npu.fakes import memtile_arguments

VALUES = {"in": np.arange(2048, dtype=np.int32)}


def program(march: Path) -> Program:
    design = march / "passthrough_memtile"
    insts = (design / "insts.bin").read_bytes()
    return Program(design / "final.xclbin", insts, "MLIR_AIE", tuple(memtile_arguments()))


def test_contexts_are_given_back_so_that_any_number_can_follow(march: Path) -> None:
    for _ in range(20):  # the driver gives out six at a time
        session = Session(pyxrt, program(march))
        session.run(VALUES)
        session.close()


def test_an_input_of_another_shape_is_refused_before_it_reaches_the_npu(march: Path) -> None:
    session = Session(pyxrt, program(march))
    with pytest.raises(RunnerError, match=r"'in' is declared int32\[2048\], but was given int16"):
        session.run({"in": np.zeros(400, np.int16)})


def test_groups_come_from_the_xclbin_and_a_scalars_group_is_refused(march: Path) -> None:
    class Scalars(pyxrt.kernel):
        def group_id(self, argument: int) -> int:
            return 131071

    fake = SimpleNamespace(**{name: getattr(pyxrt, name) for name in pyxrt.__all__})
    fake.kernel = Scalars
    with pytest.raises(RunnerError, match="group 131071 for argument 1 of the kernel, which means"):
        Session(fake, program(march))


def test_the_kernel_is_mlir_aies_where_there_is_one() -> None:
    assert kernel_name(["DPU", "MLIR_AIE"]) == "MLIR_AIE"
    assert kernel_name(["DPU"]) == "DPU"
    with pytest.raises(RunnerError, match="EMBEDDED_METADATA"):
        kernel_name([])


def test_what_the_emulator_doubts_of_a_run_that_completed_is_noted_once(
    march: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = SimpleNamespace(hazards=("lock 3 went over 63",), array=None)
    monkeypatch.setattr(pyxrt.run, "report", lambda _: doubtful)
    session = Session(pyxrt, program(march))
    assert session.notes() == []
    session.run(VALUES)
    session.run(VALUES)
    assert session.notes() == ["lock 3 went over 63"]


MM2S_QUEUE = 0x1D214


def hanging(march: Path) -> Program:
    """The design, whose input is never sent."""
    stream = txn.parse((march / "passthrough_memtile/insts.bin").read_bytes())
    kept = tuple(
        o for o in stream.operations if not (isinstance(o, Write) and o.address == MM2S_QUEUE)
    )
    return replace(program(march), insts=txn.build(replace(stream, operations=kept)))


def test_a_hang_is_told_once_with_what_it_is_first(
    march: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Session(pyxrt, hanging(march))
    with pytest.raises(RunnerError) as refused:
        session.run(VALUES)
    told = str(refused.value)
    assert refused.value.hang
    cause = "nothing starts a transfer at tile (0,0) MM2S 0"
    assert told.splitlines()[0] == f"a hang: {cause} (ERT_CMD_STATE_TIMEOUT)"
    assert told.count("was never given a task: nothing starts a transfer there") == 1
    assert told.count("ERT_CMD_STATE_TIMEOUT") == 1
    assert capsys.readouterr().err == "", "the emulator logs the same for hosts that do not ask"


def test_what_xrt_says_of_a_run_that_completes_is_noted(
    march: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wait = pyxrt.run.wait

    def warned(run: pyxrt.run, timeout_ms: int = 0) -> object:
        logging.getLogger("softnpu.pyxrt").warning("reverting to host copy")
        return wait(run, timeout_ms)

    monkeypatch.setattr(pyxrt.run, "wait", warned)
    session = Session(pyxrt, program(march))
    session.run(VALUES)
    assert session.notes() == ["reverting to host copy"]
    assert capsys.readouterr().err == ""


def test_what_was_written_is_known_whatever_was_there_before(march: Path) -> None:
    design = march / "passthrough_memtile"
    arguments = memtile_arguments()
    longer = Argument("out", "out", (2100,), "int32")
    session = Session(
        pyxrt,
        replace(program(march), xclbin=design / "final.xclbin", arguments=(arguments[0], longer)),
    )
    fill = np.full(8192, POISON, np.uint8).view(np.int32)
    outputs, written = session.run({"in": fill}), session.written()
    assert (outputs["out"].view(np.uint8) == POISON).all()
    assert written is not None
    assert np.flatnonzero(written["out"]).tolist() == list(range(8192))


def test_outputs_hold_the_fill_that_is_asked_for(march: Path) -> None:
    arguments = (memtile_arguments()[0], Argument("out", "out", (2100,), "int32"))
    session = Session(pyxrt, replace(program(march), arguments=arguments))
    for given in (POISON, OTHER):
        out = session.run(VALUES, fill=given)["out"]
        assert (out[2048:].view(np.uint8) == given).all()
