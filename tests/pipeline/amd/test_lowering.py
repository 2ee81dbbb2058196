"""Instruction streams by tools of different versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.amd.lowering import as_binary, npu_translation, of_device
from pipeline.amd.probing import Tool
from softnpu.errors import ToolError

TRANSLATE = Tool("aie-translate", Path("/opt/aie-translate"), "PATH", "LLVM 22", "0" * 12)


def knowing(*options: str) -> Tool:
    return replace(TRANSLATE, options=frozenset(options))


def test_text_of_an_older_version_becomes_the_same_bytes(golden: Path) -> None:
    stream = (golden / "passthrough_core" / "insts.bin").read_bytes()
    words = [stream[i : i + 4][::-1].hex().upper() for i in range(0, len(stream), 4)]
    assert as_binary("".join(f"{word}\n" for word in words).encode()) == stream
    assert as_binary(stream) == stream


def test_the_translation_is_called_by_the_name_that_is_listed() -> None:
    assert npu_translation(knowing("aie-npu-to-binary")) == "--aie-npu-to-binary"
    assert npu_translation(knowing("aie-npu-instgen")) == "--aie-npu-instgen"
    with pytest.raises(ToolError, match="lists neither"):
        npu_translation(knowing("aie-generate-cdo"))


def test_a_device_is_named_only_to_versions_that_ask() -> None:
    assert of_device(knowing("aie-device-name"), "main") == ["--aie-device-name=main"]
    assert of_device(knowing(), "main") == []
