import json
from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.formats import cdo, elf, pdi, txn, xclbin
from softnpu.formats.operations import BlockWrite, MaskWrite, Nop, Write
from softnpu.formats.records import word_bytes, words
from softnpu.formats.xclbin import Kernel
from softnpu.inspect.diff import VARYING, differences
from tests.conftest import MARCH_DESIGNS
from tests.softnpu.formats.test_cdo_compact import compacted
from tests.softnpu.formats.test_control_packets import control
from tests.softnpu.formats.test_control_packets import stream as control_stream
from tests.softnpu.formats.test_trace import packet
from tests.softnpu.inspect.several import write_xclbin

CORE_CONTROL = 0x232000
MASTER = 0x23F000


def told(old: bytes, new: bytes) -> list[str]:
    return [str(one) for one in differences(old, new)]


def configuration(*operations) -> bytes:
    return cdo.build(cdo.from_operations(operations))


def stream(*operations) -> bytes:
    return txn.build(txn.Txn(3, 6, 1, 1, operations))


def golden_spec(march: Path) -> xclbin.XclbinSpec:
    return xclbin.parse((march / "explicit_dma" / "final.xclbin").read_bytes()).spec()


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_a_file_is_the_same_as_itself(march: Path, design: str) -> None:
    for path in (march / design).iterdir():
        assert differences(path.read_bytes(), path.read_bytes()) == []


def test_a_register_is_told_with_its_fields() -> None:
    (found,) = differences(
        configuration(Write(MASTER, 0xC0000008)), configuration(Write(MASTER, 0x80000001))
    )
    assert found.place == "(0,2) core Stream_Switch_Master_Config_AIE_Core0"
    assert found.old == "0xc0000008 (packets of arbiter 0, master select 0)"
    assert found.new == "0x80000001 (from DMA0)"
    assert "Packet_Enable: 1 -> 0" in found.details


def test_a_descriptor_is_told_field_by_field(march: Path) -> None:
    old = (march / "explicit_dma" / "insts.bin").read_bytes()
    parsed = txn.parse(old)
    at, block = next((n, o) for n, o in enumerate(parsed.operations) if isinstance(o, BlockWrite))
    longer = replace(block, data=word_bytes([words(block.data)[0] + 1]) + block.data[4:])
    changed = replace(
        parsed, operations=(*parsed.operations[:at], longer, *parsed.operations[at + 1 :])
    )
    (found,) = differences(old, txn.build(changed))
    assert found.place == f"instruction {at}, (0,0) shim DMA_BD0"
    length = words(block.data)[0]
    assert found.details == (f"Buffer_Length: {length} -> {length + 1}",)


def test_an_instruction_more_shifts_nothing() -> None:
    writes = [Write(0x220000 + 4 * n, n) for n in range(5)]
    extra = MaskWrite(CORE_CONTROL, 1, 1)
    assert told(stream(*writes), stream(*writes[:2], extra, *writes[2:])) == [
        "instruction 2: only in the second: mask write (0,2) core Core_Control 0x00000001 "
        "mask 0x00000001 Enable=1"
    ]
    assert told(stream(*writes), stream(*writes[1:])) == [
        "instruction 0: only in the first: write (0,2) core Program_Memory 0x00000000"
    ]


def test_streams_of_before_txn_are_compared_by_instruction() -> None:
    old = word_bytes([2, 7, 0x02000000, 0x1D204, 1, 0x02000000, 0x1D214, 0])
    new = word_bytes([2, 8, 0x02000000, 0x1D204, 2, 0x02000000, 0x1D214, 0])
    found = told(old, new)
    assert found[0] == "prolog 1: 7 -> 8"
    assert found[1].startswith("instruction 0, (0,0) shim DMA_S2MM_0_Task_Queue: 0x00000001")
    assert len(found) == 2
    text = "\n".join(f"{word:08x}" for word in words(old)).encode()
    assert told(text, old) == ["written as: text -> binary"]


def test_control_packets_are_compared_by_where_they_go() -> None:
    one = [control_stream(27), control(0x1F000), 5]
    two = [control_stream(27), control(0x1F010), 6]
    three = [control_stream(27), control(0x1F020), 7]
    old = word_bytes([*one, *two, *three])
    assert told(old, word_bytes([*one, *two[:2], 8, *three])) == ["packet 1 data 0: 6 -> 8"]
    assert told(old, word_bytes([*one, *three])) == [
        "packet 1: only in the first: write 0x00000006 at 0x1f010"
    ]


