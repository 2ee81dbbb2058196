"""Older spellings, which designs still have: read here, printed in the newer form.

The tile of a shim DMA allocation was once a column number: `@in(MM2S, 0, 2)`. The tile op that
it means may stand anywhere in the device, or nowhere. What are values today, a lock's and a
register's among them, were numbers: their constants are put before the ops that use them.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Block, Operation

from softnpu.dialects.aie.tiles import DeviceOp, TileOp
from softnpu.dialects.walking import ops_of


def settle(module: Operation, constants: Iterable[tuple[Operation, Operation]]) -> None:
    """Give ops whose tile stands in no block, only a position, the tile that they mean; and put
    each of the `constants` before the op behind it."""
    for constant, user in constants:
        block = user.parent
        assert block is not None
        constant.location = user.location
        block.insert_op_before(constant, user)
    for device in ops_of(module, DeviceOp):
        for region in device.regions:
            for block in region.blocks:
                _settle(block)


def _settle(block: Block) -> None:
    for op in list(block.ops):
        for index, value in enumerate(op.operands):
            owner = value.owner
            if isinstance(owner, TileOp) and owner.parent is None:
                op.operands[index] = _tile_in(block, owner, op).result


def _tile_in(block: Block, wanted: TileOp, user: Operation) -> TileOp:
    """The tile at the position in the block; moved to the start, or put there, if need be."""
    tiles = (op for op in block.ops if isinstance(op, TileOp))
    found = next((tile for tile in tiles if tile.position == wanted.position), None)
    if found is not None and found.is_before_in_block(user):
        return found
    tile = wanted if found is None else found
    if tile.parent is not None:
        tile.detach()  # type: ignore[no-untyped-call]
    first = block.first_op
    assert first is not None
    block.insert_op_before(tile, first)
    return tile
