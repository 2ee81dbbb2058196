"""The registers of a stand-in core, as a target description tells gdb and lldb of them."""

from __future__ import annotations

from softnpu.emulator.debugging.view import ABI

_FLOATS = (
    *(f"ft{n}" for n in range(8)),
    *("fs0", "fs1"),
    *(f"fa{n}" for n in range(8)),
    *(f"fs{n}" for n in range(2, 12)),
    *(f"ft{n}" for n in range(8, 12)),
)
_GENERIC = {"ra": "ra", "sp": "sp", "s0": "fp", "pc": "pc"} | {
    f"a{n}": f"arg{n + 1}" for n in range(8)
}
"""What lldb is to take a register for."""

REGISTERS: tuple[tuple[str, int], ...] = (
    *((f"x{n}", 4) for n in range(32)),
    ("pc", 4),
    *((f"f{n}", 8) for n in range(32)),
)
"""(the processor's name, bytes) in the order of the protocol's numbers (gdb, riscv-tdep.h)."""


def _register(name: str, number: int) -> str:
    pointers = {"ra": "code_ptr", "pc": "code_ptr", "sp": "data_ptr", "s0": "data_ptr"}
    kind = pointers.get(name, "int")
    generic = f' generic="{_GENERIC[name]}"' if name in _GENERIC else ""
    dwarf = f' dwarf_regnum="{number}" ehframe_regnum="{number}"' if number < 32 else ""
    return f'<reg name="{name}" bitsize="32" type="{kind}" regnum="{number}"{dwarf}{generic}/>'


def _float(name: str, number: int) -> str:
    dwarf = number - 1
    return (
        f'<reg name="{name}" bitsize="64" type="ieee_double" regnum="{number}"'
        f' dwarf_regnum="{dwarf}" ehframe_regnum="{dwarf}" group="float"/>'
    )


TARGET = "\n".join(
    [
        '<?xml version="1.0"?>',
        '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
        '<target version="1.0">',
        "<architecture>riscv:rv32</architecture>",
        '<feature name="org.gnu.gdb.riscv.cpu">',
        *(_register(name, number) for number, name in enumerate((*ABI, "pc"))),
        "</feature>",
        '<feature name="org.gnu.gdb.riscv.fpu">',
        *(_float(name, number) for number, name in enumerate(_FLOATS, 33)),
        "</feature>",
        "</target>",
        "",
    ]
)
"""target.xml: the features that gdb wants of RV32 with doubles."""
