"""Kernels: one C or C++ file to one RV32 object."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from softnpu import zig
from softnpu.errors import ToolError
from softnpu.targets.linking.symbols import LIBM
from softnpu.targets.standin.toolchain import CXX_SUFFIXES, clang, include_flags
from softnpu.targets.standin_runtime import RUNTIME
from softnpu.warned import apart

_log = logging.getLogger(__name__)

C_SUFFIXES = frozenset({".c"})
C_FLAGS = ("-x", "c", "-std=c11")
CXX_FLAGS = (
    "-x",
    "c++",
    "-std=c++20",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-Wno-missing-template-arg-list-after-template-kw",
    "-include",
    "libcxx_config.h",
)
DIAGNOSTIC_FLAGS = (
    "-Wall",
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-Werror=return-type",
    "-Werror=uninitialized",
    "-Werror=array-bounds",
    "-Werror=shift-count-overflow",
    "-Werror=division-by-zero",
    "-Wno-unknown-pragmas",
    "-Wno-unused-function",
    "-ferror-limit=5",
)
KERNEL_FLAGS = ("-fno-common", *(f"-fno-builtin-{name}" for name in LIBM))

AIE_HEADERS = ("aie_api/aie.hpp", "aiev2intrin.h", "aie2pintrin.h", "lut_based_ops.h")
"""What the stand-in has in the place of AMD's."""

ARCHITECTURES = {"aie2": 20, "aie2p": 21}
"""What kernels find in `__AIE_ARCH__` and `__AIEARCH__` (llvm-aie, clang/lib/Basic/Targets)."""

HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?:in|from) namespace '(?:::)?aie(?:::\w+)?'|'aie_api/[\w./]*' file not found"
        ),
        "`npuforge docs aie_api` lists what of the AIE API there is on stand-in cores.",
    ),
    (
        re.compile(r"named 'sliding_m\w+_sym\w*'"),
        "AIE-ML has no multiplier that adds first: say it with aie::sliding_mul.",
    ),
    (
        re.compile(r"named '(?:interleave_(?:butterfly|crossover|custom)\w*)'"),
        "Of AIE of the first generation: say it with interleave_zip and interleave_unzip.",
    ),
    (
        re.compile(r"'(?:cbfloat16|float16|float8|bfloat8|bfp16ebs16|mx[469])\b"),
        "npu1 and npu2 do not have this type, or nothing public says how they round to it.",
    ),
    (
        re.compile(r"undeclared identifier 'aie'"),
        "The AIE API comes with '#include <aie_api/aie.hpp>', in C++: name the file .cc.",
    ),
    (
        re.compile(
            r"(?:unknown type name|undeclared identifier|unknown builtin|undeclared function) "
            r"'(?:v\d+\w+|__builtin_aie\w*|undef_v\w+|aie\w+)'"
        ),
        "Stand-in cores do not have this AIE intrinsic (`npuforge docs aie_api` lists those they "
        "have, in C++). Say it with the AIE API, or keep it behind '#ifdef __AIENGINE__' with a "
        "portable branch beside it.",
    ),
    (
        re.compile(r"\bchess_\w+"),
        "This is for AMD's closed compiler (chess); neither Peano nor the stand-in knows it.",
    ),
    (
        re.compile(r"'(?:adf|aie_stream|aie_core)[\w./]*' file not found"),
        "This header belongs to AMD's tools; the stand-in compiles portable C and C++.",
    ),
    (
        re.compile(r"undeclared function '(?:\w+_v\d+\w+|(?:mul|mac|msc|negmul)_\w+)'"),
        "Vector intrinsics are C++, as with Peano: name the file .cc.",
    ),
    (
        re.compile(r"with exceptions disabled"),
        "Cores have no exceptions: return what went wrong, or store it in a buffer.",
    ),
    (
        re.compile(r"requires -frtti"),
        "Cores know no types at run time (RTTI): tell kinds apart by a member of your own.",
    ),
    (
        re.compile(
            r"'(?:std::)?(?:basic_)?[io]?f?stream\b|basic_\w*stream|named '(?:cout|cerr|endl)'"
        ),
        "A core has no terminal and no files, so no streams: npu_printf of <npu_core.h> prints on "
        "the emulator.",
    ),
    (
        re.compile(r"named '(?:thread|mutex|async)' in namespace 'std'"),
        "A core runs one thread: give a design more cores instead.",
    ),
    (
        re.compile(
            r"invalid operands to binary expression .*(?:vector|accum)<|no viable overloaded '.+='"
            r"|invalid argument type .*(?:vector|accum)<.* to unary"
        ),
        "Vectors have no operators but those of <aie_api/operators.hpp>, after 'using namespace "
        "aie::operators;'; the rest have names: aie::add, aie::mul, aie::lt, aie::upshift.",
    ),
    (
        re.compile(r"expected identifier or '\('\n.*extern \"C\"", re.MULTILINE),
        "This is C++; name the file .cc.",
    ),
)


