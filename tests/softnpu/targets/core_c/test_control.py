"""Control flow: loops read as loops, and any flow at all does what its blocks say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.softnpu.targets.core_machine import c_of, program

OUT = {"out": ((4,), "i32")}


def lines_of(body: str, buffers: dict = OUT) -> list[str]:  # type: ignore[type-arg]
    """The lines of the core's function, without indentation."""
    text = c_of(body, buffers)
    return [line.strip() for line in text[text.index("void core_0_2") :].splitlines()[1:-1]]


def test_a_lowered_for_reads_as_for() -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %x = arith.constant 7 : i32
      cf.br ^head(%c0 : index)
    ^head(%i: index):
      %go = arith.cmpi slt, %i, %c4 : index
      cf.cond_br %go, ^body, ^exit
    ^body:
      memref.store %x, %out[%i] : memref<4xi32>
      %next = arith.addi %i, %c2 : index
      cf.br ^head(%next : index)
    ^exit:
      aie.end"""
    assert lines_of(body) == ["for (int32_t i = 0; i < 4; i += 2) {", "out[i] = 7;", "}"]


def test_a_loop_that_carries_a_value_declares_it_before(tmp_path: Path) -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      %one = arith.constant 1 : i32
      cf.br ^head(%c0, %one, %one : index, i32, i32)
    ^head(%i: index, %a: i32, %b: i32):
      %go = arith.cmpi slt, %i, %c9 : index
      cf.cond_br %go, ^body, ^exit
    ^body:
      %sum = arith.addi %a, %b : i32
      %next = arith.addi %i, %c1 : index
      cf.br ^head(%next, %b, %sum : index, i32, i32)
    ^exit:
      memref.store %a, %out[%c0] : memref<4xi32>
      memref.store %b, %out[%c1] : memref<4xi32>
      aie.end"""
    assert lines_of(body)[:2] == ["int32_t a = 1;", "int32_t b = 1;"]
    assert program(tmp_path, body, OUT)()["out"][:2].tolist() == [55, 89]


def test_a_loop_whose_head_works_reads_as_endless_with_a_break() -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c5 = arith.constant 5 : i32
      cf.br ^head
    ^head:
      aie.event(0)
      %x = memref.load %out[%c0] : memref<4xi32>
      %go = arith.cmpi slt, %x, %c5 : i32
      cf.cond_br %go, ^body, ^exit
    ^body:
      aie.event(1)
      cf.br ^head
    ^exit:
      aie.end"""
    assert lines_of(body) == [
        "for (;;) {",
        "npu_event(0);",
        "if (!(out[0] < 5)) {",
        "break;",
        "}",
        "npu_event(1);",
        "}",
    ]


def test_a_value_made_in_a_loop_can_be_used_after_it(tmp_path: Path) -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %seven = arith.constant 7 : i32
      cf.br ^again
    ^again:
      %x = memref.load %out[%c0] : memref<4xi32>
      %y = arith.addi %x, %seven : i32
      memref.store %y, %out[%c0] : memref<4xi32>
      %more = arith.cmpi slt, %y, %seven : i32
      cf.cond_br %more, ^again, ^exit
    ^exit:
      memref.store %y, %out[%c1] : memref<4xi32>
      aie.end"""
    assert lines_of(body)[:3] == ["int32_t y;", "for (;;) {", "y = out[0] + 7;"]
    run = program(tmp_path, body, OUT)
    assert run(out=np.array([-30, 0, 0, 0], np.int32))["out"][:2].tolist() == [12, 12]


def test_branches_read_as_if_and_else() -> None:
    body = """
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0 : i32
      %x = memref.load %out[%c0] : memref<4xi32>
      %p = arith.cmpi eq, %x, %zero : i32
      cf.cond_br %p, ^then, ^else
    ^then:
      aie.event(0)
      cf.br ^join(%zero : i32)
    ^else:
      aie.event(1)
      cf.br ^join(%x : i32)
    ^join(%y: i32):
      memref.store %y, %out[%c0] : memref<4xi32>
      aie.end"""
    assert [line for line in lines_of(body) if "goto" in line] == []
    assert lines_of(body)[-1] == "out[0] = y;"


