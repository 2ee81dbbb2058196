import json
from pathlib import Path

import pytest

from softnpu.formats.xclbin import container, mirror
from softnpu.formats.xclbin.container import Container, Header, Section, SectionKind
from tests.conftest import MARCH_DESIGNS


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_the_mirror_of_a_real_file_is_the_one_that_xclbinutil_wrote(
    march: Path, design: str
) -> None:
    stored = container.parse((march / design / "final.xclbin").read_bytes())
    assert mirror.mirror(stored) == stored.mirror


def test_key_value_pairs_are_mirrored_too() -> None:
    data = b'{"key_values":[{"key":"core_isa","value":"rv32"}]}\n'
    marked = Container(Header(), (Section(SectionKind.KEYVALUE_METADATA, data),))
    text = mirror.mirror(marked).removeprefix(mirror.START).removesuffix(mirror.END)
    payload = json.loads(text)["section_header"]["payload"]
    assert payload["keyvalue_metadata"]["key_values"] == [{"key": "core_isa", "value": "rv32"}]
