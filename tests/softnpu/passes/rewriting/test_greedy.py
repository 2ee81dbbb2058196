"""The driver: folding feeds folding, and what nobody uses goes."""

from __future__ import annotations

from xdsl.dialects.arith import AddiOp, MuliOp

from softnpu.passes.rewriting.greedy import Rewriter


def test_a_chain_folds_from_end_to_end(simplify) -> None:
    lines = simplify("""
    %a = arith.constant 3 : i32
    %b = arith.addi %a, %a : i32
    %c = arith.muli %b, %a : i32
    %d = arith.subi %c, %b : i32
    func.call @use(%d) : (i32) -> ()
    """)
    assert lines == ["%c12_i32 = arith.constant 12 : i32", "call @use(%c12_i32) : (i32) -> ()"]


def test_dead_ops_go_with_all_that_fed_only_them(simplify) -> None:
    lines = simplify("""
    %c0 = arith.constant 0 : index
    %v = memref.load %m[%c0] : memref<8xi32>
    %w = arith.addi %v, %x : i32
    memref.store %x, %m[%n] : memref<8xi32>
    """)
    assert lines == ["memref.store %arg0, %arg3[%arg2] : memref<8xi32>"]


def test_a_pattern_sees_what_another_has_changed(simplify) -> None:
    def doubling(op: AddiOp, rewriter: Rewriter) -> bool:
        if op.lhs is not op.rhs:
            return False
        from softnpu.passes.rewriting.constants import constant

        two = constant(2, op.result.type)
        product = MuliOp(op.lhs, two)
        rewriter.insert_before(op, two, product)
        rewriter.replace(op, product.results)
        return True

    lines = simplify(
        """
    %zero = arith.constant 0 : i32
    %a = arith.addi %x, %zero : i32
    %b = arith.addi %a, %x : i32
    func.call @use(%b) : (i32) -> ()
    """,
        {AddiOp.name: (doubling,)},
    )
    assert lines[:2] == ["%c2_i32 = arith.constant 2 : i32", "%0 = arith.muli %arg0, %c2_i32 : i32"]
