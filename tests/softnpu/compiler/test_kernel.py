"""What a design asks of its kernel, between the stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.compiler import kernel
from softnpu.compiler.kernel import DesignKernel
from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError, FormatError


def sequence(name: str, buffers: int) -> str:
    taken = ", ".join(f"%b{n}: memref<8xi32>" for n in range(buffers))
    return f"aie.runtime_sequence @{name}({taken}) {{}}"


def asked(**devices: str) -> DesignKernel:
    text = "".join(f"aie.device(npu1_1col) @{name} {{ {it} }}\n" for name, it in devices.items())
    return kernel.of_module(parse_text(f"module {{ {text} }}", "design.mlir"))


def test_the_sequence_with_the_most_buffers_counts() -> None:
    both = sequence("small", 2) + sequence("large", 7)
    assert asked(other=sequence("more", 9), main=both) == DesignKernel("main", 7)


def test_a_main_device_without_a_sequence_has_the_buffers_of_the_others() -> None:
    assert asked(main="", other=sequence("run", 6)) == DesignKernel("main", 6)
    assert asked(alone="") == DesignKernel("alone", 0)


def test_only_the_sequence_that_is_asked_for_counts() -> None:
    both = sequence("small", 2) + sequence("large", 7)
    text = f"module {{ aie.device(npu1_1col) @main {{ {both} }} }}"
    assert kernel.of_module(parse_text(text, "design.mlir"), "small") == DesignKernel("main", 2)


OVERLAY = "%t = aie.tile(0, 0) aie.shim_dma_allocation @ctrlpkt_col0_mm2s_chan0 (%t, MM2S, 0)"


def test_a_device_that_control_packets_reach_has_a_buffer_for_them_besides() -> None:
    """As the xclbin of a base on which another device is configured by control packets."""
    assert asked(main=OVERLAY, other=sequence("run", 6)) == DesignKernel("main", 7)
    assert asked(main=OVERLAY + sequence("run", 6)) == DesignKernel("main", 6)
    base = parse_text(f"module {{ aie.device(npu1_1col) @base {{ {OVERLAY} }} }}", "design.mlir")
    assert kernel.of_module(base, others=[6, 2]) == DesignKernel("base", 7)
    assert kernel.of_module(base) == DesignKernel("base", 0)


def test_more_buffers_than_a_kernel_can_take_are_refused() -> None:
    with pytest.raises(DesignError, match="takes 17 host buffers; a kernel can take 16"):
        asked(main=sequence("run", 17))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    module = parse_text(f"module {{ aie.device(npu1) {{ {sequence('run', 6)} }} }}", "design.mlir")
    kernel.write(module, tmp_path)
    assert kernel.read(tmp_path) == DesignKernel("main", 6)


@pytest.mark.parametrize("text", [None, "", "[]", '{"device": "main"}', '{"a": 1}'])
def test_a_file_that_tells_no_kernel_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / kernel.KERNEL).write_text(text)
    with pytest.raises(FormatError, match=r"input_kernel\.json tells nothing"):
        kernel.read(tmp_path)
