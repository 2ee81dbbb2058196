"""The kernel's own lines about the NPU, as users have posted them, each explained by one row."""

from __future__ import annotations

import pytest

from runner.kernel_messages import KERNEL_MESSAGES
from runner.messages import explanations

ERROR = "amdxdna 0000:c6:00.1: [drm] *ERROR*"


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        (
            "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:c5:00.1 domain=0x1a]",
            "no buffer covers",
        ),
        (f"{ERROR} aie2_hw_start: firmware is not alive", "did not start"),
        (f"{ERROR} aie2_get_mgmt_chann_info: Invalid mbox magic 0x30ec000", "did not start"),
        (
            f"{ERROR} aie2_check_protocol: Incompatible firmware protocol major 7 minor 3",
            "speaks protocol 7.3, which this driver does not know",
        ),
        (f"{ERROR} aie2_check_protocol: Firmware 5.1 below minimum 6.12", "wants 6.12 or newer"),
        (f"{ERROR} aie2_smu_exec: smu cmd 4 failed, 0xff", "power management (SMU)"),
        (f"{ERROR} aie2_smu_exec: smu cmd 7 timed out", "power management (SMU)"),
        (f"{ERROR} aie2_smu_fini: Power off failed, ret -22", "power management (SMU)"),
        (f"{ERROR} aie2_psp_start: failed to validate fw, ret -5", "security processor"),
        ("amdxdna 0000:66:00.1: fw return error 0x5(Error unknown)", "security processor"),
        ("amdxdna_tdr_work: Device isn't making progress... Count 243", "watchdog"),
        (
            "amdxdna: failed to request_firmware amdnpu/1502_00/, ret -2",
            "amdnpu/1502_00/, is missing",
        ),
        (
            "amdxdna 0000:05:00.1: Direct firmware load for amdnpu/1502_00/npu.sbin failed",
            "npu.sbin is missing",
        ),
        ("amdxdna 0000:05:00.1: aie2_init: Enable PASID failed, ret -19", "lacks PASID"),
        (f"{ERROR} aie2_init: Running under hypervisor not supported", "virtual machine"),
        (
            f"{ERROR} aie2_send_mgmt_msg_wait: command opcode 0x2 failed, status 0x2000003",
            "no context to give (npu1 has 6, npu2 16",
        ),
        (
            f"{ERROR} aie2_send_mgmt_msg_wait: command opcode 0x106 failed, status 0x4000003",
            "opcode 0x106, status 0x4000003",
        ),
        (f"{ERROR} aie2_hwctx_init: Map host buffer failed, ret -22", "map the memory"),
        (f"{ERROR} aie2_rq_add: Not allow more than 6 context(s)", "no context left"),
        (f"{ERROR} aie2_rq_add: Require 8 columns exceed 4", "wanted 8 columns, the NPU has 4"),
        (f"{ERROR} amdxdna_drm_create_hwctx_ioctl: Init hwctx failed, ret -22", "got none"),
        (f"{ERROR} aie2_hwctx_cfg_debug_bo: Get bo 4 failed", "runs are not concerned"),
        (f"{ERROR} aie2_suspend_fw: Failed to suspend fw, ret -62", "come through a suspend"),
        (f"{ERROR} aie2_mgmt_fw_fini: Suspend_fw failed", "come through a suspend"),
        (f"{ERROR} amdxdna_probe: Hardware init failed, ret -22", "gave the NPU up"),
        (
            "amdxdna 0000:c6:00.1: probe with driver amdxdna failed with error -22",
            "gave the NPU up",
        ),
        ("amdxdna: probe of 0000:66:00.1 failed with error -22", "gave the NPU up"),
    ],
)
def test_the_kernels_own_lines_are_explained(line: str, plain: str) -> None:
    (found,) = explanations(line, KERNEL_MESSAGES)
    assert plain in found.meaning
    assert found.remedy
