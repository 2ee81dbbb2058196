"""Names that differ in a number at the end: the buffers of one objectfifo."""

from __future__ import annotations

import re

FEW = 2
"""So many of a kind are told one by one, as ping and pong are; of more, how many they are."""

_NUMBERED = re.compile(r"(?P<stem>.*?)\d+")


def stem(name: str) -> str:
    """What the names of a kind have in common: `in_cons_buff_` of `in_cons_buff_12`."""
    numbered = _NUMBERED.fullmatch(name)
    return numbered["stem"] if numbered else name
