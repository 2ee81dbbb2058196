"""Sequences that folding leaves alone once it has found nothing to do in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.aie import RuntimeSequenceOp
from softnpu.dialects.text import parse_text, print_module
from softnpu.dialects.walking import ops_of
from softnpu.passes.rewriting.greedy import apply_greedily
from softnpu.passes.rewriting.rest import at_rest, rest_remembered

DESIGN = """
aie.device(npu1_1col) {
  aie.runtime_sequence(%a: memref<16xi32>) {
    %c8 = arith.constant 8 : i32
    %c1 = arith.constant 1 : i32
    %sum = arith.addi %c8, %c1 : i32
    aiex.npu.write32(%sum, %c1) {column = 0 : i32, row = 1 : i32} : i32, i32
    aiex.npu.write32(%c8, %c8) {column = 0 : i32, row = 1 : i32} : i32, i32
  }
}
"""


@pytest.fixture
def module() -> Iterator[ModuleOp]:
    """A design with a sequence that has been folded."""
    found = parse_text(DESIGN)
    with rest_remembered():
        apply_greedily(found, {"arith.addi": ()}, merge_blocks=False)
        yield found


def sequence_of(module: ModuleOp) -> RuntimeSequenceOp:
    (sequence,) = ops_of(module, RuntimeSequenceOp)
    return sequence


def test_a_folded_sequence_is_at_rest(module: ModuleOp) -> None:
    assert "c9_i32" in print_module(module)
    assert at_rest(module, {}, merges=True) == {sequence_of(module)}


def test_a_changed_operand_ends_the_rest(module: ModuleOp) -> None:
    first, second, *_ = ops_of(sequence_of(module), ConstantOp)
    first.result.replace_all_uses_with(second.result)
    assert not at_rest(module, {}, merges=False)
    apply_greedily(module, {}, merge_blocks=False)
    assert first.parent is None, "what is unused goes"


def test_an_op_that_goes_ends_the_rest(module: ModuleOp) -> None:
    sequence_of(module).body.block.last_op.detach()  # type: ignore[union-attr]
    assert not at_rest(module, {}, merges=False)


def test_a_pattern_that_was_not_tried_ends_the_rest_of_sequences_with_its_op(
    module: ModuleOp,
) -> None:
    assert at_rest(module, {"scf.for": ()}, merges=False)
    assert not at_rest(module, {"aiex.npu.write32": ()}, merges=False)


def test_nothing_is_remembered_outside() -> None:
    module = parse_text(DESIGN)
    apply_greedily(module, {}, merge_blocks=False)
    assert not at_rest(module, {}, merges=False)


def test_rest_changes_nothing_of_what_passes_make(module: ModuleOp) -> None:
    forgetful = parse_text(DESIGN)
    for _ in range(2):
        apply_greedily(forgetful, {}, merge_blocks=False)
    apply_greedily(module, {}, merge_blocks=False)
    assert print_module(module) == print_module(forgetful)
