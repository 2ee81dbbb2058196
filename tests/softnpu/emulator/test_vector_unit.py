"""The vector unit of stand-in cores, as it is attached to a processor."""

from __future__ import annotations

import pytest

from softnpu.arch.standin import VECTOR_UNIT
from softnpu.emulator.vector_unit import VectorUnit
from softnpu.errors import EmulatorError

unicorn = pytest.importorskip("unicorn")


def test_a_vector_unit_where_something_else_is_mapped_is_an_error() -> None:
    uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
    uc.mem_map(VECTOR_UNIT, 0x1000)
    with pytest.raises(EmulatorError, match=f"no vector unit to {VECTOR_UNIT:#x}: .*MAP"):
        VectorUnit(uc, {})
