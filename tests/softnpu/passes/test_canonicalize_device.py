"""A design without a device."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.canonicalize_device import CanonicalizeDevicePass


def test_a_module_without_a_device_is_told_what_to_write(lower) -> None:
    with pytest.raises(DesignError) as error:
        lower("module {\n}\n", CanonicalizeDevicePass())
    assert error.value.message == "the module has no aie.device"
    assert "npu1_1col" in error.value.notes[1]