def compile_kernel(
    source: Path,
    output: Path,
    *,
    defines: Mapping[str, str] | None = None,
    include_dirs: Sequence[Path] = (),
    depfile: Path | None = None,
    flags: Sequence[str] = (),
    generation: str = "aie2",
) -> None:
    """Compile `source` (.c, or .cc/.cpp/.cxx for C++) to the object `output`.

    Args:
        defines: macros, each name with its value.
        include_dirs: searched after the source's own folder; one with AMD's own AIE headers
            after the stand-in's.
        depfile: where to list the files that were read, as a Makefile rule.
        flags: further flags for clang, last.
        generation: "aie2" or "aie2p", whose vector instructions the kernel has.

    The compiler's warnings are passed on to logging, one by one.

    Raises:
        ToolError: with the compiler's own messages, and what they mean for a kernel.
    """
    if not source.is_file():
        raise ToolError(f"{source}: no such kernel source")
    cxx = source.suffix in CXX_SUFFIXES
    if not cxx and source.suffix not in C_SUFFIXES:
        suffixes = ", ".join(sorted(C_SUFFIXES | CXX_SUFFIXES))
        raise ToolError(f"{source}: a kernel is C or C++, in a file that ends in {suffixes}")
    _check_placed(source)
    arguments = [
        *kernel_flags(source, defines or {}, include_dirs, generation),
        *(("-MD", "-MF", str(depfile), "-MT", str(output)) if depfile else ()),
        *flags,
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    outcome = clang(source, output, arguments)
    messages = tidy(outcome.messages)
    if not outcome.ok:
        raise ToolError("\n".join((messages, *(f"  note: {hint}" for hint in hints(messages)))))
    for warning in apart(messages):
        _log.warning("%s", warning)


_PLACED = re.compile(r"^(?:(?!//).)*?\bchess_storage\s*\(\s*TM\b", re.MULTILINE)


def _check_placed(source: Path) -> None:
    """chess's registers for variables are left out; an address cannot be."""
    text = source.read_text(encoding="utf-8", errors="replace")
    if found := _PLACED.search(text):
        line = text.count("\n", 0, found.end()) + 1
        raise ToolError(
            f"{source}:{line}: error: chess_storage(TM : ...) gives a variable an address among "
            "the tile's registers, which only chess does\n"
            "  note: say it with a pointer: *(volatile uint32_t *)(0x80000 + register)"
        )


def compile_ir(source: Path, output: Path) -> None:
    """Compile LLVM IR (`.ll`) of a kernel to the object `output`.

    IRON marks what aiecc is to inline into a core `linkonce_odr`, which nothing would be left of
    in an object of its own; here it is called.

    Raises:
        ToolError: with the compiler's own messages.
    """
    text = source.read_text(encoding="utf-8")
    kept = output.with_suffix(".ir.ll")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(re.sub(r"^define linkonce_odr\b", "define weak_odr", text, flags=re.MULTILINE))
    outcome = clang(kept, output, ("-x", "ir"))
    if not outcome.ok:
        raise ToolError(f"{source}: {outcome.messages}")


def kernel_flags(
    source: Path, defines: Mapping[str, str], include_dirs: Sequence[Path], generation: str
) -> list[str]:
    """clang's options for a kernel, beyond those of all stand-in code; as of `compile_kernel`."""
    cxx = source.suffix in CXX_SUFFIXES
    return [
        *(CXX_FLAGS if cxx else C_FLAGS),
        *DIAGNOSTIC_FLAGS,
        *KERNEL_FLAGS,
        "-include",
        "aie_intrinsics.h",
        *(f"-D{name}={ARCHITECTURES[generation]}" for name in ("__AIE_ARCH__", "__AIEARCH__")),
        *(f"-D{name}={value}" for name, value in defines.items()),
        *(part for folder in include_dirs for part in (_search(folder), str(folder))),
        *include_flags(cxx=cxx),
    ]


def _search(folder: Path) -> str:
    """A folder with AMD's own AIE headers (`include` of the wheel mlir_aie) comes after ours."""
    return "-idirafter" if any((folder / name).exists() for name in AIE_HEADERS) else "-I"


def tidy(messages: str) -> str:
    """clang's messages without the counts at their end, vectors' types as authors write them."""
    lines = messages.splitlines()
    counted = re.compile(r"\d+ (?:error|warning)s?(?: and \d+ errors?)? generated\.")
    kept = (line for line in lines if not counted.fullmatch(line))
    told = "\n".join(authors_first(list(kept))).strip()
    told = re.sub(r"\bvector<(?:__remove_cv\()?(\w+)\)?, (\d+)U?>", r"vector<\1, \2>", told)
    return re.sub(r"('[^']+') \(aka \1\)", r"\1", told)


_PLACE = re.compile(
    r"(?P<file>[^\s:][^:]*):(?P<place>\d+:\d+): (?P<kind>error|warning|note): (?P<what>.*)"
)


_ASSERTION = re.compile(r"static assertion failed(?: due to requirement '.*?')?: ")


def authors_first(lines: Sequence[str]) -> list[str]:
    """clang's messages, those within the stand-in's headers as ones of the line that led there.

    What a template of the AIE API says is told of the author's call: "k.cc:4:9: error: aie::mmul:
    the shapes ... are ...". Where no line of the author's led there, messages stay as they are.
    """
    blocks: list[list[str]] = [[]]
    for line in lines:
        place = _PLACE.match(line)
        included = line.startswith("In file included from ")
        if (included or (place and place["kind"] != "note")) and not _only_includes(blocks[-1]):
            blocks.append([])
        blocks[-1].append(line)
    return [line for block in blocks for line in _at_the_authors(block)]


def _only_includes(block: Sequence[str]) -> bool:
    return all(line.startswith("In file included from ") for line in block)


def _at_the_authors(block: list[str]) -> list[str]:
    places = [(number, _PLACE.match(line)) for number, line in enumerate(block)]
    found = [(number, place) for number, place in places if place]
    if not found:
        return block
    if not _in_runtime(found[0][1]["file"]):
        return _without_candidates(block)
    first = found[0][1]
    for number, place in found:
        if place["kind"] == "note" and not _in_runtime(place["file"]):
            shown = [text for text in block[number + 1 : number + 3] if not _PLACE.match(text)]
            what = _ASSERTION.sub("", first["what"])
            return [f"{place['file']}:{place['place']}: {first['kind']}: {what}", *shown]
    return block


def _without_candidates(block: Sequence[str]) -> list[str]:
    """The message without what it notes of headers that are not the author's."""
    kept, told = [], True
    for line in block:
        place = _PLACE.match(line)
        if place:
            told = place["kind"] != "note" or not _in_libraries(place["file"])
        if told:
            kept.append(line)
    return kept


def _in_libraries(file: str) -> bool:
    return _in_runtime(file) or file.startswith(str(zig.wheel()))


def _in_runtime(file: str) -> bool:
    return file.startswith((str(RUNTIME), "<built-in>", "<command line>"))


def hints(messages: str) -> list[str]:
    """What an author should know beyond the compiler's words."""
    return [hint for pattern, hint in HINTS if pattern.search(messages)]
