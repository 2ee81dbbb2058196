import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.arch.dma import DMA_ENGINES
from softnpu.arch.fields import Field, Layout
from softnpu.arch.tiles import TileKind
from softnpu.errors import DesignError

LOCK = Layout(1, (Field("Value", 0, 5, 7, signed=True), Field("ID", 0, 0, 4)))


def test_a_signed_field_keeps_its_sign() -> None:
    assert LOCK.unpack(LOCK.pack({"value": -64, "id": 15})) == {"value": -64, "id": 15}


def test_a_value_that_does_not_fit_is_an_error_that_tells_the_range() -> None:
    with pytest.raises(DesignError, match=r"Value = 64 does not fit in 7 bits \(-64 to 63\)"):
        LOCK.pack({"value": 64})


@pytest.mark.parametrize("kind", TileKind)
@given(data=st.data())
def test_every_descriptor_value_survives_packing(kind: TileKind, data: st.DataObject) -> None:
    layout = DMA_ENGINES[kind].bd
    values = {
        field.key: data.draw(st.integers(field.minimum, field.maximum), field.key)
        for field in layout.fields
    }
    assert layout.unpack(layout.pack(values)) == values


@pytest.mark.parametrize("kind", TileKind)
def test_no_two_fields_of_a_descriptor_share_a_bit(kind: TileKind) -> None:
    layout = DMA_ENGINES[kind].bd
    for word in range(layout.words):
        masks = [field.mask for field in layout.fields if field.word == word]
        assert sum(masks) == sum(masks) & 0xFFFFFFFF
        assert bin(sum(masks)).count("1") == sum(bin(mask).count("1") for mask in masks)
