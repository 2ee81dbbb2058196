"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import whole


def test_a_file_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for text in ("first", "ä second"):
        whole.write(file, text)
        assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_there_stays_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("first")
    writes = Path.write_text

    def full(path: Path, text: str, **options: str) -> None:
        writes(path, text[:3], **options)
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        whole.write(file, "second")
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]
