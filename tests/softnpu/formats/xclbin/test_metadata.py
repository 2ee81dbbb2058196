import pytest
from hypothesis import given
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats.xclbin import metadata
from softnpu.formats.xclbin.metadata import Argument, Kernel

# XML drops carriage returns and has no control characters; attributes normalise other white space.
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
types = st.sampled_from(["uint64_t", "char *", "void*", "unsigned int", "float"])
arguments = st.builds(Argument, visible, types, visible, st.integers(0, 4))
kernels = st.builds(
    Kernel,
    visible,
    st.lists(visible, max_size=2).map(tuple),
    visible,
    st.lists(arguments, max_size=3).map(tuple),
    st.integers(0, 3),
    st.integers(0, 3),
    visible,
)


@given(st.lists(kernels, max_size=2).map(tuple))
def test_any_kernel_survives(made) -> None:
    assert metadata.parse_kernels(metadata.build_kernels(made)) == made


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4).map(tuple))
def test_any_key_and_value_survive(pairs) -> None:
    assert metadata.parse_key_values(metadata.build_key_values(pairs)) == pairs


def test_sizes_are_those_that_xclbinutil_gives() -> None:
    assert Argument("ninstr", "uint32_t", "0x10").size == 4
    assert Argument("n", "unsigned int", "0x10").size == 8
    assert Argument("bo0", "void*", "0x14").size == 8
    with pytest.raises(FormatError, match="'v' has the unknown type 'bfloat16'"):
        _ = Argument("v", "bfloat16", "0").size


def test_text_that_is_no_such_xml_or_json_is_refused() -> None:
    with pytest.raises(FormatError, match="no valid XML"):
        metadata.parse_kernels(b"<project>")
    with pytest.raises(FormatError, match="<kernel> without 'name'"):
        metadata.parse_kernels(b"<project><kernel/></project>")
    with pytest.raises(FormatError, match="KEYVALUE_METADATA is not as expected"):
        metadata.parse_key_values(b'{"key_values": [1]}')


def test_a_number_left_empty_is_none() -> None:
    """AMD's own xclbins have `subtype=""`."""
    text = (
        b'<project><kernel name="k"><extended-data subtype="" functional="0"/></kernel></project>'
    )
    assert metadata.parse_kernels(text)[0].subtype == 0


def test_a_name_stands_for_its_number() -> None:
    """xclbinutil of 2021 wrote `subtype="DPU"` as it was given."""
    text = (
        b'<project><kernel name="k"><extended-data subtype="DPU" functional="PrePost"/></kernel>'
        b"</project>"
    )
    (kernel,) = metadata.parse_kernels(text)
    assert (kernel.subtype, kernel.functional) == (1, 1)
    with pytest.raises(FormatError, match="has 'CPU' for a number"):
        metadata.parse_kernels(text.replace(b"DPU", b"CPU"))


def test_a_document_type_is_refused() -> None:
    with pytest.raises(FormatError, match="document type"):
        metadata.parse_kernels(b'<!DOCTYPE a [<!ENTITY b "b">]><project>&b;</project>')
