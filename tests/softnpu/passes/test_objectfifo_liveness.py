"""Broadcasts that hang for want of depth."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.objectfifo_liveness import ObjectFifoLivenessPass
from tests.softnpu.passes.conftest import Lower

CHECK = ObjectFifoLivenessPass()


def design(
    *,
    depth: int = 2,
    repeats: int = 2,
    halves: tuple[str, ...] = ("weights_0", "weights_1"),
    types: tuple[str, ...] = ("8xi32", "8xi32"),
    back: str = "mem",
) -> str:
    """Two memory tiles, each with a broadcast to two cores, one of which gives results back."""
    lines = ["%far = aie.tile(3, 1)"]
    for half, (name, type) in enumerate(zip(halves, types, strict=True)):
        target = f"%mem{half}" if back == "mem" else "%far"
        lines += [
            f"%mem{half} = aie.tile({half}, 1)",
            f"%a{half} = aie.tile({half}, 2)",
            f"%b{half} = aie.tile({half}, 3)",
            f"aie.objectfifo @{name}(%mem{half}, {{%a{half}, %b{half}}}, {depth} : i32)"
            f" : !aie.objectfifo<memref<{type}>>",
            f"aie.objectfifo @out{half}(%a{half}, {{{target}}}, 2 : i32)"
            f" {{repeat_count = {repeats} : i32}} : !aie.objectfifo<memref<8xi32>>",
        ]
    return "aie.device(npu1) {\n" + "\n".join(lines) + "\n}"


def test_the_parts_of_one_tensor_need_room_together(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(design(), CHECK)
    assert refused.value.message == ("objectfifo '@weights' hangs: it is 2 deep and needs to be 4")
    assert refused.value.location is not None
    assert refused.value.location.line == 6
    lower(design(depth=4), CHECK)


@pytest.mark.parametrize(
    "changed",
    [
        {"halves": ("weights_0", "others_0")},
        {"types": ("8xi32", "4xi32")},
        {"repeats": 1},
    ],
)
def test_broadcasts_of_their_own_and_single_trips_need_less(
    lower: Lower, changed: dict[str, object]
) -> None:
    lower(design(**changed), CHECK)  # type: ignore[arg-type]


def test_one_way_alone_is_no_cycle(lower: Lower) -> None:
    repeated = design(depth=1).replace("1 : i32) :", "1 : i32) {repeat_count = 4 : i32} :")
    with pytest.raises(DesignError):
        lower(repeated, CHECK)
    lower("\n".join(line for line in repeated.splitlines() if "@out" not in line), CHECK)
