"""Linker scripts of cores, against AMD's."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp
from softnpu.dialects.text import parse_file, parse_text
from softnpu.errors import DesignError
from softnpu.targets.ldscript import link_files, linker_script

GOLDEN = Path(__file__).parents[2] / "golden"
SCRIPTS = sorted(GOLDEN.glob("*/*.ld.script"))


def core_in(device_op: DeviceOp, tile: tuple[int, int]) -> CoreOp:
    cores = (op for op in device_op.walk() if isinstance(op, CoreOp))
    return next(core for core in cores if core.position == tile)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_the_script_is_that_of_aie_translate(path: Path) -> None:
    module = parse_file(path.parent / "input_physical.mlir")
    device_name, place = path.name.removesuffix(".ld.script").split("_core_")
    devices = (op for op in module.walk() if isinstance(op, DeviceOp))
    device_op = next(op for op in devices if op.sym_name == device_name)
    col, row = place.split("_")
    assert linker_script(device_op, core_in(device_op, (int(col), int(row)))) == path.read_text()


DESIGN = """\
module {{
  aie.device(npu1_2col) {{
    {functions}
    %near = aie.tile(1, 3)
    %south = aie.tile(1, 2)
    %own = aie.buffer(%near) {{address = 2048 : i32, sym_name = "own"}} : memref<16xbf16>
    %theirs = aie.buffer(%south) {{{address}sym_name = "theirs"}} : memref<3xi8>
    %core = aie.core(%near) {{
      {body}
      aie.end
    }} {{stack_size = 3328 : i32{attributes}}}
  }}
}}
"""


def design(
    functions: str = "", body: str = "", attributes: str = "", address: str = "address = 4 : i32, "
) -> tuple[DeviceOp, CoreOp]:
    text = DESIGN.format(functions=functions, body=body, attributes=attributes, address=address)
    device_op = next(op for op in parse_text(text).walk() if isinstance(op, DeviceOp))
    return device_op, core_in(device_op, (1, 3))


def test_neighbours_buffers_lie_in_their_windows_and_data_behind_stack_and_buffers() -> None:
    script = linker_script(*design())
    assert ". += 0xD00; /* stack */" in script
    assert "data (!RX) : ORIGIN = 0x70D00, LENGTH = 0xF300" in script
    assert ". = 0x40004;\ntheirs = .;\n. += 0x3;\n" in script
    assert ". = 0x70800;\nown = .;\n. += 0x20;\n" in script
    assert "to the west" not in script


def test_a_core_links_what_the_functions_that_it_calls_name() -> None:
    functions = (
        'func.func private @f() attributes {link_with = "f.o"}\n'
        'func.func private @g() attributes {link_with = "g.o"}\n'
        'func.func private @h() attributes {link_with = "f.o"}\n'
        'func.func private @unused() attributes {link_with = "unused.o"}\n'
    )
    calls = "func.call @g() : () -> ()\nfunc.call @f() : () -> ()\nfunc.call @h() : () -> ()"
    device_op, core = design(functions, calls, ', link_with = "core.o"')
    assert link_files(device_op, core) == ("core.o", "g.o", "f.o")
    assert "}\nINPUT(core.o)\nINPUT(g.o)\nINPUT(f.o)\nPROVIDE" in linker_script(device_op, core)


def test_a_buffer_without_an_address_is_an_error() -> None:
    with pytest.raises(DesignError, match="no address yet"):
        linker_script(*design(address=""))


def test_a_buffer_that_reaches_out_of_memory_takes_no_room_from_the_data() -> None:
    device_op, core = design()
    own = next(op for op in device_op.walk() if isinstance(op, BufferOp) and op.sym_name == "own")
    own.address = 0x10000
    assert "data (!RX) : ORIGIN = 0x70D00, LENGTH = 0xF300" in linker_script(device_op, core)
