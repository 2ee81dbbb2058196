"""LLVM IR for an older LLVM: Peano's is behind the one that mlir-aie is built with.

Source: mlir-aie, downgradeIRForPeano (aiecc.cpp, IRTransforms.h): what newer LLVMs print and
Peano's parser does not read, and what says the same to it.
"""

from __future__ import annotations

import re
import struct

_LIFETIME = r"@llvm\.lifetime\.\w+\.\w+\("

PHRASES = (
    # a flag of getelementptr and an attribute of functions, unknown before LLVM 20 and 22
    (re.compile(r"\bgetelementptr inbounds nuw\b"), "getelementptr inbounds"),
    (re.compile(r"\bnocreateundeforpoison\b[ \t]*"), ""),
    (re.compile(r", target_mem: none"), ""),
    # LLVM 22 took the size from the lifetime intrinsics; -1 is the whole object
    (re.compile(rf"^(declare .*{_LIFETIME})(?=ptr\b)", re.MULTILINE), r"\1i64 immarg, "),
    (re.compile(rf"^(?!declare)(.*{_LIFETIME})(?=ptr\b)", re.MULTILINE), r"\1i64 -1, "),
)

_TOKEN = re.compile(
    r"""
      (?P<skip> "[^"]*" | [%@!\#$][\w.$-]* )
    | (?P<special> [-+]?(?:inf|nan)\b )
    | f0x(?P<bits> [0-9A-Fa-f]{8})\b
    | (?P<word> [A-Za-z_][\w.$-]* )
    | (?P<decimal> [-+]?\d+\.\d*(?:[eE][-+]?\d+)? )
    | \d\w*
    | (?P<end> \n )
    """,
    re.VERBOSE,
)
_FLOATS = ("half", "bfloat", "float", "double")
_NAN = {"half": 0x7E00, "bfloat": 0x7FC0, "float": 0x7FF8 << 48, "double": 0x7FF8 << 48}


def for_peano(text: str) -> str:
    """The same IR without what only newer LLVMs read."""
    for newer, older in PHRASES:
        text = newer.sub(older, text)
    return _Literals().rewrite(text)


class _Literals:
    """Floating-point constants in the spelling of older LLVMs.

    Newer ones print `inf`, `nan`, `f0x3F800000` and the shortest decimal that is right in its own
    type; older ones want hexadecimals for all that no decimal says exactly. A constant's type is
    the last one named on its line.
    """

    def __init__(self) -> None:
        self._type = ""

    def rewrite(self, text: str) -> str:
        """All constants of a text."""
        return _TOKEN.sub(self._token, text)

    def _token(self, found: re.Match[str]) -> str:
        if found["end"]:
            self._type = ""
        elif word := found["word"]:
            self._type = word if word in _FLOATS else self._type
        elif found["bits"]:
            value = struct.unpack("<f", int(found["bits"], 16).to_bytes(4, "little"))[0]
            return hexadecimal(value, "float")
        elif found["special"] and self._type:
            return hexadecimal(float(found["special"]), self._type)
        elif found["decimal"] and self._type:
            return self._decimal(found["decimal"])
        return found[0]

    def _decimal(self, text: str) -> str:
        value = float(text)
        exact = self._type == "double" or (
            self._type != "bfloat" and _narrowed(value, self._type) == value
        )
        return text if exact else hexadecimal(value, self._type)


def hexadecimal(value: float, kind: str) -> str:
    """A constant of the type "half", "bfloat", "float" or "double" in hexadecimal.

    A float is spelled as the double that it widens to.
    """
    if value != value:
        bits = _NAN[kind]
    elif kind == "half":
        bits = int.from_bytes(struct.pack("<e", value), "little")
    elif kind == "bfloat":
        bits = _bfloat_bits(value)
    else:
        wide = _narrowed(value, kind) if kind == "float" else value
        bits = int.from_bytes(struct.pack("<d", wide), "little")
    prefix, digits = {"half": ("0xH", 4), "bfloat": ("0xR", 4)}.get(kind, ("0x", 16))
    return f"{prefix}{bits:0{digits}X}"


def _narrowed(value: float, kind: str) -> float:
    """A value rounded to "float" or "half"; infinite when it is too large."""
    code = "<f" if kind == "float" else "<e"
    try:
        return float(struct.unpack(code, struct.pack(code, value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _bfloat_bits(value: float) -> int:
    """The upper half of a float, rounded to the nearest even."""
    bits = int.from_bytes(struct.pack("<f", _narrowed(value, "float")), "little")
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
