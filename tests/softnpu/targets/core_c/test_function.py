"""However values are woven into expressions, the result is that of the ops one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.softnpu.targets.core_machine import c_of, program

SIZE = 6
WIDTHS = (8, 16, 32, 64)

RING: dict[str, Callable[[int, int], int]] = {
    "addi": int.__add__,
    "subi": int.__sub__,
    "muli": int.__mul__,
    "andi": int.__and__,
    "ori": int.__or__,
    "xori": int.__xor__,
    "minsi": min,
    "maxsi": max,
}


def wrapped(value: int, bits: int) -> int:
    sign = 1 << (bits - 1)
    return (value & (sign - 1)) - (value & sign)


@dataclass
class Weaver:
    """Draws ops over what was made before, writes them, and computes them."""

    draw: st.DrawFn
    memory: list[int]
    lines: list[str] = field(default_factory=list)
    values: list[tuple[str, int, int]] = field(default_factory=list)

    def name(self) -> str:
        return f"%t{len(self.lines)}"

    def make(self, text: str, value: int, bits: int) -> None:
        self.values.append((self.name(), wrapped(value, bits), bits))
        self.lines.append(f"{self.name()} = {text}")

    def pick(self, bits: int | None = None) -> tuple[str, int, int]:
        fitting = [v for v in self.values if bits in (None, v[2])]
        return self.draw(st.sampled_from(fitting))

    def constant(self) -> None:
        bits = self.draw(st.sampled_from(WIDTHS))
        value = self.draw(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
        self.make(f"arith.constant {value} : i{bits}", value, bits)

    def load(self) -> None:
        place = self.draw(st.integers(0, SIZE - 1))
        self.make(f"memref.load %a[%c{place}] : memref<{SIZE}xi32>", self.memory[place], 32)

    def store(self) -> None:
        place = self.draw(st.integers(0, SIZE - 1))
        name, value, _ = self.pick(32)
        self.memory[place] = value
        self.lines.append(f"memref.store {name}, %a[%c{place}] : memref<{SIZE}xi32>")

    def ring(self) -> None:
        x, a, bits = self.pick()
        y, b, _ = self.pick(bits)
        op = self.draw(st.sampled_from(sorted(RING)))
        self.make(f"arith.{op} {x}, {y} : i{bits}", RING[op](a, b), bits)

    def shift(self) -> None:
        x, a, bits = self.pick()
        by = self.draw(st.integers(0, bits - 1))
        self.make(f"arith.constant {by} : i{bits}", by, bits)
        amount = self.values[-1][0]
        op = self.draw(st.sampled_from(["shli", "shrsi", "shrui"]))
        result = {"shli": a << by, "shrsi": a >> by, "shrui": (a & ((1 << bits) - 1)) >> by}[op]
        self.make(f"arith.{op} {x}, {amount} : i{bits}", result, bits)

    def resize(self) -> None:
        x, a, bits = self.pick()
        other = self.draw(st.sampled_from([w for w in WIDTHS if w != bits]))
        if other < bits:
            self.make(f"arith.trunci {x} : i{bits} to i{other}", a, other)
        elif self.draw(st.booleans()):
            self.make(f"arith.extsi {x} : i{bits} to i{other}", a, other)
        else:
            self.make(f"arith.extui {x} : i{bits} to i{other}", a & ((1 << bits) - 1), other)

    def choose(self) -> None:
        x, a, bits = self.pick()
        y, b, _ = self.pick(bits)
        unsigned = self.draw(st.booleans())
        mask = (1 << bits) - 1
        less = (a & mask) < (b & mask) if unsigned else a < b
        condition = self.name()
        self.lines.append(
            f"{condition} = arith.cmpi {'ult' if unsigned else 'slt'}, {x}, {y} : i{bits}"
        )
        p, c, width = self.pick()
        q, d, _ = self.pick(width)
        self.make(f"arith.select {condition}, {p}, {q} : i{width}", c if less else d, width)


@st.composite
def weaves(draw: st.DrawFn) -> tuple[list[int], list[str], list[int]]:
    """Contents of memory, ops on it, contents afterwards."""
    before = draw(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=SIZE, max_size=SIZE))
    weaver = Weaver(draw, list(before))
    weaver.load()
    steps = (
        weaver.constant,
        weaver.load,
        weaver.store,
        weaver.ring,
        weaver.ring,
        weaver.shift,
        weaver.resize,
        weaver.choose,
    )
    for step in draw(st.lists(st.sampled_from(steps), min_size=10, max_size=40)):
        step()
    weaver.store()
    return before, weaver.lines, weaver.memory


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(weaves())
def test_any_weave_of_ops_computes_what_its_ops_say(
    tmp_path: Path, weave: tuple[list[int], list[str], list[int]]
) -> None:
    before, lines, after = weave
    places = [f"%c{i} = arith.constant {i} : index" for i in range(SIZE)]
    body = "\n".join([*places, *lines, "aie.end"])
    run = program(tmp_path, body, {"a": ((SIZE,), "i32")})
    assert run(a=np.array(before, np.int32))["a"].tolist() == after


def test_what_nobody_uses_is_not_written() -> None:
    body = """
      %c0 = arith.constant 0 : index
      %x = memref.load %a[%c0] : memref<6xi32>
      aie.end"""
    text = c_of(body, {"a": ((6,), "i32")})
    assert text[text.index("void core_0_2") :] == "void core_0_2(void) {\n}\n"


def test_a_long_expression_is_cut_into_variables() -> None:
    lines = ["%c0 = arith.constant 0 : index", "%t0 = memref.load %a[%c0] : memref<6xi32>"]
    for i in range(20):
        lines += [
            f"%u{i} = arith.muli %t{i}, %t0 : i32",
            f"%t{i + 1} = arith.addi %u{i}, %t0 : i32",
        ]
    lines += ["memref.store %t20, %a[%c0] : memref<6xi32>", "aie.end"]
    text = c_of("\n".join(lines), {"a": ((6,), "i32")})
    assert max(map(len, text.splitlines())) <= 100
