"""`npuforge state FILE`: what an array was at when a run hung or faulted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from softnpu.emulator.debugging.state import State, read
from softnpu.emulator.debugging.values import listed
from softnpu.errors import FormatError
from softnpu.formats import npy

DESCRIPTION = """Shows a state file: all buffers, locks, DMA channels and cores at the moment when
a run hung or faulted (`npuforge test_emu` leaves build/<device>/<design>/<variant>/state.zip), or
when the debugger's `save` wrote it."""
EPILOG = """examples:
  npuforge state state.zip                       everything, a line each
  npuforge state state.zip out_buff_0            all elements of a buffer
  npuforge state state.zip out_buff_0 -o out.npy the same for numpy
  npuforge state state.zip core 0,2              registers and functions of a core
"""
_EDGE = 1 << 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand `state`."""
    parser = subparsers.add_parser(
        "state",
        help="show what an array was at when a run hung or faulted",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("what", nargs="*", help="a buffer's name, or `core COLUMN,ROW`")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a buffer as .npy")
    parser.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    """Prints what is asked for; gives the exit code."""
    state = read(options.file)
    wanted = " ".join(options.what)
    if options.output is not None:
        npy.write(options.output, _array(state, wanted))
        return 0
    if not wanted:
        lines = list(text(state))
    elif options.what[0] == "core":
        lines = list(_core(state, options.what[-1]))
    else:
        values = _array(state, wanted)
        with np.printoptions(threshold=_EDGE, linewidth=100):
            lines = [str(values)]
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


def text(state: State) -> Iterator[str]:
    """Everything, a line each."""
    told = state.told
    yield from told["explanation"] or [f"{told['outcome']}; the array was at:"]
    yield "\ncores"
    for core in told["cores"]:
        where = core["functions"][0] if core["functions"] else "not begun"
        yield f"  {_tile(core)} pc {core['pc']:#x}, {where}: {core['state']}"
    yield "\nDMA channels"
    for channel in told["channels"]:
        done = f"{channel['tasks done']} of {channel['tasks given']} tasks done"
        yield f"  {channel['state'] or _channel(channel)}; {done}{_descriptor(channel)}"
    yield "\nlocks"
    for lock in told["locks"]:
        waits = f", {', '.join(lock['waiters'])} waits" if lock["waiters"] else ""
        name = f" {lock['name']}" if lock["name"] else ""
        yield f"  {lock['value']:3}  lock {lock['id']} of tile {_tile(lock)}{name}{waits}"
    for title, key in (("buffers", "buffers"), ("host buffers", "arguments")):
        yield f"\n{title}"
        for one in told[key]:
            yield f"  {_buffer(one)}  {listed(state.arrays[one['file']].reshape(-1))}"


def _tile(of: dict[str, Any]) -> str:
    return f"({of['tile'][0]},{of['tile'][1]})"


def _channel(channel: dict[str, Any]) -> str:
    name = f" [{channel['name']}]" if channel["name"] else ""
    return f"tile {_tile(channel)} {channel['direction']} {channel['channel']}{name}"


def _descriptor(channel: dict[str, Any]) -> str:
    one = channel["descriptor"]
    if one is None:
        return ""
    progress = f"descriptor {one['number']}: {one['words done']} of {one['words']} words"
    return f"; {progress}"


def _buffer(one: dict[str, Any]) -> str:
    where = f" tile {_tile(one)} at {one['address']:#07x}" if "tile" in one else ""
    return f"{one['name']}{where}  {one['element'] or 'bytes'}[{one['count']}]"


def _array(state: State, name: str) -> np.ndarray[Any, Any]:
    known = [*state.told["buffers"], *state.told["arguments"]]
    for one in known:
        if one["name"] == name:
            return state.arrays[one["file"]]
    names = ", ".join(one["name"] for one in known)
    raise FormatError(f"there is no buffer {name!r} in it; there are {names}")


def _core(state: State, tile: str) -> Iterator[str]:
    for core in state.told["cores"]:
        if _tile(core).strip("()") == tile.strip("()"):
            yield core["state"]
            yield from (f"#{n} {told}" for n, told in enumerate(core["functions"]))
            for name, value in core["registers"].items():
                yield f"{name:>10} {value if isinstance(value, str) else f'{value:#x}'}"
            return
    there = ", ".join(_tile(core) for core in state.told["cores"])
    raise FormatError(f"no core at {tile} has a program; there are {there}")
