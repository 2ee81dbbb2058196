import json

from hypothesis import given
from hypothesis import strategies as st

from softnpu.formats.xclbin.ptree import Pairs, write


def test_everything_is_a_string_and_slashes_are_escaped() -> None:
    tree = {"path": "a/b", "version": "\x02.\x1a.0", "rows": [{"n": "1"}], "none": []}
    assert write(tree) == (
        '{"path":"a\\/b","version":"\\u0002.\\u001A.0","rows":[{"n":"1"}],"none":""}\n'
    )


def test_keys_may_repeat() -> None:
    assert write(Pairs(("section", "1"), ("section", "2"))) == '{"section":"1","section":"2"}\n'


@given(st.text())
def test_any_text_reads_back(text: str) -> None:
    assert json.loads(write({"text": text})) == {"text": text}
