"""What an xclbin tells of itself, and the ELF flow, which is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu import pyxrt
from softnpu.formats.xclbin import SectionKind
from tests.softnpu.emulator.xrt.host import Host, without_section


def test_an_xclbin_tells_its_kernels_and_memories(host: Host) -> None:
    image = host.context.get_xclbin()
    (kernel,) = image.get_kernels()
    assert isinstance(image.get_kernels(), pyxrt.xclbinkernel_vector)
    assert (kernel.get_name(), kernel.get_num_args()) == ("MLIR_AIE", 8)
    memories = image.get_mems()
    assert [m.get_index() for m in memories] == list(range(len(memories)))
    assert "HOST" in {m.get_tag() for m in memories if m.get_used()}
    assert all(m.get_size_kb() > 0 for m in memories if m.get_used())
    with pytest.raises(TypeError, match="axlf"):
        image.get_axlf()


def test_memories_need_their_section(host: Host, tmp_path: Path) -> None:
    artifact = host.folder / "final.xclbin"
    path = without_section(artifact, SectionKind.MEM_TOPOLOGY, tmp_path / "final.xclbin")
    with pytest.raises(Exception, match="MEM_TOPOLOGY"):
        pyxrt.xclbin(path).get_mems()


def test_handles_of_nothing_are_empty() -> None:
    assert pyxrt.xclbin.xclbinip().get_name() == ""
    assert pyxrt.xclbin.xclbinkernel().get_num_args() == 0
    assert pyxrt.xclbin.xclbinmem().get_used() is False


def test_uuids_compare_by_their_text(host: Host) -> None:
    """XRT's binding gives them no ==: a host that compares handles is wrong on hardware, too."""
    first, second = (host.context.get_xclbin_uuid() for _ in range(2))
    assert first.to_string() == second.to_string()
    assert first != second
    assert pyxrt.hw_context(host.device, pyxrt.uuid(first.to_string().upper()))
    assert pyxrt.uuid("").to_string() == "00000000-0000-0000-0000-000000000000"
