from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import xclbin
from softnpu.formats.xclbin import Connection, Container, SectionKind, container
from softnpu.formats.xclbin.topology import build_connections


def parsed(march: Path, design: str = "passthrough_core") -> xclbin.Xclbin:
    return xclbin.parse((march / design / "final.xclbin").read_bytes())


def test_group_ids_are_those_that_pyxrt_gives(march: Path) -> None:
    """Bank 1 for instructions, bank 0 for buffers, and 131071 for a scalar; all of slot 1."""
    found = [parsed(march).group_id(argument) for argument in range(8)]
    assert found == [131071, 65537, 131071, 65536, 65536, 65536, 65536, 65536]


def test_the_kernel_knows_its_arguments_and_their_memories(march: Path) -> None:
    kernel = parsed(march).kernel("MLIR_AIE")
    assert [a.name for a in kernel.arguments[:4]] == ["opcode", "instr", "ninstr", "bo0"]
    assert [a.memory for a in kernel.arguments[:4]] == [None, "SRAM", None, "HOST"]
    assert kernel.kernel_id == "0x901"


def test_an_unknown_kernel_is_named_with_those_there_are(march: Path) -> None:
    with pytest.raises(FormatError, match="no kernel 'ADD'; it has: MLIR_AIE"):
        parsed(march).kernel("ADD")


def test_the_partition_holds_the_pdi(march: Path) -> None:
    partition = parsed(march, "npu2_two_columns").partition
    assert (partition.columns, partition.start_columns) == (2, (1, 2, 3))
    expected = (march / "npu2_two_columns" / "design.pdi").read_bytes()
    assert partition.pdis[0].image == expected
    assert partition.pdis[0].groups[0].kernel_ids == (0x901,)


def without(march: Path, *kinds: SectionKind) -> xclbin.Xclbin:
    whole = parsed(march).container
    left = tuple(s for s in whole.sections if s.kind not in kinds)
    return xclbin.Xclbin(Container(whole.header, left))


def test_a_file_without_kernels_tells_what_xrt_would_say(march: Path) -> None:
    with pytest.raises(FormatError, match="No valid DPU kernel found in xclbin"):
        _ = without(march, SectionKind.EMBEDDED_METADATA).kernels


def test_connections_without_groups_serve_as_well(march: Path) -> None:
    groups = (SectionKind.GROUP_CONNECTIVITY, SectionKind.GROUP_TOPOLOGY)
    assert without(march, *groups).group_id(3) == 65536


def test_of_several_memories_the_last_is_taken() -> None:
    data = build_connections([Connection(3, 0, 0), Connection(3, 0, 2), Connection(3, 1, 5)])
    section = xclbin.Section(SectionKind.CONNECTIVITY, data)
    both = xclbin.Xclbin(Container(container.Header(), (section,)))
    assert both.memory_index(3) == 2
    assert both.group_id(3, slot=0) == 2
