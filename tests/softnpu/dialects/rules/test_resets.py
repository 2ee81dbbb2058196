"""What an author reads about resets that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]


def binding(channels: str = "%core : index", locks: str = "%l : index", **changes: str) -> str:
    """A binding of one channel and one lock, but for the changes."""
    lists = {"channel_dirs": "0", "channel_indices": "1", "lock_inits": "1"} | changes
    attributes = ", ".join(f"{name} = array<i32: {values}>" for name, values in lists.items())
    return f"""%l = aie.lock(%core, 0)
    %c = arith.constant 0 : index
    aie.objectfifo_rearm_binding @b channels({channels}) locks({locks}) {{{attributes}}}"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (binding(channels="%c : index"), "a channel's tile is an aie.tile"),
        (binding(channels="%shim : index"), "tile (0, 0) is a shim tile, whose channels"),
        (binding(locks="%c : index"), "its locks are aie.lock"),
        (binding(channel_dirs="0, 1"), "channel_dirs has 2 entries for 1 channels"),
        (binding(channel_indices="0, 1"), "channel_indices has 2 entries for 1 channels"),
        (binding(lock_inits="0, 1"), "lock_inits has 2 entries for 1 locks"),
        (binding(channel_dirs="2"), "a direction is 0 (S2MM) or 1 (MM2S)"),
        (binding(head_bd_ids="5"), "head_bd_ids and repeat_counts go together"),
        (
            binding(head_bd_ids="5, 6", repeat_counts="0"),
            "head_bd_ids has 2 entries for 1 channels",
        ),
        (
            binding(head_bd_ids="5", repeat_counts="0, 1"),
            "repeat_counts has 2 entries for 1 channels",
        ),
    ],
)
def test_a_binding_names_channels_and_locks_with_an_entry_each(
    refusal: Refusal, body: str, message: str
) -> None:
    error = refusal(body)
    assert "objectfifo_rearm_binding 'b'" in error.message
    assert message in error.message


def test_what_is_armed_anew_is_an_objectfifo(
    refusal: Refusal, read: Callable[[str], object]
) -> None:
    text = "aie.runtime_sequence() { aiex.dma_channel_reset_for(@b) }"
    read(f"{binding()}\n{text}")
    read(text.replace("@b", "@yet_to_come"))
    allocation = "aie.shim_dma_allocation @b(%shim, MM2S, 0)\n"
    assert refusal(allocation + text).message == (
        "'@b' is no objectfifo, it is aie.shim_dma_allocation"
    )


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("aiex.core_reset(%mem)", "tile (0, 1) is a memory tile: it has no core to reset"),
        ("aiex.dma_channel_reset(%shim, S2MM, 0)", "tile (0, 0) is a shim tile, whose channels"),
        ("aiex.dma_channel_reset(%core, S2MM, 2)", "has S2MM channels 0 to 1, found 2"),
        ("aiex.dma_channel_reset(%mem, MM2S, -1)", "has MM2S channels 0 to 5, found -1"),
    ],
)
def test_what_is_reset_exists(refusal: Refusal, step: str, message: str) -> None:
    assert message in refusal(f"aie.runtime_sequence() {{ {step} }}").message