def test_an_endless_core_needs_no_end() -> None:
    body = """
      cf.br ^again
    ^again:
      aie.event(0)
      cf.br ^again"""
    assert lines_of(body) == ["for (;;) {", "npu_event(0);", "}"]


STRUCTURED = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      %zero = arith.constant 0 : i32
      %ten = arith.constant 10 : i32
      %total, %last = scf.for %i = %c0 to %c5 step %c1
          iter_args(%t = %zero, %l = %ten) -> (i32, i32) {
        %n = arith.index_cast %i : index to i32
        %p = arith.cmpi sgt, %n, %t : i32
        %s = scf.if %p -> (i32) {
          %u = arith.addi %t, %ten : i32
          scf.yield %u : i32
        } else {
          %v = arith.subi %t, %n : i32
          scf.yield %v : i32
        }
        scf.yield %s, %t : i32, i32
      }
      %w = scf.while (%x = %total) : (i32) -> i32 {
        %q = arith.cmpi slt, %x, %ten : i32
        scf.condition(%q) %x : i32
      } do {
      ^bb0(%y: i32):
        %z = arith.addi %y, %ten : i32
        scf.yield %z : i32
      }
      %k = scf.index_switch %c5 -> i32
      case 4 {
        scf.yield %zero : i32
      }
      case 5 {
        scf.yield %ten : i32
      }
      default {
        scf.yield %w : i32
      }
      memref.store %total, %out[%c0] : memref<4xi32>
      memref.store %last, %out[%c1] : memref<4xi32>
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      memref.store %w, %out[%c2] : memref<4xi32>
      memref.store %k, %out[%c3] : memref<4xi32>
      aie.end"""


def test_structured_control_flow_compiles_too(tmp_path: Path) -> None:
    total, last = 0, 10
    for i in range(5):
        total, last = (total + 10 if i > total else total - i), total
    looped = total
    while looped < 10:
        looped += 10
    out = program(tmp_path, STRUCTURED, OUT)()["out"]
    assert out.tolist() == [total, last, looped, 10]


# any flow


Edge = tuple[int, int]
FUEL = 40


def flow_text(edges: list[Edge]) -> str:
    """Blocks that hash their number into `x`; a bit of `x` chooses the next, `n` counts down."""
    lines = [
        "%c0 = arith.constant 0 : index",
        "%one = arith.constant 1 : i32",
        "%prime = arith.constant 31 : i32",
        "%zero = arith.constant 0 : i32",
        f"%fuel = arith.constant {FUEL} : i32",
        "cf.br ^b0(%one, %fuel : i32, i32)",
    ]
    for k in sorted(reached(edges)):
        left, right = edges[k]
        second = f"%l{k}, %y{k}" if (left + right) % 7 == 0 else f"%y{k}, %l{k}"
        lines += [
            f"^b{k}(%x{k}: i32, %n{k}: i32):",
            f"%id{k} = arith.constant {k + 1} : i32",
            f"%m{k} = arith.muli %x{k}, %prime : i32",
            f"%y{k} = arith.addi %m{k}, %id{k} : i32",
            f"%l{k} = arith.subi %n{k}, %one : i32",
            f"%empty{k} = arith.cmpi sle, %l{k}, %zero : i32",
            f"cf.cond_br %empty{k}, ^exit(%y{k} : i32), ^c{k}",
            f"^c{k}:",
            f"%shift{k} = arith.constant {k % 5} : i32",
            f"%s{k} = arith.shrui %y{k}, %shift{k} : i32",
            f"%bit{k} = arith.trunci %s{k} : i32 to i1",
            f"cf.cond_br %bit{k}, ^b{left}(%y{k}, %l{k} : i32, i32),"
            f" ^b{right}({second} : i32, i32)",
        ]
    lines += ["^exit(%r: i32):", "memref.store %r, %out[%c0] : memref<4xi32>", "aie.end"]
    return "\n".join(lines)


def reached(edges: list[Edge]) -> set[int]:
    """The blocks that can be reached from the first."""
    found, pending = {0}, [0]
    while pending:
        new = set(edges[pending.pop()]) - found
        found |= new
        pending += new
    return found


def flow_result(edges: list[Edge]) -> int:
    x, n, block = 1, FUEL, 0
    for _ in range(10_000):
        left, right = edges[block]
        x = _i32(x * 31 + block + 1)
        n = _i32(n - 1)
        if n <= 0:
            return x
        if (x & 0xFFFFFFFF) >> (block % 5) & 1:
            block = left
        else:
            if (left + right) % 7 == 0:
                x, n = n, x
            block = right
    raise AssertionError("the flow does not end")


def _i32(value: int) -> int:
    return (value & 0x7FFFFFFF) - (value & 0x80000000)


@st.composite
def flows(draw: st.DrawFn) -> list[Edge]:
    size = draw(st.integers(2, 7))
    block = st.integers(0, size - 1)
    return draw(st.lists(st.tuples(block, block), min_size=size, max_size=size))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flows())
@example([(1, 2), (2, 1), (1, 1)])  # two loops into each other: no structure fits
@example([(1, 1), (1, 0)])  # from the inner loop straight to the head of the outer
@example([(1, 2), (3, 3), (3, 3), (0, 1)])
@example([(1, 1), (2, 0), (2, 1)])
def test_any_flow_takes_the_way_its_branches_say(tmp_path: Path, edges: list[Edge]) -> None:
    try:
        expected = flow_result(edges)
    except AssertionError:
        return
    out = program(tmp_path, flow_text(edges), OUT)()["out"]
    assert out[0] == expected


def test_many_loops_in_a_row_do_not_exhaust_python(tmp_path: Path) -> None:
    parts = [
        "%c0 = arith.constant 0 : index",
        "%c1 = arith.constant 1 : index",
        "%c2 = arith.constant 2 : index",
        "%one = arith.constant 1 : i32",
    ]
    count = 400
    for k in range(count):
        parts += [
            f"cf.br ^h{k}(%c0 : index)",
            f"^h{k}(%i{k}: index):",
            f"%g{k} = arith.cmpi slt, %i{k}, %c2 : index",
            f"cf.cond_br %g{k}, ^b{k}, ^e{k}",
            f"^b{k}:",
            f"%x{k} = memref.load %out[%c0] : memref<4xi32>",
            f"%y{k} = arith.addi %x{k}, %one : i32",
            f"memref.store %y{k}, %out[%c0] : memref<4xi32>",
            f"%n{k} = arith.addi %i{k}, %c1 : index",
            f"cf.br ^h{k}(%n{k} : index)",
            f"^e{k}:",
        ]
    parts.append("aie.end")
    run = program(tmp_path, "\n".join(parts), OUT)
    assert run.text.count("for (int32_t i = 0; i < 2; i++)") == count
    assert run(out=np.zeros(4, np.int32))["out"][0] == 2 * count


def test_a_switch_goes_by_value(tmp_path: Path) -> None:
    body = """
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %ten = arith.constant 10 : i32
      %x = memref.load %out[%c0] : memref<4xi32>
      cf.switch %x : i32, [
        default: ^other(%x : i32),
        3: ^three,
        4: ^join(%ten : i32)
      ]
    ^three:
      cf.br ^join(%x : i32)
    ^other(%y: i32):
      %z = arith.addi %y, %ten : i32
      cf.br ^join(%z : i32)
    ^join(%r: i32):
      memref.store %r, %out[%c1] : memref<4xi32>
      aie.end"""
    run = program(tmp_path, body, OUT)
    for given_value, expected in ((3, 3), (4, 10), (7, 17)):
        assert run(out=np.array([given_value, 0, 0, 0], np.int32))["out"][1] == expected


@pytest.mark.parametrize("stray", ["func.return", "scf.yield"])
def test_a_core_ends_with_aie_end_only(stray: str) -> None:
    with pytest.raises(Exception, match=stray.replace(".", r"\.")):
        c_of(stray, OUT)
