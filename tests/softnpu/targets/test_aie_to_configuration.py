"""Configurations as runtime sequences: they do what the CDO of the same device does."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context

from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.source import parse_file, parse_text, print_module
from softnpu.errors import DesignError
from softnpu.formats.txn import parse
from softnpu.targets.aie_to_configuration import (
    ConvertAIEToControlPacketsPass,
    ConvertAIEToTransactionPass,
    ExpandLoadPdiPass,
)
from softnpu.targets.cdo import configuration
from softnpu.targets.npu_binary import emit
from tests.conftest import DESIGNS

SWITCH = """%t = aie.tile(0, 2)
  aie.switchbox(%t) { aie.connect<South : 0, DMA : 0> }"""


def two_devices(load: str) -> str:
    return f"""module {{
      aie.device(npu2_1col) @design {{ {SWITCH} }}
      aie.device(npu2_1col) @main {{
        aie.runtime_sequence() {{
          {load}
        }}
      }}
    }}"""


@pytest.mark.parametrize("name", DESIGNS)
def test_a_transaction_does_what_the_cdo_does(golden: Path, name: str) -> None:
    module = parse_file(golden / name / "input_physical.mlir")
    device = next(op for op in module.walk() if isinstance(op, DeviceOp))
    expected = configuration(device, golden / name)
    ConvertAIEToTransactionPass().apply(Context(), module)
    stream = parse(emit(module, sequence_name="configure"))
    assert stream.operations == (*expected.elfs, *expected.init, *expected.enable)


def test_control_packets_carry_the_same_words_and_join_masked_writes() -> None:
    text = "aie.device(npu2_1col) { %t = aie.tile(0, 2)\n %c = aie.core(%t) { aie.end } }"
    module = parse_text(text, "design.mlir")
    ConvertAIEToControlPacketsPass().apply(Context(), module)
    packets = [line for line in print_module(module).splitlines() if "control_packet" in line]
    core_control = 0x232000
    # Reset and out of reset are one word, then sixteen locks, then enable.
    assert f"address = {core_control} : ui32, data = array<i32: 2>" in packets[0]
    assert len(packets) == 1 + 16 + 1
    assert f"address = {core_control} : ui32, data = array<i32: 1>" in packets[-1]


def test_an_expanded_load_resets_by_an_empty_device_and_writes_the_rest() -> None:
    module = parse_text(two_devices("aiex.npu.load_pdi {device_ref = @design}"), "design.mlir")
    ExpandLoadPdiPass().apply(Context(), module)
    text = print_module(module)
    assert "aie.device(npu2_1col) @empty_0 {" in text
    steps = text[text.index("aie.runtime_sequence") :]
    assert steps.index("load_pdi {device_ref = @empty_0}") < steps.index("aiex.npu.write32")
    assert "@design" not in steps


def test_loads_take_turns_with_two_empty_devices() -> None:
    load = "aiex.npu.load_pdi {device_ref = @design}\n"
    module = parse_text(two_devices(load * 3), "design.mlir")
    ExpandLoadPdiPass().apply(Context(), module)
    text = print_module(module)
    found = [line.split("@")[1][:7] for line in text.splitlines() if "load_pdi" in line]
    assert found == ["empty_0", "empty_1", "empty_0"]
    assert text.count("aie.device(npu2_1col) @empty") == 2


def test_a_load_of_no_device_is_refused() -> None:
    module = parse_text(two_devices("aiex.npu.load_pdi {device_ref = @desing}"), "design.mlir")
    with pytest.raises(DesignError, match="there is no device '@desing'"):
        ExpandLoadPdiPass().apply(Context(), module)
