"""The ops that can stand in one place only."""

from __future__ import annotations

from softnpu.dialects import aie, aiex
from softnpu.dialects.rules import rule_of, rules
from softnpu.dialects.rules.parents import PARENTS

NAMES = {op.name for op in (*aie.OPS, *aiex.OPS)}


def test_every_op_in_the_tables_exists() -> None:
    others = {"builtin.module", "func.func"}
    assert PARENTS.keys() <= NAMES
    assert {parent for parents in PARENTS.values() for parent in parents} <= NAMES | others
    assert rules().keys() <= NAMES


def test_a_rule_is_found_by_the_ops_name() -> None:
    assert rule_of("aie.tile") is rules()["aie.tile"]
    assert rule_of("arith.addi") is None
