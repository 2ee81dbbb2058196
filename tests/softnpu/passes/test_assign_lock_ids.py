from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_lock_ids import AssignLockIDsPass
from tests.softnpu.passes.conftest import Lower

ASSIGN = AssignLockIDsPass()


def test_locks_take_the_free_numbers_of_their_tile_in_order(lower: Lower) -> None:
    numbered = lower(
        """
        aie.device(npu1) {
          %a = aie.tile(0, 2)
          %b = aie.tile(0, 3)
          %first = aie.lock(%a) {sym_name = "first"}
          %taken = aie.lock(%a, 1) {sym_name = "taken"}
          %second = aie.lock(%a) {sym_name = "second"}
          %other = aie.lock(%b) {sym_name = "other"}
        }
        """,
        ASSIGN,
    )
    assert "%first = aie.lock(%tile_0_2, 0)" in numbered
    assert "%second = aie.lock(%tile_0_2, 2)" in numbered
    assert "%other = aie.lock(%tile_0_3, 0)" in numbered


def test_a_number_given_twice_is_refused_with_both_names(lower: Lower) -> None:
    design = """
        aie.device(npu1) {
          %a = aie.tile(0, 2)
          %full = aie.lock(%a, 3) {sym_name = "full"}
          %empty = aie.lock(%a, 3) {sym_name = "empty"}
        }
        """
    with pytest.raises(DesignError) as refused:
        lower(design, ASSIGN)
    text = str(refused.value)
    assert "design.mlir:5" in text
    assert "lock 3 of tile (0, 2) is taken by 'full'" in text


@pytest.mark.parametrize(("row", "locks"), [(0, 16), (1, 64), (2, 16)])
def test_a_tile_has_so_many_locks(lower: Lower, row: int, locks: int) -> None:
    def design(count: int) -> str:
        lines = [f'%l{n} = aie.lock(%t) {{sym_name = "l{n}"}}' for n in range(count)]
        return f"aie.device(npu1) {{ %t = aie.tile(0, {row})\n" + "\n".join(lines) + "}"

    assert f", {locks - 1})" in lower(design(locks), ASSIGN)
    with pytest.raises(DesignError) as refused:
        lower(design(locks + 1), ASSIGN)
    text = str(refused.value)
    assert f"has {locks} locks, the design needs {locks + 1} there" in text
    assert f"'l{locks}' is the first that gets none" in text
