"""Printed designs in a form that is easy to compare."""

from __future__ import annotations

import re

CONSTANT = re.compile(r"\s*(%\S+) = arith\.constant (-?\d+) : \w+")


def with_numbers(text: str) -> str:
    """A printed design with numbers where it has the values of constants of integers."""
    numbers: dict[str, str] = {}
    lines = []
    for line in text.splitlines():
        constant = CONSTANT.fullmatch(line)
        if constant is None:
            lines.append(re.sub(r"%[\w-]+", lambda name: numbers.get(name[0], name[0]), line))
        else:
            numbers[constant[1]] = constant[2]
    return "\n".join(lines)
