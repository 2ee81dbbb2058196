"""A host in C++: compiled against softnpu's XRT, kept as long as nothing that it reads changes."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from softnpu import zig
from softnpu.emulator.hosts.cxx import Compiler, Installed, hashed, place
from softnpu.errors import ToolError

SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++")

STANDARD = "c++17"

_FLAGS = ("-g", "-O1", "-pthread")


@dataclass(frozen=True)
class Build:
    """How a host is compiled, beside its own source.

    Attributes:
        others: further sources, objects and libraries of files.
        flags: for each source, such as -I and -D; folders in them are absolute.
        libraries: for the linker, such as -luuid.
        standard: of C++.
    """

    others: Sequence[Path] = ()
    flags: Sequence[str] = ()
    libraries: Sequence[str] = ()
    standard: str = STANDARD


def program(source: Path, build: Build, by: Compiler, xrt: Installed) -> Path:
    """The program of a source; compiled unless it is the one of last time.

    Raises:
        ToolError: with the compiler's messages, and what brings what is missing.
    """
    files = (source, *build.others)
    compiled = [
        _object(path, build, by, xrt) if path.suffix.lower() in SOURCES else path.absolute()
        for path in files
    ]
    links = [*xrt.linked, *build.libraries]
    parts = [by.identity, *map(_digest, compiled), *links]
    kept = _hosts() / hashed(parts)
    made = kept / source.stem
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=_hosts()) as folder:
            linked = Path(folder) / "made" / source.stem
            linked.parent.mkdir()
            _check(by.run("-pthread", *compiled, *links, "-o", linked), source, "link")
            place(linked.parent, kept)
    return made


def _object(source: Path, build: Build, by: Compiler, xrt: Installed) -> Path:
    """A source's object file, with what was read for it (a depfile) beside it."""
    flags = [f"-std={build.standard}", *_FLAGS, *build.flags, f"-I{xrt.headers}"]
    kept = _hosts() / hashed([by.identity, str(source.absolute()), *flags])
    made, read = kept / "host.o", kept / "read.json"
    if _is_current(read):
        return made
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        new, dependencies = Path(folder) / "host.o", Path(folder) / "host.d"
        _check(
            by.run(*flags, "-MD", "-MF", dependencies, "-c", source, "-o", new), source, "compile"
        )
        digests = {str(path): _digest(path) for path in _listed(dependencies)}
        new.replace(made)
        listed = Path(folder) / "read.json"
        listed.write_text(json.dumps(digests))
        listed.replace(read)
    return made


def _hosts() -> Path:
    folder = zig.cache_folder() / "hosts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_current(read: Path) -> bool:
    try:
        digests = json.loads(read.read_text())
        return all(_digest(Path(path)) == digest for path, digest in digests.items())
    except (OSError, ValueError):
        return False


def _listed(dependencies: Path) -> list[Path]:
    """The files that a depfile, as make reads it, names behind its first colon."""
    text = dependencies.read_text().replace("\\\n", " ").partition(": ")[2]
    found = re.findall(r"(?:\\ |\S)+", text)
    return [Path(name.replace("\\ ", " ").replace("$$", "$")).absolute() for name in found]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


_MISSING: tuple[tuple[str, str], ...] = (
    (
        r"cxxopts\.hpp",
        "cxxopts.hpp comes with mlir-aie (-I runtime_lib/test_lib) or as a package "
        "(Debian, Ubuntu: libcxxopts-dev)",
    ),
    (
        r"(test_utils|xrt_test_wrapper|parameter_scratchpad)\.h\b",
        "test_utils is mlir-aie's: -I runtime_lib/test_lib --with runtime_lib/test_lib/"
        "test_utils.cpp",
    ),
    (
        r"boost/[\w/]+\.hpp",
        "boost's headers are a package (Debian, Ubuntu: libboost-dev; for its options "
        "libboost-program-options-dev and -l boost_program_options)",
    ),
    (r"opencv2/", "OpenCV is a package (Debian, Ubuntu: libopencv-dev), with libraries for -l"),
    (r"uuid/uuid\.h", "uuid/uuid.h is a package (Debian, Ubuntu: uuid-dev)"),
    (r"stdfloat", "<stdfloat> takes C++23: --std c++23 and g++ 13 or later"),
    (
        r"(xrt|experimental)/[\w/]+\.h",
        "XRT has this header, softnpu's has not: it belongs to what NPUs or the emulator lack "
        "(`npuforge docs hosts` lists what there is)",
    ),
)
"""What brings a header that is not found; the first that fits."""

_UNDEFINED: tuple[tuple[str, str], ...] = (
    (
        r"undefined (?:reference|symbol).*test_utils::",
        "test_utils is compiled along: --with runtime_lib/test_lib/test_utils.cpp (mlir-aie)",
    ),
    (r"undefined (?:reference|symbol).*\buuid_", "libuuid is linked with -l uuid"),
    (
        r"undefined (?:reference|symbol).*boost::program_options",
        "boost's options are linked with -l boost_program_options",
    ),
    (r"undefined (?:reference|symbol).*\bcv::", "OpenCV is linked with -l opencv_core and others"),
    (
        r"undefined (?:reference|symbol).*\bxrt(::|[A-Z])",
        "XRT has this function, softnpu's has not: it belongs to what NPUs or the emulator lack "
        "(`npuforge docs hosts` lists what there is)",
    ),
)

_NOT_FOUND = re.compile(
    r"fatal error: '?\"?([^'\"\n:]+?)'?\"?(?:: No such file or directory| file not found)"
)


def _check(outcome: zig.Outcome, source: Path, action: str) -> None:
    if outcome.ok:
        return
    missing = _NOT_FOUND.search(outcome.messages)
    advice = [text for pattern, text in _MISSING if missing and re.search(pattern, missing[1])][:1]
    advice += [text for pattern, text in _UNDEFINED if re.search(pattern, outcome.messages)][:1]
    hint = "".join(f"\n  note: {text}" for text in advice)
    raise ToolError(f"{source}: error: it does not {action}:\n{outcome.messages}{hint}")
