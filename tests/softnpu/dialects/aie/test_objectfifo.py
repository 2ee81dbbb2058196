"""Objectfifos: every form that they are written in, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp, i32

from softnpu.dialects.aie import (
    AIEObjectFifoType,
    BDDimLayoutArrayAttr,
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    ObjectFifoSubviewAccessOp,
    TileOp,
)

Lines = Callable[[str], list[str]]
Read = Callable[[str], ModuleOp]

TYPE = "!aie.objectfifo<memref<16xi32>>"
VIEW = "!aie.objectfifosubview<memref<16xi32>>"
IN = f"aie.objectfifo @in(%shim, {{%mem}}, 2 : i32) : {TYPE}\n"
OUT = f"aie.objectfifo @out(%mem, {{%core}}, 2 : i32) : {TYPE}\n"


@pytest.mark.parametrize(
    "fifo",
    [
        f"@f(%mem_tile_0_1, {{%tile_0_2, %tile_0_3}}, [2 : i32, 1 : i32, 3 : i32]) : {TYPE}  ",
        f"@f(%mem_tile_0_1, {{%tile_0_2}}, 2 : i32) "
        f"{{disable_synchronization = true, repeat_count = 3 : i32, via_DMA = true}} : {TYPE}  ",
        "@f(%mem_tile_0_1 dimensionsToStream [<size = 2, stride = 8>, <size = 8, stride = 1>], "
        "{%tile_0_2 dimensionsFromStream [<size = 16, stride = 1>], %tile_0_3}, 2 : i32) "
        f": {TYPE}  ",
        "@f(%tile_0_2, {%tile_0_3}, 2 : i32) : !aie.objectfifo<memref<2xi32>>  "
        "= [dense<[1, 2]> : memref<2xi32>, dense<0> : memref<2xi32>]",
        "@f(%mem_tile_0_1 dimensionsToStream [<size = 16, stride = 1>], {%tile_0_2}, 2 : i32) "
        "{padDimensions = "
        f"#aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 2>]>}} : {TYPE}  ",
    ],
)
def test_objectfifos_are_spelt_as_aie_opt_does(fifo: str, lines: Lines) -> None:
    written = fifo.replace("%mem_tile_0_1", "%mem")
    written = written.replace("%tile_0_2", "%core").replace("%tile_0_3", "%north")
    assert lines(f"aie.objectfifo {written}") == [f"aie.objectfifo {fifo}"]


def test_what_refers_to_objectfifos(lines: Lines) -> None:
    written = f"""{IN}{OUT}aie.objectfifo.link [@in] -> [@out]()
    aie.objectfifo @next(%core, {{%north}}, 2 : i32) : {TYPE}
    aie.objectfifo.allocate @next (%north)
    %c = aie.core(%core) {{
      %v = aie.objectfifo.acquire @out(Consume, 1) : {VIEW}
      %o = aie.objectfifo.subview.access %v[0] : {VIEW} -> memref<16xi32>
      aie.objectfifo.release @out(Consume, 1)
      aie.end
    }}"""
    printed = lines(written)
    assert printed[2] == "aie.objectfifo.link [@in] -> [@out]([] [])"
    assert printed[4] == "aie.objectfifo.allocate @next(%tile_0_3)"
    assert printed[6:9] == [
        f"  %0 = aie.objectfifo.acquire @out(Consume, 1) : {VIEW}",
        f"  %1 = aie.objectfifo.subview.access %0[0] : {VIEW} -> memref<16xi32>",
        "  aie.objectfifo.release @out(Consume, 1)",
    ]


def test_offsets_of_a_distribute(lines: Lines) -> None:
    halves = "".join(
        f"aie.objectfifo @o{i}(%mem, {{{tile}}}, 2 : i32) : !aie.objectfifo<memref<8xi32>>\n"
        for i, tile in enumerate(("%core", "%north"))
    )
    link = "aie.objectfifo.link [@in] -> [@o0, @o1]([] [0, 8])"
    assert lines(f"{IN}{halves}{link}")[-1] == link


def test_a_registered_process(lines: Lines) -> None:
    written = f"""{OUT}
    %n = arith.constant 10 : index
    %p = arith.constant dense<1> : tensor<1xi32>
    func.func private @work(%v : {VIEW})
    aie.objectfifo.register_process @out (Consume, %p : tensor<1xi32>, %p : tensor<1xi32>,
      @work, %n)
    """
    assert lines(written)[-1] == (
        "aie.objectfifo.register_process @out(Consume, %cst : tensor<1xi32>, "
        "%cst : tensor<1xi32>, @work, %c10)"
    )


def test_what_an_objectfifo_says_of_itself(read: Read) -> None:
    module = read(
        f"""{IN}aie.objectfifo @out(%mem, {{%core dimensionsFromStream [<size = 16, stride = 1>],
              %north}}, [2, 3, 4]) : {TYPE}
            aie.objectfifo.link [@in] -> [@out]([] [])
            %c = aie.core(%north) {{
              %v = aie.objectfifo.acquire @out(Consume, 1) : {VIEW}
              %o = aie.objectfifo.subview.access %v[0] : {VIEW} -> memref<16xi32>
              aie.end
            }}"""
    )
    by_class = {type(op): op for op in module.walk()}
    out, link = by_class[ObjectFifoCreateOp], by_class[ObjectFifoLinkOp]
    access = by_class[ObjectFifoSubviewAccessOp]
    assert isinstance(out, ObjectFifoCreateOp)
    assert isinstance(link, ObjectFifoLinkOp)
    assert isinstance(access, ObjectFifoSubviewAccessOp)
    assert (out.depths, out.size(2)) == ((2, 3, 4), 4)
    assert [tile.position for tile in out.consumer_tile_ops] == [(0, 2), (0, 3)]
    assert len(out.dimensions_from_stream(out.consumer_tiles[0])) == 1
    assert len(out.dimensions_from_stream(out.consumer_tiles[1])) == 0
    assert link.shared_tile is out.producer_tile
    assert (link.is_join, link.is_distribute) == (False, False)
    assert isinstance(access.acquire_op, ObjectFifoAcquireOp)
    assert access.acquire_op.object_fifo is out


def test_objectfifos_are_built_from_python_values() -> None:
    producer, consumer = TileOp(col=0, row=1), TileOp(col=0, row=2)
    fifo = ObjectFifoCreateOp(
        sym_name="f",
        producer_tile=producer.result,
        consumer_tiles=(consumer.result,),
        elem_number=IntegerAttr(2, i32),
        elem_type=AIEObjectFifoType(MemRefType(i32, [16])),
    )
    assert (fifo.producer_tile_op, fifo.size(), fifo.via_dma) == (producer, 2, False)
    assert fifo.dimensions_to_stream == BDDimLayoutArrayAttr(())
    fifo.consumer_tiles = (consumer.result, producer.result)
    assert fifo.consumer_tile_ops == (consumer, producer)
