"""docs/aie_api.md says what of the AIE API there is; the headers have that, and nothing refused."""

from __future__ import annotations

import re
from pathlib import Path

from softnpu.errors import ToolError
from softnpu.targets.standin import compile_kernel
from tests.project import ROOT

PAGE = (ROOT / "docs" / "aie_api.md").read_text()
ROWS = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
NAME = re.compile(r"`aie::(\w+)`")


def compiled(folder: Path, names: list[str], headers: tuple[str, ...] = ("operators",)) -> str:
    """What clang says of headers that are asked for the names; nothing if they have all."""
    source = folder / "k.cc"
    used = "".join(f"using aie::{name};\n" for name in names if name != "operators")
    included = "".join(f"#include <aie_api/{header}.hpp>\n" for header in headers)
    source.write_text(f"{included}namespace user {{\n{used}}}\n")
    try:
        compile_kernel(source, folder / "k.o", flags=["-ferror-limit=0"])
    except ToolError as error:
        return str(error)
    return ""


def test_what_the_page_calls_done_is_there(tmp_path: Path) -> None:
    done = [
        name for row in ROWS if not row[1].startswith("refused") for name in NAME.findall(row[0])
    ]
    assert len(done) > 100
    assert compiled(tmp_path, done, ("operators", "utils")) == ""


def test_what_the_page_refuses_is_not_there(tmp_path: Path) -> None:
    refused = [
        name.removeprefix("aie::")
        for row in ROWS
        if row[1].startswith("refused")
        for name in re.findall(r"`((?:aie::)?[a-z]\w+)`", row[0])
        if name not in ("bfloat8", "float16", "float8")
    ]
    said = compiled(tmp_path, refused)
    missing = set(re.findall(r"no member named '(\w+)' in namespace 'aie'", said))
    assert len(refused) > 5
    assert set(refused) - missing == set()
