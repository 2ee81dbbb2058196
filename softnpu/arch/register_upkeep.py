"""Registers that keep the hardware in order: error correction, resets, repair of memories.

mlir-aie's register database leaves them out; AMD's own configurations write some of them. Sources:
aie-rt, xaiemlgbl_params.h and xaie2pgbl_params.h, which agree but for the lanes of a memory; AM029.
"""

from __future__ import annotations

from softnpu.arch.register import AIE2P, Module, Register
from softnpu.arch.register_blocks import flags

R = Register

_SPARE = "Spare_Reg[15:0]"
_TRIGGER = "Trigger[0]"


def upkeep(module: Module, generation: str) -> list[Register]:
    """The registers of one module that are about its own soundness."""
    if module is Module.CORE:
        return list(_CORE)
    if module is Module.SHIM:
        return list(_SHIM)
    lanes = flags(*(f"Lane{n}" for n in range(8 if generation == AIE2P else 4)))
    if module is Module.MEMORY:
        return [R("CheckBit_Error_Generation", 0x12000, lanes), *_MEMORY]
    return [R("CheckBit_Error_Generation", 0x92000, lanes), *_MEMORY_TILE]


_CORE = (
    R("Program_Memory_Error_Injection", 0x24000, stride=16, size=16),
    R("ECC_Control", 0x32100, "Unstall_Core[1] Stall_Core_Control[0]"),
    R("ECC_Scrubbing_Event", 0x32110, "Scrubbing_Event_Number[6:0]"),
    R(
        "ECC_Failing_Address",
        0x32120,
        "Clear_Failing_Address[15] Access_Type[14] ECC_Error_Detection_Address[13:0]",
    ),
    R("CSSD_Trigger", 0x36040, _TRIGGER),
    R("Spare_Reg", 0x36050, _SPARE),
    R(
        "Module_Reset_Control",
        0x60010,
        flags("Stream_Switch_Reset", "Memory_Module_Reset", "Core_Module_Reset"),
    ),
)

_MEMORY = (
    R("ECC_Scrubbing_Event", 0x12110, "Scrubbing_Event_Number[6:0]"),
    R("ECC_Failing_Address", 0x12120, "Valid[15] ECC_Error_Detection_Address[13:0]"),
    R("Parity_Failing_Address", 0x12124, "Valid[16] Parity_Error_Detection_Address[15:0]"),
    R("Spare_Reg", 0x16000, _SPARE),
)

_MEMORY_TILE = (
    R("ECC_Scrubbing_Event", 0x92110, "Scrubbing_Event_Number[7:0]"),
    R("ECC_Failing_Address", 0x92120, "Valid[19] ECC_Error_Detection_Address[18:0]"),
    R("Spare_Reg", 0x96000, _SPARE),
    R("CSSD_Trigger", 0x96040, _TRIGGER),
    R("Module_Reset_Control", 0xFFF10, flags("Stream_Switch_Reset", "Memory_Reset")),
)

_SHIM = (
    R("NoC_Spare_Reg", 0x16000, _SPARE),
    R(
        "PL_Interface_Downsizer_Bypass",
        0x3300C,
        flags("South0", "South1", "South2", "South4", "South5", "South6"),
    ),
    R("BISR_cache_ctrl", 0x36000, "Clear[4] Trigger[0]"),
    R("BISR_cache_status", 0x36008, "Pass[1] Done[0]"),
    R("BISR_cache_data{}", 0x36010, "Data[31:0]", 4),
    R("BISR_test_data{}", 0x36020, "Data[31:0]", 4),
    R(
        "Module_Reset_Control_0",
        0xFFF10,
        "CTE_Module_Reset[3] PL_Interface_Reset[1] Stream_Switch_Reset[0]",
    ),
    R("CSSD_Trigger", 0xFFF24, _TRIGGER),
    R("Spare_Reg", 0xFFF30, _SPARE),
)
