"""Symbols that a core's link leaves undefined, in the author's terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from softnpu import zig
from softnpu.errors import DesignError, SourceLocation, ToolError
from softnpu.targets.linking.elf import Elf, is_archive
from softnpu.targets.linking.layout import CoreLayout

LIBM_OF_AIE = frozenset({"fabs", "fabsf", "fabsl"})
"""All that Peano's libm has (llvm-aie, libc/config/baremetal/aie2/entrypoints.txt)."""
LIBM = tuple(
    f"{name}{suffix}"
    for name in """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1
    fdim floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p
    log2 logb lrint lround modf nearbyint nextafter pow remainder remquo rint round scalbn sin
    sinh sqrt tan tanh tgamma trunc
    """.split()  # noqa: SIM905
    for suffix in ("", "f", "l")
)
"""Functions of <math.h> that clang would else inline or rename, hiding that AIE lacks them."""

_UNDEFINED = re.compile(r"undefined symbol: (.+)\n((?:>>> .*\n?)*)")
_REFERENCE = re.compile(
    r">>> referenced by (?P<name>.+?)(?: \((?P<place>.+)\))?$"
    r"(?:\n>>> +(?P<object>.+?):\((?P<function>.+)\)$)?",
    re.MULTILINE,
)

_RUNTIME = Path(__file__).parent.parent / "standin_runtime"
_NO_OUTPUT = "a core has no output; npu_printf of <npu_core.h> prints on the emulator"
_NO_HEAP = "a core has no heap; use an array, in the function or static"
_LIBC_HINTS = {
    **dict.fromkeys(("printf", "putchar", "puts", "fprintf"), _NO_OUTPUT),
    **dict.fromkeys(("malloc", "calloc", "free"), _NO_HEAP),
    **dict.fromkeys(
        (
            *("operator new(unsigned int)", "operator new[](unsigned int)"),
            *("operator delete(void*)", "operator delete[](void*)"),
            *("operator delete(void*, unsigned int)", "operator delete[](void*, unsigned int)"),
        ),
        _NO_HEAP,
    ),
    "std::__1::__libcpp_verbose_abort(char const*, ...)": "what the library says when it gives up, "
    "of a container that grows most often: a core has no heap and no output; use an array",
    "__cxa_atexit": "objects with destructors cannot be static here",
}


@dataclass(frozen=True)
class Call:
    """A function that the core's body calls, and where."""

    name: str
    location: SourceLocation | None


def link_error(
    messages: str, objects: Sequence[Path], calls: Sequence[Call], layout: CoreLayout
) -> ToolError | DesignError:
    """What lld's messages mean: a kernel that no object defines, or symbols that cores lack.

    Args:
        objects: the kernels' objects that were linked.
        calls: the functions that the core's body calls.
        layout: whose core it is.
    """
    missing = {match[1]: match[2] for match in _UNDEFINED.finditer(messages)}
    for call in calls:
        if call.name in missing:
            return _missing_kernel(call, objects, layout)
    if not missing:
        return ToolError(f"{layout.name} cannot be linked:\n{messages}")
    lines = [f"{layout.name} cannot be linked:"]
    for name, references in missing.items():
        where = " and ".join(_references(references))
        lines.append(f"undefined symbol '{name}'{f', used in {where}' if where else ''}")
        lines.extend(f"  note: {hint}" for hint in _symbol_hints(name))
    return ToolError("\n".join(lines))


def _references(text: str) -> Iterator[str]:
    """The places (file:line, else file) of lld's `referenced by` lines, or, of a library's header,
    the kernel that used it."""
    for match in _REFERENCE.finditer(text):
        place = match["place"] or match["name"]
        if match["object"] and place.startswith((str(zig.wheel()), str(_RUNTIME))):
            place = f"{match['function']} of {Path(match['object']).name}"
        yield place


def _symbol_hints(name: str) -> Iterator[str]:
    if name in LIBM and name not in LIBM_OF_AIE:
        yield (
            f"no AIE core has {name}: Peano's libm holds {', '.join(sorted(LIBM_OF_AIE))} only. "
            "Write the function by arithmetic, or as a table"
        )
    elif name in _LIBC_HINTS:
        yield _LIBC_HINTS[name]
    elif "(" in name:
        yield 'a C++ name: declare the function extern "C" where both sides see it'


def _missing_kernel(call: Call, objects: Sequence[Path], layout: CoreLayout) -> DesignError:
    """No object defines a function that the core's body calls."""
    defined = {
        name: path for path in objects if not is_archive(path) for name in Elf(path).functions
    }
    notes = []
    mangled = [n for n in defined if re.match(rf"_ZL?{len(call.name)}{re.escape(call.name)}", n)]
    close = get_close_matches(call.name, defined, n=1)
    if not objects:
        notes.append(
            'the core links no object: name it with link_with = "..." at the function\'s '
            "declaration"
        )
    elif mangled:
        notes.append(
            f"{defined[mangled[0]].name} defines it as a C++ function ({mangled[0]}): "
            'declare it extern "C"'
        )
    elif close:
        notes.append(f"did you mean '{close[0]}'?")
    for path in objects:
        names = ", ".join(name for name, owner in defined.items() if owner == path)
        notes.append(f"{path.name} defines: {names or 'no function'}")
    return DesignError(
        f"{layout.name} calls '{call.name}', which none of the objects that it links defines",
        call.location,
        tuple(notes),
    )
