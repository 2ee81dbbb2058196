"""Locks by the numbers that a core has for them."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.localize_locks import LocalizeLocksPass
from tests.softnpu.passes.conftest import Lower
from tests.softnpu.passes.printed import with_numbers

LOWER = LocalizeLocksPass()
DESIGN = """aie.device(npu1) {
  %south = aie.tile(1, 3)
  %west = aie.tile(0, 4)
  %own = aie.tile(1, 4)
  %north = aie.tile(1, 5)
  %lock = aie.lock(TILE)
  %core = aie.core(%own) {
    %one = arith.constant 1 : i32
    aie.use_lock(%lock, Release, %one)
    aie.end
  }
}"""


@pytest.mark.parametrize(
    ("tile", "number"), [("%south", 2), ("%west", 18), ("%north", 34), ("%own", 50)]
)
def test_a_core_counts_locks_south_west_north_own(lower: Lower, tile: str, number: int) -> None:
    text = with_numbers(lower(DESIGN.replace("TILE", f"{tile}, 2"), LOWER))
    assert f"aie.use_lock({number}, Release, 1)" in text


def test_a_lock_in_a_loop_waits_for_the_loop_to_be_lowered(lower: Lower) -> None:
    text = DESIGN.replace("TILE", "%own, 2").replace(
        "aie.use_lock(%lock, Release, %one)",
        """%first = arith.constant 0 : index
        %last = arith.constant 4 : index
        %step = arith.constant 1 : index
        scf.for %i = %first to %last step %step { aie.use_lock(%lock, Release, %one) }""",
    )
    assert "aie.use_lock(%lock_1_4, Release" in lower(text, LOWER)


def test_a_lock_without_a_number_is_refused(lower: Lower) -> None:
    with pytest.raises(DesignError, match="this lock has no number"):
        lower(DESIGN.replace("TILE", "%own"), LOWER)
