"""A task's key says what changed, not only that something did."""

from __future__ import annotations

from types import SimpleNamespace

from pipeline.keys import Key


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
