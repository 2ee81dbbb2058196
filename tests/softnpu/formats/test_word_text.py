import pytest

from softnpu.errors import FormatError
from softnpu.formats import word_text
from softnpu.formats.records import word_bytes


def test_words_are_read_a_line_each_with_comments_between() -> None:
    text = b"# OPCODE : OP_WRITE32\n02000000\n0x0003300c # the address\n\n0x1\r\n0000000A\n"
    assert word_text.parse(text) == word_bytes([0x02000000, 0x3300C, 1, 10])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"00000001\n7654321\n", "line 2: '7654321' is no word of 8 hexadecimal digits"),
        (b"00000001\n1.5\n", "line 2: '1.5'"),
        (b"\xff\xfe00000\n", "line 1: "),
        (b"# nothing but words about words\n", "without a word"),
        (b"", "without a word"),
    ],
)
def test_other_text_is_refused_with_its_line(text: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        word_text.parse(text)


def test_a_line_that_is_cut_off_is_left_out() -> None:
    assert word_text.parse(b"00000001\n0000", cut=True) == word_bytes([1])
