"""What a kernel's object is rebuilt for."""

from __future__ import annotations

from pathlib import Path

from pipeline.kernels import (
    defines,
    digests,
    headers_read,
)
from pipeline.keys import HEADERS


def test_only_parameters_that_the_kernel_mentions_reach_it(tmp_path: Path) -> None:
    source = tmp_path / "k.c"
    source.write_text("int f(int x) { return x * FACTOR; } // N_OTHER\n")
    assert defines(source, {"factor": -7, "n": 4096}) == {"FACTOR": "(-7)"}


def test_a_parameter_mentioned_in_an_included_header_counts(tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text('#include "a.h"\n')
    (tmp_path / "a.h").write_text('#include "b.h"\n')
    (tmp_path / "b.h").write_text("static int line[LINE];\n")
    assert defines(tmp_path / "k.c", {"line": 8, "n": 1}) == {"LINE": "8"}


def test_headers_come_from_what_the_compiler_read(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels_src"
    kernels.mkdir()
    header = kernels / "my tables.h"
    header.write_text("")
    depfile = tmp_path / "k.d"
    escaped = str(kernels).replace(" ", "\\ ")
    depfile.write_text(f"k.o: {escaped}/my\\ tables.h \\\n  /usr/include/stdint.h\n")
    read = headers_read(depfile, tmp_path, {})
    assert list(read["headers"]) == [str(header)]
    assert HEADERS(None, read)
    header.write_text("// other\n")
    assert not HEADERS(None, read)
    header.unlink()
    assert not HEADERS(None, read)


def test_a_header_that_is_saved_while_the_compiler_reads_it_is_taken_for_unread(
    tmp_path: Path,
) -> None:
    kernel, header = tmp_path / "k.c", tmp_path / "k.h"
    kernel.write_text('#include "k.h"\n')
    header.write_text("// first\n")
    before = digests(kernel)
    header.write_text("// second\n")
    depfile = tmp_path / "k.d"
    depfile.write_text(f"k.o: {kernel} {header}\n")
    assert HEADERS.changed(headers_read(depfile, tmp_path, before)) == [str(header)]
