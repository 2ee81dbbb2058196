"""Where Unicorn keeps the registers of an RV32 core."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from softnpu.emulator.cores import registers
from softnpu.emulator.cores.registers import address_of_registers

unicorn: Any = pytest.importorskip("unicorn")
riscv: Any = pytest.importorskip("unicorn.riscv_const")


def core() -> Any:
    return unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)


def test_registers_are_words_at_the_address_that_is_found() -> None:
    cores = [core(), core()]
    addresses = [address_of_registers(one) for one in cores]
    for number, (one, address) in enumerate(zip(cores, addresses, strict=True)):
        assert address is not None
        words = (ctypes.c_uint32 * 32).from_address(address)
        assert list(words) == [0] * 32
        one.reg_write(riscv.UC_RISCV_REG_X5, 500 + number)
        one.reg_write(riscv.UC_RISCV_REG_X31, 3100 + number)
        assert (words[0], words[5], words[31]) == (0, 500 + number, 3100 + number)


def test_there_is_no_address_where_memory_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registers, "_OWN_MEMORY", tmp_path / "none")
    one = core()
    assert address_of_registers(one) is None
    assert one.reg_read(riscv.UC_RISCV_REG_X5) == 0