def test_traces_are_compared_byte_by_byte() -> None:
    old, new = ([*packet(), *packet(id=id)] for id in (1, 2))
    assert len(differences(word_bytes(old), word_bytes(new))) == 1


def test_the_order_of_a_configuration_counts_only_where_nothing_else_differs() -> None:
    one, two = Write(0x21D000, 1), Write(CORE_CONTROL, 1)
    (found,) = differences(configuration(one, two), configuration(two, one))
    assert found.place == "the order of operations, from operation 0 on"
    assert found.details == ("every register is given the same values",)
    (found,) = differences(configuration(one, two), configuration(Write(CORE_CONTROL, 3), one))
    assert found.place == "(0,2) core Core_Control"


def test_padding_is_told_from_meaning() -> None:
    plain = cdo.Cdo((cdo.Command(cdo.NOP), cdo.Command(cdo.WRITE, bytes(8))))
    padded = cdo.Cdo((cdo.Command(cdo.NOP), cdo.Command(cdo.NOP), *plain.commands[1:]))
    assert cdo.operations(padded)[0] == Nop()
    assert told(cdo.build(plain), cdo.build(padded)) == [
        "no-ops that align what follows: 1, 4 bytes -> 2, 8 bytes"
    ]


def test_another_encoding_of_the_same_is_told_as_such() -> None:
    short = cdo.Cdo((cdo.Command(cdo.WRITE, word_bytes([CORE_CONTROL, 1])),))
    wide = cdo.Cdo((cdo.Command(cdo.WRITE64, word_bytes([0, CORE_CONTROL, 1])),))
    (found,) = differences(cdo.build(short), cdo.build(wide))
    assert "the same when decoded" in found.details


def test_a_compact_image_is_compared_by_what_it_configures(march: Path) -> None:
    image = (march / "packet_routes" / "design.pdi").read_bytes()
    assert told(image, compacted(image)) == ["form of the CDO: plain -> compact"]


def test_a_program_is_told_by_its_first_byte() -> None:
    old = configuration(BlockWrite(0x220000, bytes(64)))
    new = configuration(BlockWrite(0x220000, bytes(32) + b"\1" + bytes(31)))
    (found,) = differences(old, new)
    assert found.place == "(0,2) core Program_Memory"
    assert found.details == ("byte 0x20: 00000000 00000000 -> 01000000 00000000",)


def test_what_every_run_writes_anew_is_marked(march: Path) -> None:
    spec = golden_spec(march)
    old = xclbin.build(spec)
    new = xclbin.build(replace(spec, timestamp=spec.timestamp + 1, uuid=bytes(16)))
    found = differences(old, new)
    assert {one.place for one in found} == {*VARYING} - {"version"}
    assert all(one.varies for one in found)


def test_an_xclbin_is_compared_down_to_arguments_partition_and_registers(march: Path) -> None:
    spec = golden_spec(march)
    image = (march / "explicit_dma" / "design.pdi").read_bytes()
    parsed = pdi.parse(image)
    part = parsed.images[0].partitions[0]
    *rest, last = part.cdo().commands
    changed = cdo.Cdo((*rest, cdo.Command(last.code, last.payload[:-4] + b"\7\0\0\0")))
    other_image = pdi.build(
        replace(
            parsed,
            images=(
                replace(parsed.images[0], partitions=(replace(part, data=cdo.build(changed)),)),
            ),
        )
    )
    (kernel,) = spec.kernels
    arguments = (replace(kernel.arguments[0], name="code"), *kernel.arguments[1:])
    other: Kernel = replace(kernel, kernel_id="0x902", arguments=arguments)
    one_pdi = replace(spec.partition.pdis[0], image=other_image)
    partition = replace(spec.partition, columns=2, pdis=(one_pdi,))
    found = differences(
        xclbin.build(spec),
        xclbin.build(replace(spec, kernels=(other,), partition=partition)),
    )
    lines = {str(one) for one in found if not one.varies}
    assert "partition columns: 1 -> 2" in lines
    assert "kernel MLIR_AIE kernel id: 0x901 -> 0x902" in lines
    assert any("opcode: only in the first" in line for line in lines)
    assert any(line.startswith("PDI 0, (0,2) core ") for line in lines)


