"""Designs that an author got wrong in one place: each must be told of, whenever it is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz import fifos, relays, sequences, streams
from tests.fuzz.board import Design
from tests.fuzz.cascades import cascades
from tests.fuzz.choices import Choices
from tests.fuzz.workers import fifos as with_cores

Change = Callable[[re.Match[str]], str]


def _number(most: int) -> Change:
    """The last number of what was found becomes `most`."""
    return lambda found: re.sub(r"\d+(?=\D*$)", str(most), found[0])


def _flowless(found: re.Match[str]) -> str:
    """The last number of what was found becomes a packet id that the design has no flow for."""
    flows = set(map(int, re.findall(r"packet_flow\((\d+)", found.string)))
    return _number(max(set(range(32)) - flows))(found)


def _times(factor: int) -> Change:
    """The last number of what was found becomes so many times as large."""
    return lambda found: re.sub(r"\d+(?=\D*$)", lambda n: str(int(n[0]) * factor), found[0])


def _less(found: re.Match[str]) -> str:
    """The last number of what was found becomes smaller."""
    return re.sub(r"\d+(?=\D*$)", lambda n: str(max(int(n[0]) // 2, 1)), found[0])


def _other_end(found: re.Match[str]) -> str:
    words = {"Produce": "Consume", "Consume": "Produce"}
    return re.sub("Produce|Consume", lambda word: words[word[0]], found[0])


def _turned(found: re.Match[str]) -> str:
    """The last number, 0 or 1, becomes the other."""
    return re.sub(r"\d+(?=\D*$)", lambda n: str(int(n[0]) ^ 1), found[0])


def _other_lock(found: re.Match[str]) -> str:
    """Waiting and giving change places."""
    words = {"AcquireGreaterEqual": "Release", "Release": "AcquireGreaterEqual"}
    return f"{words[found[1]]}, {found[2]}"


def _uneven(found: re.Match[str]) -> str:
    """The last number becomes one that is no multiple of it, nor it of that."""
    return re.sub(r"\d+(?=\D*$)", lambda n: str(int(n[0]) + (int(n[0]) > 1)), found[0])


def _text(new: str) -> Change:
    return lambda found: found.expand("") + new


def _renamed(found: re.Match[str]) -> str:
    return re.sub(r"@\w+", "@nothing", found[0])


PART = r"aie\.objectfifo @(\w+)\(%t\d+_1.*memref<\d+(?=.*\n(?:.*\n)*.*-> \[.*@\1,)"
"""The type of a fifo that is one of those to which a link distributes."""

FLOW = r"aie\.flow\(%\w+, DMA"
"""A flow that data goes by: the emulator makes no traces, so that theirs are not missed."""

MISTAKES: tuple[tuple[str, str, Change], ...] = (
    ("a tile outside of the device", r"aie\.tile\(\d+, 5\)", _number(9)),
    ("a column outside of the device", r"aie\.tile\(\d+, [1-5]\)", _text("aie.tile(9, 2)")),
    ("a fifo that is not there", r"objectfifo\.acquire @\w+", _renamed),
    ("a link of a fifo that is not there", r"objectfifo\.link \[@\w+", _renamed),
    ("a release of a fifo that is not there", r"objectfifo\.release @\w+", _renamed),
    ("an object that was not acquired", r"subview\.access %\w+\[\d+\]", _number(40)),
    ("more objects than a lock counts", r"\(Consume, \d+\)", _number(70)),
    ("a link's offset behind its object", r"\[0, \d+\]\)", _number(100000)),
    ("offsets that fall", r"\(\[\] \[0, (\d+), (\d+)", lambda m: f"([] [0, {m[2]}, {m[1]}"),
    (
        "dimensions that reach too far",
        r"(?:ToStream|FromStream) \[<size = \d+",
        lambda m: m[0] + "000",
    ),
    ("dimensions that leave elements out", r"(?:ToStream|FromStream) \[<size = \d+", _less),
    ("a part of another size", PART, _uneven),
    (
        "a descriptor's dimensions that leave elements out",
        r"dma_bd\(%b\S+ .*, \[<size = \d+",
        _less,
    ),
    ("a task's dimensions that leave elements out", r"dma_bd\(%a\S+ .*, \[<size = \d+", _less),
    ("a fifo of the other size", r"acquire (@\w+)\(Consume, \d+\).*memref<\d+", _times(2)),
    ("a depth of none", r"\}, \d+ : i32\)", _number(0)),
    ("a transfer for nobody", r"metadata = @\w+", _renamed),
    ("a wait for nobody", r"dma_wait \{symbol = @\w+", _renamed),
    ("a task for nobody", r"configure_task_for @\w+", _renamed),
    ("a descriptor too many", r"\{id = \d+ : i64", _text("{id = 16 : i64")),
    ("a transfer beyond its buffer", r"\]\[1, 1, 1, \d+\]", _times(100)),
    ("a task beyond its buffer", r"dma_bd\(%a\d+ : memref<\d+x\w+>, \d+, \d+(?=\))", _times(100)),
    ("a descriptor beyond its buffer", r"dma_bd\(%buffer\d+ : \S+, \d+, \d+(?=\))", _times(100)),
    ("an offset behind the buffer", r"(dma_bd\(%buffer\d+ : \S+, )\d+", _number(100000)),
    ("a lock that counts too far", r"init = \d+", _number(64)),
    ("a lock that waits for too much", r"AcquireGreaterEqual, \d+", _number(100)),
    ("a DMA channel too many", r"dma_start\((?:S2MM|MM2S), \d+", _number(6)),
    ("a flow from no channel", r"flow\(%t\w+, DMA : \d+", _number(7)),
    ("a packet id too large", r"pkt_id = \d+", _number(32)),
    ("a packet flow's id too large", r"packet_flow\(\d+", _number(32)),
    ("packets that no flow has", r"packet_info<pkt_type = 0, pkt_id = \d+", _flowless),
    ("a parameter behind its buffer", r"rtp_write\(@\w+, \d+", _number(100)),
    ("a parameter of no buffer", r"rtp_write\(@\w+", _renamed),
    ("a lock set too far", r"set_lock\(%\w+, \d+", _number(64)),
    (
        "a cascade upwards",
        r"cascade_flow\((%\w+), (%\w+)\)",
        lambda m: f"cascade_flow({m[2]}, {m[1]})",
    ),
    ("a vector of the wrong width", r"get_cascade\(\) : vector<\d+", _times(2)),
    ("a wait left out", r"aiex\.npu\.dma_wait .*\n", _text("")),
    ("an await left out", r"aiex\.dma_await_task.*\n", _text("")),
    ("a task that is not started", r"aiex\.dma_start_task.*\n", _text("")),
    ("a transfer left out", r"aiex\.npu\.dma_memcpy_nd.*metadata = @fifo.*\n", _text("")),
    ("a flow left out", rf"{FLOW}.*\n", _text("")),
    ("a link left out", r"aie\.objectfifo\.link.*\n", _text("")),
    ("an acquire of the other end", r"\((?:Produce|Consume), \d+\)", _other_end),
    ("a lock that is not set", r"aiex\.set_lock.*\n", _text("")),
    ("a flow to another channel", rf"({FLOW}.*, DMA : )\d+", _turned),
    ("a program of another channel", r"(dma_start\(\w+, )[01]", _turned),
    ("the other lock", r"(AcquireGreaterEqual|Release), (\d+)", _other_lock),
    ("a name defined twice", r'sym_name = "\w+1"', lambda m: m[0].replace('1"', '0"')),
)
"""What is wrong, where it can be planted, and how."""

BASES = (
    *(fifos.links, with_cores, relays.relays, sequences.sequences),
    *(streams.packets, streams.circuits, cascades),
)


def mistakes(choices: Choices) -> Design:
    """A design with one mistake in it."""
    design = choices.one_of(BASES)(choices.branch())
    there = [m for m in MISTAKES if re.search(m[1], design.text)]
    word, pattern, change = choices.one_of(there)
    found = choices.one_of(list(re.finditer(pattern, design.text)))
    text = design.text[: found.start()] + change(found) + design.text[found.end() :]
    told = word if text != design.text else ""
    return replace(design, text=text, mistake=told, drawn=choices.drawn)
