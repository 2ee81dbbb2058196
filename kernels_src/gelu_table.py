"""Writes gelu_table.h, the results of the int8 GELU: `python kernels_src/gelu_table.py`.

GELU[v + 128] = round(127 * gelu(v / 127)) for v from -128 to 127, where gelu is the tanh form:
gelu(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).
"""

from __future__ import annotations

from math import pi, sqrt, tanh
from pathlib import Path

ONE = 127
"""The int8 that stands for 1.0."""
PER_LINE = 16


def gelu(x: float) -> float:
    """GELU in its tanh form."""
    return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))


def results() -> list[int]:
    """The table's numbers."""
    return [round(ONE * gelu(v / ONE)) for v in range(-128, 128)]


def header() -> str:
    """The text of gelu_table.h."""
    numbers = results()
    rows = (numbers[start : start + PER_LINE] for start in range(0, len(numbers), PER_LINE))
    lines = [
        "// Written by gelu_table.py, which says what the numbers are. Do not edit.",
        "#ifndef GELU_TABLE_H",
        "#define GELU_TABLE_H",
        "",
        "#include <stdint.h>",
        "",
        f"static const int8_t GELU[{len(numbers)}] = {{",
        *("    " + " ".join(f"{n}," for n in row) for row in rows),
        "};",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("gelu_table.h").write_text(header())
