"""What cores see of the memories around them, as lists for readers and for chess."""

from __future__ import annotations

import pytest

from softnpu.compiler.programs import cores
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError
from softnpu.passes.sequence_ops import find_device
from softnpu.targets.memory_map import chess_link_description, memory_map

DESIGN = """\
aie.device(npu1_2col) {
  func.func private @kernel() attributes {link_with = "kernel.o"}
  %mem = aie.tile(1, 1)
  %core = aie.tile(1, 3)
  %south = aie.tile(1, 2)
  %north = aie.tile(1, 4)
  %own = aie.buffer(%core) {address = 2048 : i32, sym_name = "own"} : memref<16xbf16>
  %table = aie.buffer(%core) {address = 4096 : i32, sym_name = "table"} : memref<2xi32>
    = dense<[3, 4]>
  %theirs = aie.buffer(%south) {address = 1024 : i32, sym_name = "theirs"} : memref<3xi8>
  %set = aie.buffer(%north) {address = 0 : i32, sym_name = "set"} : memref<1xi32> = dense<1>
  %staged = aie.buffer(%mem) {address = 256 : i32, sym_name = "staged"} : memref<8xi32>
  %c = aie.core(%core) {
    func.call @kernel() : () -> ()
    aie.end
  } {stack_size = 1024 : i32}
}
"""


def test_every_tile_lists_what_it_sees_at_its_own_addresses() -> None:
    """The core below sees nothing in its south: a memory tile's memory is no core's."""
    device_op = find_device(parse_text(DESIGN))
    seen = {}
    for part in memory_map(device_op).split("// Tile")[1:]:
        tile, legend, *symbols = part.splitlines()
        assert legend == "// Memory map: name base_address num_bytes"
        seen[tile] = symbols
    own = ["_symbol own 0x70800 32", "_symbol table 0x71000 8"]
    assert seen == {
        "(1, 1)": ["_symbol theirs 0x60400 3", "_symbol staged 0x70100 32"],
        "(1, 2)": ["_symbol own 0x60800 32", "_symbol table 0x61000 8", "_symbol theirs 0x70400 3"],
        "(1, 3)": ["_symbol theirs 0x40400 3", "_symbol set 0x60000 4", *own],
        "(1, 4)": ["_symbol own 0x40800 32", "_symbol table 0x41000 8", "_symbol set 0x70000 4"],
    }


def test_chess_learns_what_is_taken_and_what_it_is_to_fill() -> None:
    device_op = find_device(parse_text(DESIGN))
    (core,) = cores(device_op)
    lines = [line for line in chess_link_description(device_op, core).splitlines() if line]
    rule = "-" * 49
    assert lines == [
        "_entry_point _main_init",
        "_symbol core_1_3 _after _main_init",
        "_symbol _main_init 0",
        "_reserved DMb 0x00000 0x40000 // Don't put data in code memory",
        "_stack DM_stack 0x70000 0x400 // stack for core",
        "// mapping neighbors tile memory",
        f"// south {rule}",
        "_reserved DMb 0x40000 0x10000  // Don't allocate variables in south neighbor",
        "_symbol theirs 0x40400 3",
        "_extern theirs",
        "_reserved DMb 0x40400 3",
        f"// west {rule}",
        "_reserved DMb 0x50000 0x10000  // Don't allocate variables in west neighbor",
        f"// north {rule}",
        "_reserved DMb 0x60000 0x10000  // Don't allocate variables in north neighbor",
        "// skip initialization of set which is initialized in the neighboring tile",
        f"// east {rule}",
        "_symbol own 0x70800 32",
        "_extern own",
        "_reserved DMb 0x70800 32",
        "_overlay table 0x71000 // 8 bytes",
        "// end mapping neighbors tile memory",
        "_reserved DMb 0x80000 0x80000 // And everything else the core can't see",
        "_include _file kernel.o",
        "_resolve _main core_1_3",
    ]


def test_an_edge_of_the_array_is_no_place_for_data() -> None:
    device_op = find_device(parse_text(DESIGN.replace("%core = aie.tile(1, 3)", EDGE)))
    (core,) = cores(device_op)
    text = chess_link_description(device_op, core)
    assert "_reserved DMb 0x60000 0x10000  // No tile with memory exists to the north.\n" in text


EDGE = "%core = aie.tile(1, 5)"


def test_a_buffer_without_an_address_is_refused() -> None:
    device_op = find_device(parse_text(DESIGN.replace("address = 2048 : i32, ", "")))
    with pytest.raises(DesignError, match="the buffer has no address yet"):
        memory_map(device_op)
