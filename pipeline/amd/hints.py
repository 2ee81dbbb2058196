"""What AMD's tools mean by messages that do not say it."""

from __future__ import annotations

import re

HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"can not represent value in the given immediate type range"),
        "a function's frame is larger than an instruction can address (16 KB and more): make its "
        "large local arrays static, or buffers of the design",
    ),
    (
        re.compile(r"allocated buffers exceeded available memory"),
        "the tile's 64 KB hold stack, buffers and constants: shrink a buffer, or an objectfifo's "
        "depth (each element counts)",
    ),
    (
        re.compile(r"one of the following enum values for attribute 'device'"),
        "devices are npu1, npu1_1col to npu1_3col, npu2, npu2_1col to npu2_7col",
    ),
    (
        re.compile(r"\S+ is incompatible with \S+"),
        "an object for another machine is among those that the core links",
    ),
    (
        re.compile(r"custom op '(?:aiex?\.)?\S+' is unknown|unregistered operation"),
        "this version of aie-opt does not know the op: another version of mlir-aie wrote it, or "
        "is meant; --lower embedded lowers without aie-opt",
    ),
    (
        re.compile(r"cannot parse source cdo file|Can't read file"),
        "a CDO file is missing or is none: `npuforge dump` tells what a file is",
    ),
    (
        re.compile(r"error while loading shared libraries"),
        "the program is of another system or installation than its libraries",
    ),
)


def hints(said: str) -> list[str]:
    """What an author should know beyond a tool's words."""
    return [hint for pattern, hint in HINTS if pattern.search(said)]
