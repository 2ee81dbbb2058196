from softnpu.arch.tiles import TILE_FACTS, TileKind


def test_locks_lie_sixteen_bytes_apart() -> None:
    assert TILE_FACTS[TileKind.CORE].lock_address(15) == 0x1F0F0
    assert TILE_FACTS[TileKind.MEMORY].lock_address(63) == 0xC03F0
    assert TILE_FACTS[TileKind.SHIM].lock_address(2) == 0x14020


def test_banks_share_the_memory_evenly() -> None:
    assert TILE_FACTS[TileKind.CORE].bank_size == 0x4000
    assert TILE_FACTS[TileKind.MEMORY].bank_size == 0x10000
    assert TILE_FACTS[TileKind.SHIM].bank_size == 0
