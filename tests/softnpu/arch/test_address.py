from softnpu.arch.address import split_address, tile_address


def test_an_address_names_column_row_and_offset() -> None:
    assert tile_address(1, 2, 0x1D000) == 0x0221D000
    assert split_address(0x0221D000) == (1, 2, 0x1D000)


def test_the_last_byte_of_a_tile_is_not_the_next_tile() -> None:
    assert split_address(tile_address(3, 5, 0xFFFFF)) == (3, 5, 0xFFFFF)
    assert split_address(tile_address(3, 5, 0xFFFFF) + 1) == (3, 6, 0)
