"""What a kernel's object is rebuilt for."""

from __future__ import annotations

from pathlib import Path

from pipeline.kernels import defines, headers_read


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
    (kernels / "my tables.h").write_text("")
    depfile = tmp_path / "k.d"
    escaped = str(kernels).replace(" ", "\\ ")
    depfile.write_text(
        f"k.o: {escaped}/my\\ tables.h \\\n  {escaped}/gone.h /usr/include/stdint.h\n"
    )
    assert headers_read(depfile, tmp_path) == [kernels / "my tables.h"]
    assert headers_read(tmp_path / "none.d", tmp_path) == []
