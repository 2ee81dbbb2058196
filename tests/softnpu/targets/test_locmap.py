"""Each operation of an instruction stream, led back to the design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from softnpu.dialects.text import parse_file, parse_text
from softnpu.formats.txn import parse
from softnpu.targets.locmap import emit
from softnpu.targets.npu_binary import emit as binary

DESIGN = """\
module {
  aie.device(npu2) {
    memref.global "private" constant @data : memref<3xi32> = dense<[1, 2, 3]>
    aie.runtime_sequence @go(%a: memref<4xi32>) {
      %control = arith.constant 0x232000 : i32
      %lock = arith.constant 0x14000 : i32
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      aiex.npu.write32(%control, %one) : i32, i32 loc("start"("host.py":7:3))
      aiex.npu.maskwrite32(%lock, %one, %one) : i32, i32, i32 loc(fused["a.py":1:2, "b.py":3:4])
      %data = memref.get_global @data : memref<3xi32>
      aiex.npu.blockwrite(%data) {address = 0x200400 : ui32} : memref<3xi32>
      aiex.npu.sync(%zero, %zero, %one, %zero, %one, %one) : i32, i32, i32, i32, i32, i32
    }
  }
}
"""


def operations(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["operations"]
    return found


def test_an_operation_names_its_bytes_its_register_and_its_place() -> None:
    write, masked, block, sync = operations(emit(parse_text(DESIGN, "design.mlir")))
    assert write == {
        "byte_offset": 16,
        "byte_size": 24,
        "opcode": "WRITE32",
        "source_op": "aiex.npu.write32",
        "address": "0x232000",
        "register": "Core_Control",
        "register_module": "core",
        "loc": {
            "kind": "name",
            "name": "start",
            "child": {"kind": "file", "file": "host.py", "line": 7, "col": 3},
        },
    }
    assert (masked["register"], masked["register_module"]) == ("Lock0_value", "shim")
    files = [(child["file"], child["line"]) for child in masked["loc"]["children"]]
    assert (masked["loc"]["kind"], files) == ("fused", [("a.py", 1), ("b.py", 3)])
    assert (block["byte_size"], "register" in block) == (16 + 12, False)
    assert block["loc"] == {"kind": "file", "file": "design.mlir", "line": 12, "col": 7}
    assert (sync["opcode"], "address" in sync) == ("TCT", False)


def test_the_bytes_are_those_of_the_stream(golden: Path) -> None:
    """Every kind of operation that AMD's streams of the golden designs hold."""
    for file in sorted(golden.glob("*/npu_insts.mlir")):
        module = parse_file(file)
        if not (file.parent / "insts.bin").is_file() or "scf." in file.read_text():
            continue
        found = operations(emit(module))
        data = binary(module)
        assert len(found) == len(parse(data).operations)
        ends = [16] + [one["byte_offset"] + one["byte_size"] for one in found]
        assert [one["byte_offset"] for one in found] == ends[:-1]
        assert ends[-1] == len(data)
