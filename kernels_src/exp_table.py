"""Writes exp_table.h, the exponentials of the attention kernels: `python kernels_src/exp_table.py`.

EXP[i] = 2**20 * exp(-i), cut off to a whole number and at least 1, for i from 0 to 127.
"""

from __future__ import annotations

from math import exp
from pathlib import Path

ENTRIES = 128
PER_LINE = 12


def exponentials() -> list[int]:
    """The table's numbers."""
    return [max(int(2**20 * exp(-i)), 1) for i in range(ENTRIES)]


def header() -> str:
    """The text of exp_table.h."""
    numbers = exponentials()
    rows = (numbers[start : start + PER_LINE] for start in range(0, ENTRIES, PER_LINE))
    lines = [
        "// Written by exp_table.py, which says what the numbers are. Do not edit.",
        "#ifndef EXP_TABLE_H",
        "#define EXP_TABLE_H",
        "",
        "#include <stdint.h>",
        "",
        f"static const int32_t EXP[{ENTRIES}] = {{",
        *("    " + " ".join(f"{n}," for n in row) for row in rows),
        "};",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("exp_table.h").write_text(header())
