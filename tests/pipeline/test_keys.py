"""A task's key says what changed, not only that something did."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

from pipeline.keys import Key, Listed


def _kept(key: Key) -> dict[str, object]:
    """What doit would keep after a success with this key."""
    task = SimpleNamespace(value_savers=[])
    key.configure_task(task)
    return {name: value for saver in task.value_savers for name, value in saver().items()}


def test_the_same_key_is_up_to_date_and_another_is_not() -> None:
    key = Key({"tools": {"ziglang": "0.17.0"}, "options": {}})
    assert key(None, _kept(key))
    assert not Key({"tools": {"ziglang": "0.18.0"}, "options": {}})(None, _kept(key))
    assert not key(None, {})


def test_changes_name_the_option_and_both_values() -> None:
    before = Key({"tools": {"ziglang": "0.17.0"}, "options": {"defines": {"N": "4", "K": "1"}}})
    now = Key({"tools": {"ziglang": "0.18.0"}, "options": {"defines": {"N": "8"}}})
    assert list(now.changes(_kept(before))) == [
        "options defines K: 1 -> (nothing)",
        "options defines N: 4 -> 8",
        "tools ziglang: 0.17.0 -> 0.18.0",
    ]


def test_a_listed_file_that_is_gone_or_another_is_told(tmp_path: Path) -> None:
    listing, program = tmp_path / "cores.json", tmp_path / "main_core_0_2.elf"
    listed = Listed(listing)
    assert listed(None, {})
    program.write_bytes(b"code")
    listing.write_text(json.dumps({program.name: hashlib.sha256(b"code").hexdigest()}))
    assert listed(None, {})
    program.write_bytes(b"other")
    assert list(listed.changes({})) == [f"{program} is not what was made here"]
    program.unlink()
    assert list(listed.changes({})) == [f"{program} is gone"]
    for text in ('{"main_core', "[1]", ""):  # a disk was full, or somebody killed doit
        listing.write_text(text)
        assert list(listed.changes({})) == [f"{listing} is not what was made here"]
