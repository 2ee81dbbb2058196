"""Setting locks from a runtime sequence."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.lower_set_lock import LowerSetLockPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.sequence_designs import design, numbered_steps_of

LOWER = LowerSetLockPass()


def setting(lock: str, value: int) -> str:
    before = f"""%shim = aie.tile(0, 0)
      %memory = aie.tile(0, 1)
      %core = aie.tile(0, 2)
      %l = aie.lock({lock})"""
    return design(f"aiex.set_lock(%l, {value})", before=before)


@pytest.mark.parametrize(
    ("lock", "row", "address"),
    [
        ("%shim, 5", 0, 0x14000 + 5 * 16),
        ("%memory, 63", 1, 0xC0000 + 63 * 16),
        ("%core, 15", 2, 0x1F000 + 15 * 16),
    ],
)
def test_the_value_is_written_to_the_locks_register(
    lower: Lower, lock: str, row: int, address: int
) -> None:
    assert numbered_steps_of(lower(setting(lock, 4), LOWER)) == [
        f"aiex.npu.write32({address}, 4) {{column = 0 : i32, row = {row} : i32}} : i32, i32"
    ]


def test_a_lock_without_a_number_is_refused(lower: Lower) -> None:
    with pytest.raises(DesignError, match="this lock has no number"):
        lower(setting("%core", 1), LOWER)