def test_pdis_are_compared_by_their_ids(march: Path, tmp_path: Path) -> None:
    """Whatever their order; one that only one xclbin has is told as a whole."""
    one, two, three = "explicit_dma", "packet_routes", "passthrough_core"

    def packed(designs: dict[int, str]) -> bytes:
        return write_xclbin(march, tmp_path / "final.xclbin", designs).read_bytes()

    old = packed({3: one, 1: two, 2: three})
    lines = told(old, packed({3: one, 1: two, 2: one}))
    places = {line.split(",")[0] for line in lines}
    assert "PDI 2" in places and not places & {"PDI 0", "PDI 1", "PDI 3"}
    assert "order of the PDIs: 3, 1, 2 -> 3, 2, 1" in told(old, packed({3: one, 2: three, 1: two}))
    length = len((march / two / "design.pdi").read_bytes())
    assert f"PDI 1: only in the first: {length} bytes for kernel none" in told(
        old, packed({3: one, 2: three})
    )
    alone = told(old, packed({3: one}))
    assert not any(line.startswith(("PDI 0", "PDI 3")) for line in alone)


def test_what_a_pdi_is_for_is_compared(march: Path, tmp_path: Path) -> None:
    parsed = xclbin.parse(
        write_xclbin(
            march, tmp_path / "final.xclbin", {3: "explicit_dma", 1: "packet_routes"}
        ).read_bytes()
    ).spec()
    first, second = parsed.partition.pdis
    moved = replace(second, groups=(replace(second.groups[0], kernel_ids=(0x902,)),))
    partition = replace(parsed.partition, pdis=(first, moved))
    lines = told(xclbin.build(parsed), xclbin.build(replace(parsed, partition=partition)))
    assert "PDI 1 groups DPU kernel ids 0: only in the second: 2306" in lines


def test_missing_sections_are_told(march: Path) -> None:
    spec = golden_spec(march)
    marked = xclbin.build(replace(spec, marks=(("core_isa", "rv32"),)))
    found = told(xclbin.build(spec), marked)
    assert any(line.startswith("section KEYVALUE_METADATA: only in the second") for line in found)


def test_programs_are_compared_by_segment_and_function(march: Path) -> None:
    data = (march / "passthrough_core" / "main_core_0_2.elf").read_bytes()
    parsed = elf.parse(data)
    code = parsed.segments[0].data
    at = int.from_bytes(data[56:60], "little")
    changed = data[:at] + b"\x15" + data[at + 1 :]
    found = told(data, changed)
    assert found == [f"segment at 0x0: {code.hex()} -> 15{code[1:].hex()}"]


def test_text_is_compared_by_line_and_json_by_path() -> None:
    assert told(b"a\nb\nc\n", b"a\nx\ny\nc\n") == [
        "line 2: b -> x",
        "line 3: only in the second: y",
    ]
    old = {"buffers": [{"name": "in", "address": 1024}, {"name": "out", "address": 2048}]}
    new = {"buffers": [{"name": "out", "address": 4096}, {"name": "in", "address": 1024}]}
    assert told(json.dumps(old).encode(), json.dumps(new).encode()) == [
        "buffers out address: 2048 -> 4096"
    ]


def test_streams_of_words_and_of_text_are_the_same_kind(march: Path) -> None:
    data = (march / "explicit_dma" / "insts.bin").read_bytes()
    text = "\n".join(f"{word:08x}" for word in words(data)).encode()
    assert [one.place for one in differences(data, text)] == ["written as"]


def test_different_kinds_and_damage_are_named(march: Path) -> None:
    data = (march / "explicit_dma" / "insts.bin").read_bytes()
    image = (march / "explicit_dma" / "design.pdi").read_bytes()
    kind, byte = differences(data, image)
    assert (kind.old, kind.new) == ("an instruction stream (TXN)", "a PDI")
    assert byte.place == "byte 0x0"
    damage, byte = differences(data, data[:-4])
    assert damage.old == "sound"
    assert "it is cut off" in str(damage.new)
    assert byte.place == f"byte {len(data) - 4:#x}"


def test_unknown_bytes_are_compared_as_bytes() -> None:
    assert told(b"\1\2\3\4", b"\1\2\7\4") == ["byte 0x2: 0304 -> 0704"]
