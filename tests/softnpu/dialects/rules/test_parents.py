"""The ops that can stand in one place only."""

from __future__ import annotations

from softnpu.dialects import aie, aiex
from softnpu.dialects.context import context
from softnpu.dialects.rules import SUBJECTS, rule_of, rules
from softnpu.dialects.rules.parents import PARENTS

NAMES = {op.name for op in (*aie.OPS, *aiex.OPS)}


def test_every_op_in_the_tables_exists() -> None:
    others = {"builtin.module", "func.func"}
    assert PARENTS.keys() <= NAMES
    assert {parent for parents in PARENTS.values() for parent in parents} <= NAMES | others
    assert rules("aie").keys() <= NAMES


def test_rules_of_upstream_dialects_are_for_ops_that_exist() -> None:
    ctx = context()
    for dialect in SUBJECTS.keys() - {"aie", "aiex"}:
        for name in rules(dialect):
            assert name.partition(".")[0] in SUBJECTS
            assert ctx.get_optional_op(name) is not None, name


def test_a_rule_is_found_by_the_ops_name() -> None:
    assert rule_of("aie.tile") is rules("aie")["aie.tile"]
    assert rule_of("memref.load") is rules("memref")["memref.load"]
    assert rule_of("llvm.add") is None
