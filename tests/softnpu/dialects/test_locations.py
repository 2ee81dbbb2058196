"""Text of --mlir-print-debuginfo: read, and what it says kept."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument, Operation

from softnpu.dialects.aie import CoreOp, TileOp
from softnpu.dialects.locations import origin_of
from softnpu.dialects.printer import AsmPrinter
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.errors import DesignError
from tests.conftest import DESIGNS


class DebugPrinter(AsmPrinter):
    """Prints an alias behind every op and block argument, as aie-opt does; definitions last."""

    lines: list[str]

    @classmethod
    def debug_text(cls, module: ModuleOp) -> str:
        stream = StringIO()
        printer = cls(stream, module)
        printer.lines = []
        printer.print_op(module)
        return "\n".join([stream.getvalue(), *printer.lines, ""])

    def print_op(self, op: Operation) -> None:
        super().print_op(op)
        self._print_alias(f'"{op.name}.py":{len(self.lines) + 1}:7')

    def print_block_argument(self, arg: BlockArgument, print_type: bool = True) -> None:
        super().print_block_argument(arg, print_type)
        if print_type:
            self._print_alias("unknown")

    def _print_alias(self, location: str) -> None:
        alias = f"#loc{len(self.lines) + 1}"
        self.lines.append(f"{alias} = loc({location})")
        self.print_string(f" loc({alias})")


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("stage", ["design", "input_with_addresses", "npu_insts"])
def test_every_op_of_a_text_with_locations_keeps_its_own(
    stage: str, name: str, golden: Path, mlir: Context
) -> None:
    module = parse_file(golden / name / f"{stage}.mlir", mlir)
    read = parse_text(DebugPrinter.debug_text(module), "debug.mlir", mlir)
    assert AsmPrinter.to_text(read) == AsmPrinter.to_text(module)
    seen = 0
    for op in read.walk():
        origin = origin_of(op.location)
        if origin is None:  # the text leaves out a block's implied end
            assert op.name in ("aie.end", "scf.yield")
        else:
            assert origin.file.name == f"{op.name}.py"
            seen += 1
    assert seen > len(list(read.walk())) / 2


TILE = "module {{ aie.device(npu1_1col) {{ %tile_0_2 = aie.tile(0, 2) loc({}) }} }}\n"


def tile_of(text: str) -> TileOp:
    module = parse_text(text, "debug.mlir")
    return next(op for op in module.walk() if isinstance(op, TileOp))


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("unknown", None),
        ('"design.py":3:5', "design.py:3:5"),
        ('"design.py":3', "design.py:3:0"),
        ('"design.py":3:5 to :9', "design.py:3:5"),
        ('"design.py":3:5 to 4:9', "design.py:3:5"),
        (r'"C:\\Users\\me\\aie.py":93:10', r"C:\Users\me\aie.py:93:10"),
        ('"tile"', None),
        ('"tile"("design.py":3:5)', "design.py:3:5"),
        ('callsite("inner.py":1:2 at "outer.py":3:4)', "inner.py:1:2"),
        ('callsite(unknown at "outer.py":3:4)', "outer.py:3:4"),
        ('fused[unknown, "a.py":1:2, "b.py":3:4]', "a.py:1:2"),
        ('fused<#llvm.di_lexical_block<scope = <a>, line = 3>>["a.py":1:2]', "a.py:1:2"),
    ],
)
def test_each_form_of_a_location(location: str, origin: str | None) -> None:
    found = origin_of(tile_of(TILE.format(location)).location)
    assert (found and str(found)) == origin


def test_aliases_stand_before_the_module_or_behind_it_and_name_each_other() -> None:
    definitions = '#loc1 = loc(callsite(#loc2 at unknown))\n#loc2 = loc("b"(#loc3))\n'
    last = '#loc3 = loc("c.py":1:2)\n'
    for text in (
        definitions + last + TILE.format("#loc1"),
        last + TILE.format("#loc1") + definitions,
        TILE.format("#loc1") + definitions + last,
    ):
        assert str(origin_of(tile_of(text).location)) == "c.py:1:2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TILE.format("#loc1"), "there is no location #loc1 in this text"),
        (TILE.format("#loc1") + "#loc1 = loc(#loc1)\n", "#loc1 is defined by itself"),
        (TILE.format("nowhere"), "expected a location"),
    ],
)
def test_a_location_that_says_nothing_is_an_error(text: str, message: str) -> None:
    with pytest.raises(DesignError, match=message) as caught:
        parse_text(text, "debug.mlir")
    assert caught.value.location is not None


def test_an_error_tells_what_the_op_comes_from_besides_its_line() -> None:
    tile = tile_of(TILE.format('"design.py":3:5'))
    assert str(location_of(tile)) == "debug.mlir:1:46"
    error = design_error(tile, "wrong")
    assert error.location == location_of(tile)
    assert error.notes == ("it comes from design.py:3:5",)


def test_arguments_of_blocks_and_sequences_have_locations() -> None:
    text = """module {
      aie.device(npu1_1col) {
        %c = aie.tile(0, 2)
        aie.core(%c) {
          %z = arith.constant 0 : index
          cf.br ^bb1(%z : index) loc(unknown)
        ^bb1(%i: index loc("a.mlir":1:1)):
          aie.end
        }
        aie.runtime_sequence(%a: memref<4xi32> loc("b.mlir":2:2), %b: memref<4xi32>) { }
      }
    }"""
    module = parse_text(text, "debug.mlir")
    core = next(op for op in module.walk() if isinstance(op, CoreOp))
    block = core.body.blocks[1]
    assert str(block.args[0].location) == 'loc("a.mlir":1:1)'


def test_messages_call_values_what_the_text_does() -> None:
    text = """module {
      aie.device(npu1_1col) {
        aie.flow(%tile_0_2, DMA : 0, %tile_0_2, DMA : 1)
        %tile_0_2 = aie.tile(0, 2)
      }
    }"""
    with pytest.raises(DesignError, match="%tile_0_2 is used before it is defined"):
        parse_text(text, "debug.mlir")


WRITTEN = """\
module { aie.device(npu1) { %t = aie.tile(0, 2) loc("here"("d.py":1:2))
%u = aie.tile(0, 0) loc(unknown)
%b = aie.buffer(%t) : memref<8xi32> loc(callsite("f"("d.py":3:4) at #loc5))
%c = aie.core(%t) {
%z = arith.constant 0 : index loc("x")
cf.br ^bb1(%z : index) loc("d.py":8:1)
^bb1(%k: index loc("d.py":9:9)):
aie.end loc(fused["a.py":1:1, "b.py":1:1])
} loc("d.py":7:3)
aie.runtime_sequence @sequence(%a: memref<8xi32> loc(unknown), %d: i32) {
} loc(#loc5)
} loc("d.py":1:1)
} loc("d.py":0:0)
#loc5 = loc("d.py":5:3)
"""

PRINTED = """\
#loc3 = loc(unknown)
#loc9 = loc("d.py":9:9)
#loc12 = loc("text.mlir":10:64)
module {
  aie.device(npu1) {
    %tile_0_2 = aie.tile(0, 2) loc(#loc13)
    %shim_noc_tile_0_0 = aie.tile(0, 0) loc(#loc3)
    %buffer_0_2 = aie.buffer(%tile_0_2) : memref<8xi32>  loc(#loc16)
    %core_0_2 = aie.core(%tile_0_2) {
      %c0 = arith.constant 0 : index loc(#loc7)
      cf.br ^bb1(%c0 : index) loc(#loc8)
    ^bb1(%0: index loc("d.py":9:9)):  // pred: ^bb0
      aie.end loc(#loc15)
    } loc(#loc6)
    aie.runtime_sequence(%arg0: memref<8xi32> loc(unknown), %arg1: i32 loc("text.mlir":10:64)) {
    } loc(#loc5)
  } loc(#loc1)
} loc(#loc)
#loc = loc("d.py":0:0)
#loc1 = loc("d.py":1:1)
#loc2 = loc("d.py":1:2)
#loc4 = loc("d.py":3:4)
#loc5 = loc("d.py":5:3)
#loc6 = loc("d.py":7:3)
#loc7 = loc("x")
#loc8 = loc("d.py":8:1)
#loc10 = loc("a.py":1:1)
#loc11 = loc("b.py":1:1)
#loc13 = loc("here"(#loc2))
#loc14 = loc("f"(#loc4))
#loc15 = loc(fused[#loc10, #loc11])
#loc16 = loc(callsite(#loc14 at #loc5))

"""
"""Numbered as aie-opt does: by how deep they nest, then in order; first those of arguments."""


def test_locations_are_printed_as_aie_opt_prints_them() -> None:
    assert print_module(parse_text(WRITTEN, "text.mlir"), locations=True) == PRINTED
    assert print_module(parse_text(PRINTED, "other.mlir"), locations=True) == PRINTED
