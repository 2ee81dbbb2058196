"""bootgen: the CDO files that a .bif names -> a PDI, as aiecc has it done.

What else bootgen can do is refused: other architectures, partitions that are no CDO, encryption.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from softnpu.compiler.words import Kind, Option, read
from softnpu.errors import ToolError

HELP = """\
usage: bootgen -arch versal -image DESIGN.bif -o DESIGN.pdi [-w]

npuforge's own bootgen: packs the CDO files that a .bif of aiecc's names into a PDI.
"""

OPTIONS = {
    **dict.fromkeys(("arch", "image", "o"), Option(Kind.VALUE)),
    **dict.fromkeys(("w", "help", "h"), Option(Kind.SWITCH)),
    "log": Option(Kind.VALUE, "there is no log"),
}

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_CDO = re.compile(r"\{[^{}]*\btype\s*=\s*cdo\b(?P<files>[^{}]*)\}")
_OTHER = re.compile(r"\btype\s*=\s*(?!cdo\b)(?P<type>\w+)")
_FILE = re.compile(r"\bfile\s*=\s*(?P<path>[^\s,;}]+)")


def main(given: Sequence[str]) -> int:
    """Packs as the words of a command line say; SoftnpuError for whatever is wrong."""
    from softnpu.formats.pdi import from_cdos

    words = read([word for word in given if word != "on"], OPTIONS)
    if words.on("help") or words.on("h"):
        sys.stdout.write(HELP)
        return 0
    if words.last("arch", "versal") != "versal":
        raise ToolError(f"-arch {words.last('arch')}: an NPU's PDI is a versal one")
    if not words.last("image") or not words.last("o"):
        raise ToolError("bootgen needs -image DESIGN.bif and -o DESIGN.pdi")
    target = Path(words.last("o"))
    if target.exists() and not words.on("w"):
        raise ToolError(f"{target} is there already; -w writes over it")
    target.write_bytes(from_cdos([path.read_bytes() for path in cdo_files(words.last("image"))]))
    return 0


def cdo_files(image: str) -> list[Path]:
    """The CDO files of a .bif, in its order; paths are taken from the current folder, as bootgen's.

    Raises:
        ToolError: it names none, or partitions of another kind.
    """
    text = _COMMENT.sub("", Path(image).read_text())
    if other := _OTHER.search(text):
        raise ToolError(f"{image}: a partition of type {other['type']}; an NPU's PDI has CDO alone")
    files = [Path(f["path"]) for part in _CDO.finditer(text) for f in _FILE.finditer(part["files"])]
    if not files:
        raise ToolError(f"{image}: it names no CDO file ({{ type=cdo file=... }})")
    return files
