"""Arguments are taken and refused as pybind11 does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softnpu import pyxrt
from tests.softnpu.emulator.xrt.host import IN, TO_DEVICE, Host


def test_arguments_that_fit_no_form_are_answered_with_all_forms(host: Host) -> None:
    with pytest.raises(TypeError, match=r"2\. pyxrt\.bo\(hwctx: pyxrt\.hw_context, size: int"):
        pyxrt.bo(host.device, 64, 0, 65536)
    with pytest.raises(TypeError, match="incompatible constructor arguments"):
        pyxrt.bo(host.device, 64, flags=pyxrt.bo.host_only)


def test_a_path_object_is_no_file_name(host: Host) -> None:
    with pytest.raises(TypeError, match=r"pyxrt\.xclbin\(arg0: str\)"):
        pyxrt.xclbin(Path(host.folder) / "final.xclbin")


def test_a_size_is_any_whole_number_that_is_not_negative(host: Host) -> None:
    group = host.kernel.group_id(IN)
    for size in (64, np.int64(64), np.uint8(64), np.float32(64)):
        assert pyxrt.bo(host.context, size, group).size() == 64
    for size in (-1, 64.0, "64", None):
        with pytest.raises(TypeError, match="incompatible constructor arguments"):
            pyxrt.bo(host.context, size, group)


def test_what_has_no_name_cannot_be_given_by_name(host: Host) -> None:
    buffer = host.buffer(IN)
    with pytest.raises(TypeError, match=r"sync\(\): incompatible function arguments"):
        buffer.sync(direction=TO_DEVICE)
    with pytest.raises(TypeError):
        buffer.write(data=bytes(4), seek=0)  # type: ignore[call-arg]


def test_parameters_of_a_context_are_numbers_by_name(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    pyxrt.hw_context(host.device, uuid, {"priority": 0x180, "fps": 30})
    with pytest.raises(TypeError, match="cfg_param: dict"):
        pyxrt.hw_context(host.device, uuid, {"priority": "high"})
