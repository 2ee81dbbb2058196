"""What kind of host a file is; what is none is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.emulator.hosts.kinds import Kind, kind_of, resolved
from softnpu.errors import EmulatorError

ELF = b"\x7fELF\x02\x01" + bytes(60)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("test.cpp", b"#include <xrt/xrt_device.h>\n", Kind.SOURCE),
        ("TEST.CC", b"", Kind.SOURCE),
        ("host", b"// test\nimport pyxrt\n", Kind.SCRIPT),
        ("host.py", b"\xff\xfe", Kind.SCRIPT),
        ("test.exe", ELF, Kind.PROGRAM),
        ("host", b"#!/usr/bin/env python3\n", Kind.SCRIPT),
        ("run_all", b"#!/bin/sh\n./test.exe\n", Kind.PROGRAM),
    ],
)
def test_a_host_is_known_by_its_name_or_its_content(
    tmp_path: Path, name: str, content: bytes, kind: Kind
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    path.chmod(0o755)
    assert kind_of(path) is kind


def test_a_host_may_be_called_as_makefiles_call_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cmake").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir("/")
    assert resolved(Path("python3.11"), ["host.py", "-x"]) == (Path("host.py"), ["-x"])
    assert resolved(Path("cmake"), ["--build"]) == (tmp_path / "cmake", ["--build"])
    assert resolved(Path("test.exe"), []) == (Path("test.exe"), [])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("host", b"\n#include <xrt.h>\n", "is C or C++ under a name that no source has"),
        ("test.hpp", b"// mine\n", "is C or C++ under a name that no source has"),
        ("main_core_0_2.elf", ELF, "may not be executed; if it is a host program, chmod"),
        ("final.xclbin", b"xclbin2\0" + bytes(500), "is an xclbin; run-host takes a Python script"),
        ("host.py", b"\xff\xfei\0m\0", "is no text in UTF-8"),
    ],
)
def test_a_file_that_is_no_host_is_told_as_what_it_is(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(EmulatorError, match=words.replace("+", r"\+")):
        kind_of(path)


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="is a folder; run-host takes a Python script"):
        kind_of(tmp_path)
    with pytest.raises(EmulatorError, match=r"gone\.py: No such file or directory"):
        kind_of(tmp_path / "gone.py")
