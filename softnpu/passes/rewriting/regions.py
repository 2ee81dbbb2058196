"""Tidying of regions with several blocks: what cannot be reached goes, equal blocks become one.

As MLIR does after each round of rewriting (mlir, RegionUtils.cpp, `simplifyRegions`).
"""

from __future__ import annotations

from xdsl.ir import Block, Operation, Region, SSAValue

from softnpu.dialects.walking import outer_ops


def simplify_regions(root: Operation, merge_blocks: bool) -> bool:
    """Drops unreachable blocks below `root`, and merges equal ones if asked to."""
    changed = False
    for region in _regions_of_several_blocks(root):
        changed |= erase_unreachable_blocks(region)
        if merge_blocks:
            changed |= _merge_equal_blocks(region)
    return changed


def _regions_of_several_blocks(root: Operation) -> list[Region]:
    regions = [region for op in outer_ops(root) for region in op.regions]
    return [region for region in regions if region.first_block is not region.last_block]


def reachable_blocks(start: Block) -> list[Block]:
    """`start` and all that control may reach from it, in the order of a depth-first search."""
    found = {start: None}
    pending = [start]
    while pending:
        last = pending.pop().last_op
        for block in last.successors if last else ():
            if block not in found:
                found[block] = None
                pending.append(block)
    return list(found)


def erase_unreachable_blocks(region: Region) -> bool:
    """Erases the blocks that the region's entry does not lead to."""
    assert region.first_block is not None
    kept = set(reachable_blocks(region.first_block))
    lost = [block for block in region.blocks if block not in kept]
    for block in lost:
        region.detach_block(block)
    for block in lost:
        block.erase(safe_erase=False)
    return bool(lost)


def _merge_equal_blocks(region: Region) -> bool:
    """Leaves one of each set of blocks that do the same and go on to the same place."""
    groups: dict[tuple[Block, ...], list[Block]] = {}
    for block in list(region.blocks)[1:]:
        last = block.last_op
        groups.setdefault(tuple(last.successors) if last else (), []).append(block)
    merged = [_merge_equal(region, group) for group in groups.values() if len(group) > 1]
    return any(merged)


def _merge_equal(region: Region, blocks: list[Block]) -> bool:
    leaders: list[Block] = []
    for block in blocks:
        leader = next((other for other in leaders if _do_the_same(other, block)), None)
        if leader is None:
            leaders.append(block)
            continue
        _redirect(region, block, leader)
        region.erase_block(block, safe_erase=False)
    return len(leaders) < len(blocks)


def _redirect(region: Region, block: Block, leader: Block) -> None:
    for other in region.blocks:
        last = other.last_op
        if last is not None and block in last.successors:
            last.successors = [leader if s is block else s for s in last.successors]


def _do_the_same(left: Block, right: Block) -> bool:
    if left.args or right.args:
        return False
    left_ops, right_ops = list(left.ops), list(right.ops)
    if len(left_ops) != len(right_ops):
        return False
    same: dict[SSAValue, SSAValue] = {}
    for a, b in zip(left_ops, right_ops, strict=True):
        if not _are_equal(a, b, same):
            return False
        same.update(zip(b.results, a.results, strict=True))
    return not any(
        use.operation.parent_block() is not block
        for block, ops in ((left, left_ops), (right, right_ops))
        for op in ops
        for value in op.results
        for use in value.uses
    )


def _are_equal(a: Operation, b: Operation, same: dict[SSAValue, SSAValue]) -> bool:
    return (
        a.name == b.name
        and not a.regions
        and not b.regions
        and a.properties == b.properties
        and a.attributes == b.attributes
        and a.result_types == b.result_types
        and tuple(a.successors) == tuple(b.successors)
        and tuple(a.operands) == tuple(same.get(value, value) for value in b.operands)
    )
