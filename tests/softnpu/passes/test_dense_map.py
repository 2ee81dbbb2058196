"""The order in which LLVM's maps give their keys."""

from __future__ import annotations

from softnpu.passes.dense_map import dense_order, hash_size, hash_tile


def home(key: int) -> int:
    return hash_size(key) % 64


def test_keys_come_by_bucket_and_what_collides_comes_behind() -> None:
    order = dense_order(range(8), hash_size)
    assert sorted(order) == list(range(8)) != order
    assert [home(key) for key in order] == sorted(map(home, range(8)))
    first, second = next(
        (a, b) for a in range(64) for b in range(a + 1, 64) if home(a) == home(b) < 63
    )
    assert dense_order([first, second], hash_size) == [first, second]
    assert dense_order([second, first], hash_size) == [second, first]


def test_a_key_that_finds_the_last_bucket_taken_goes_to_the_first() -> None:
    assert dense_order([63, 127, 5], lambda key: key) == [127, 5, 63]


def test_a_table_grows_before_it_is_three_quarters_full() -> None:
    """47 keys lie in 64 buckets, where 64 + 1 comes before 2; 48 in 128, where it comes last."""
    few, many = [*range(2, 48), 65], [*range(2, 49), 65]
    assert dense_order(few, lambda key: key)[0] == 65
    assert dense_order(many, lambda key: key)[-1] == 65


def test_tiles_are_hashed_by_column_and_row() -> None:
    assert hash_tile((1, 2)) != hash_tile((2, 1))
    tiles = [(col, row) for col in range(8) for row in range(2, 6)]
    assert sorted(dense_order(tiles, hash_tile)) == tiles
