"""cf: a jump to one of several blocks."""

from __future__ import annotations

from softnpu.dialects.text import parse_text, print_module

SWITCH = """module {
  func.func @f(%arg0: i32, %arg1: i64) {
    cf.switch %arg0 : i32, [
      default: ^bb1,
      1: ^bb2(%arg1 : i64),
      4294967294: ^bb1
    ]
  ^bb1:  // 3 preds: ^bb0, ^bb0, ^bb1
    cf.switch %arg0 : i32, [
      default: ^bb1]
  ^bb2(%0: i64):  // pred: ^bb0
    return
  }
}

"""


def test_mlirs_spelling_cases_deeper_than_the_switch_and_without_sign() -> None:
    # The second is as MLIR prints it too: no line of its own for the bracket.
    assert print_module(parse_text(SWITCH, "f.mlir")) == SWITCH


def test_a_negative_case_is_read_too() -> None:
    text = print_module(parse_text(SWITCH.replace("4294967294", "-2"), "f.mlir"))
    assert "4294967294: ^bb1" in text
