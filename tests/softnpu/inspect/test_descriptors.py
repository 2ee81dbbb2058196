import pytest

from softnpu.arch.dma import DMA_ENGINES
from softnpu.arch.tiles import TileKind
from softnpu.inspect.descriptors import describe

CORE, MEMORY, SHIM = TileKind.CORE, TileKind.MEMORY, TileKind.SHIM


def described(kind: TileKind, **fields: int) -> list[str]:
    return describe(kind, DMA_ENGINES[kind].bd.pack({"valid_bd": 1, **fields}))


def test_a_plain_transfer_tells_length_place_locks_and_successor() -> None:
    assert described(
        CORE,
        buffer_length=256,
        base_address=0x100,
        lock_acq_enable=1,
        lock_acq_id=3,
        lock_acq_value=-1,
        lock_rel_id=2,
        lock_rel_value=1,
        use_next_bd=1,
        next_bd=3,
    ) == [
        "256 words (1024 bytes) at 0x400",
        "acquires lock 3 >= 1, releases lock 2 +1",
        "then BD 3",
    ]


def test_a_memory_tile_names_the_neighbour_that_memory_and_lock_belong_to() -> None:
    lines = described(
        MEMORY,
        buffer_length=16,
        base_address=0x40004,
        lock_acq_enable=1,
        lock_acq_id=65,
        lock_acq_value=2,
        lock_rel_id=1,
        lock_rel_value=-1,
    )
    assert lines[0] == "16 words (64 bytes) at 0x10 of the east neighbour"
    assert lines[1] == "acquires lock 1 = 2, releases lock 1 of the west neighbour -1"


def test_dimensions_iteration_packet_and_padding_are_told() -> None:
    lines = described(
        MEMORY,
        buffer_length=64,
        d0_wrap=8,
        d1_stepsize=15,
        iteration_wrap=3,
        iteration_stepsize=63,
        d0_zero_before=2,
        d0_zero_after=1,
        enable_packet=1,
        packet_id=5,
        packet_type=1,
    )
    assert "dimensions (count x step in words, innermost first): 8 x 1, rest x 16" in lines[1]
    assert lines[1].endswith("iterates 4 times by 64 words")
    assert lines[2:] == ["padding: d0 2 before, 1 after", "packet 5, type 1"]


@pytest.mark.parametrize(
    ("address", "text"),
    [(0, "at a host address patched later"), (0x1_0000_1000, "at host address 0x100001000")],
)
def test_a_shim_moves_host_memory(address: int, text: str) -> None:
    fields = DMA_ENGINES[SHIM].address_fields(address)
    assert described(SHIM, buffer_length=4, **fields) == [f"4 words (16 bytes) {text}"]


def test_a_descriptor_that_is_not_valid_says_so() -> None:
    assert describe(CORE, [0] * 6) == ["not valid"]


def test_a_shim_tells_how_it_asks_for_host_memory() -> None:
    lines = described(SHIM, buffer_length=4, burst_length=3, axcache=2, axqos=9, secure_access=1)
    assert lines[1:] == ["host access: Burst_Length 3, AxCache 2, AxQoS 9, Secure_Access 1"]


def test_what_npu2s_memory_tiles_alone_have_is_told() -> None:
    words = DMA_ENGINES[MEMORY].bd.pack({"valid_bd": 1, "buffer_length": 4})
    words[2] |= 1 << 30 | 2 << 28
    assert describe(MEMORY, words)[1:] == [
        "on npu2 alone: D3_Stepsize_Zero 1, D2_Pad_Before_High 2"
    ]
