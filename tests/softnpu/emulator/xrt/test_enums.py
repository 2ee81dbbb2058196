"""Enumerations look as pybind makes them."""

from __future__ import annotations

from tests.softnpu.emulator.xrt.host import (
    COMPLETED,
)


def test_enumerations_print_as_pybinds_do() -> None:
    assert str(COMPLETED) == "ert_cmd_state.ERT_CMD_STATE_COMPLETED"
    assert int(COMPLETED) == 4
