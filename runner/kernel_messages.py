"""What the kernel's log says of the NPU, and what it means.

Sources: drivers/accel/amdxdna of Linux and of amd/xdna-driver (aie2_pci.c, aie2_ctx.c,
aie2_message.c, aie.c, aie_smu.c, aie_psp.c, aie2_tdr.c, amdxdna_pci_drv.c), src/driver/amdxdna of
the latter, whose contexts share the NPU in turn (aie2_ctx_runqueue.c), and its issues.
"""

from __future__ import annotations

from runner.messages import CONTEXTS_LEFT, FREE_CONTEXTS, RELOAD_DRIVER, Message

ONE_SOURCE = (
    "take driver and firmware from one source: the kernel with its linux-firmware, or the driver"
    " and the plugin package of amd/xdna-driver"
)

KERNEL_MESSAGES = (
    Message(
        r"IO_PAGE_FAULT",
        "the NPU touched memory that no buffer covers (IOMMU fault); it may stay wedged",
        "compare the transfers' extents with the buffers' sizes, then reset the NPU:"
        f" {RELOAD_DRIVER}, or a PCI rescan, or a reboot",
    ),
    Message(
        r"Incompatible firmware protocol major (?P<major>\d+) minor (?P<minor>\d+)",
        "the firmware speaks protocol {major}.{minor}, which this driver does not know: it is of"
        " another time than the kernel",
        f"{ONE_SOURCE}; ls -l /lib/firmware/amdnpu/*/ shows which firmware there is",
    ),
    Message(
        r"Firmware (?P<found>\d+\.\d+) below minimum (?P<least>\d+\.\d+)",
        "the firmware speaks protocol {found}, this driver wants {least} or newer",
        ONE_SOURCE,
    ),
    Message(
        r"Invalid mbox magic|firmware is not alive|failed to start psp",
        "the firmware did not start: driver and firmware do not fit together",
        f"{ONE_SOURCE}; npuforge doctor shows the version",
    ),
    Message(
        r"PSP is not ready|fw return error|failed to validate fw|failed to start fw",
        "the security processor (PSP) refused the firmware: it is damaged, or not for this NPU",
        f"install the firmware again; {ONE_SOURCE}; update the BIOS",
    ),
    Message(
        r"(failed to request_firmware|Direct firmware load for) (?P<name>\S+)",
        "the firmware file {name} is missing",
        "install it: package linux-firmware, or the plugin package of amd/xdna-driver",
    ),
    Message(
        r"smu cmd \d+ failed|smu cmd \d+ timed out|wait for smu intr idle|Power on failed"
        r"|Power off failed|Access power failed|failed to init smu",
        "the processor's power management (SMU) did not switch the NPU as the driver asked: after a"
        " firmware that does not fit, a hang, or a suspend",
        "shut down and switch on again (a restart does not reset it); if it stays, update the BIOS,"
        f" and {ONE_SOURCE}",
    ),
    Message(
        r"Running under hypervisor not supported",
        "the driver refuses to work in a virtual machine",
        "run on the machine itself; the emulator works anywhere (npuforge test_emu)",
    ),
    Message(
        r"SVA bind device failed|Enable PASID failed|Can not assign PASID|SVA get pasid failed"
        r"|PASID not available|PASID unavailable",
        "the IOMMU is off or lacks PASID",
        "turn the IOMMU on in the BIOS, and remove iommu=off or amd_iommu=off from the kernel's"
        " command line",
    ),
    Message(
        r"TDR timeout detected|Device isn't making progress|job timeout",
        "the driver's watchdog found the job stuck and ended it",
        "see what the emulator says about the design",
    ),
    Message(
        r"NPU firmware unhealthy|power-cycle start failed",
        "the firmware hung, and the driver switched the NPU off and on",
        f"if it happens again: {RELOAD_DRIVER}",
    ),
    Message(
        r"(?:command opcode 0x\w+ failed, )?status 0x2000003",
        f"the firmware has no context to give ({CONTEXTS_LEFT}), or is worn out",
        f"{FREE_CONTEXTS}; else reload the driver: {RELOAD_DRIVER}",
    ),
    Message(
        r"Not allow more than \d+ context|Not more hwctx",
        f"there is no context left ({CONTEXTS_LEFT})",
        FREE_CONTEXTS,
    ),
    Message(
        r"Require (?P<wanted>\d+) columns exceed (?P<there>\d+)",
        "an xclbin wanted {wanted} columns, the NPU has {there}",
        "build the design for this NPU",
    ),
    Message(
        r"Map host buffer failed|Map host buf failed",
        "the firmware could not map the memory of a context",
        "look at memlock and at the IOMMU (npuforge doctor); else reload the driver:"
        f" {RELOAD_DRIVER}",
    ),
    Message(
        r"command opcode 0x(?P<code>\w+) failed, status 0x(?P<status>\w+)",
        "the firmware refused a command (opcode 0x{code}, status 0x{status})",
        "what it was for stands in the lines around it: sudo dmesg | grep amdxdna",
    ),
    Message(
        r"Failed to suspend fw|Suspend firmware failed|suspend_fw failed|Resume firmware failed"
        r"|resume NPU firmware failed|Resume failed",
        "the NPU did not come through a suspend",
        f"reload the driver: {RELOAD_DRIVER}; if it stays, shut down and switch on again",
    ),
    Message(
        r"Get bo \d+ failed|Not supported request parameter|Query telemetry failed",
        "XRT or its tools asked for what this driver does not have: runs are not concerned",
        "take XRT and driver from one source if it disturbs",
    ),
    Message(
        r"Init hwctx failed|Create hwctx failed|Alloc hw resource failed|create context failed",
        "a program asked for a context and got none, for the reason in the lines before",
        FREE_CONTEXTS,
    ),
    Message(
        r"Hardware init failed|start npu failed|Start hardware failed|initial mgmt firmware failed"
        r"|probe of .*failed with error|probe with driver .*failed with error",
        "the driver gave the NPU up, for the reason in the lines before",
        f"mend that, then: {RELOAD_DRIVER}",
    ),
)
"""Rows that say why stand before those that follow from them."""
