"""The register tables: what each module of a tile holds.

Source: mlir-aie, aie_registers_aie2.json; where the second generation differs, aie-rt,
xaie2pgbl_params.h, and AM029. What the first leaves out is in register_upkeep.py.
"""

from __future__ import annotations

from functools import lru_cache

from softnpu.arch import register_blocks as blocks
from softnpu.arch.register import AIE2, AIE2P, Module, Register
from softnpu.arch.register_upkeep import upkeep
from softnpu.arch.tiles import TILE_FACTS, TileKind

R = Register

_ISOLATION = blocks.flags(
    "Isolate_From_South", "Isolate_From_West", "Isolate_From_North", "Isolate_From_East"
)
_ADDRESS = "Register_Value[19:0]"
_PARITY_CORE = ("Core", "DMA_0", "DMA_1", "Tile_Control")
_PARITY_MEMORY = (*(f"DMA_{n}" for n in range(6)), "Tile_Control")
_SOUTH = tuple(f"South_{n}" for n in range(8))


def _injection(generation: str, *ports: str) -> str:
    """The ports that a parity error can be put into; the second generation has two a port."""
    lower = blocks.flags(*ports)
    if generation != AIE2P:
        return lower
    return f"{lower} {blocks.flags(*(f'{port}_Upper' for port in ports), first=16)}"


_CORE_STATUS = (
    "Core_Processor_Bus_Stall[21] Core_Done[20] Error_Halt[19] ECC_Scrubbing_Stall[18] "
    "ECC_Error_Stall[17] Debug_Halt[16] Cascade_Stall_MCD[15] Cascade_Stall_SCD[14] "
    "Stream_Stall_MS0[12] Stream_Stall_SS0[10] Lock_Stall_E[9] Lock_Stall_N[8] Lock_Stall_W[7] "
    "Lock_Stall_S[6] Memory_Stall_E[5] Memory_Stall_N[4] Memory_Stall_W[3] Memory_Stall_S[2] "
    "Reset[1] Enable[0]"
)


_SPECIAL = ("PC", "FC", "SP", "LR", "LS", "LE")
_POINTERS = ("M", "DN", "DJ", "DC", "P")


_FIRST_CORE = (R("Core_CR", 0x31170, "Register_Value[31:0]"), R("Core_DP", 0x31190, _ADDRESS))
_SECOND_CORE = (
    R("Core_E{}", 0x30D00, count=12, stride=0x10, size=8),
    R("Core_CR1", 0x30E70, "Register_Value[31:0]"),
    R("Core_CR2", 0x30E80, "Register_Value[31:0]"),
)


def _core_registers(generation: str) -> list[Register]:
    """The processor's own registers, as a debugger sees them."""
    second = generation == AIE2P
    general = 0x31000 if second else 0x30C00
    special = 0x30E00 if second else 0x31100
    quads = 0x30C00 if second else 0x310C0
    return [
        blocks.memory("Core_Vector_Registers", 0x30000, 0xC00),
        R("Core_R{}", general, "Register_Value[31:0]", 32, 0x10),
        *(
            R(f"Core_{name}{{}}", general + 0x200 + 0x80 * n, _ADDRESS, 8, 0x10)
            for n, name in enumerate(_POINTERS)
        ),
        R("Core_S{}", general + 0x480, "Register_Value[5:0]", 4, 0x10),
        R("Core_Q{}", quads, count=4, stride=0x10, size=16),
        *(R(f"Core_{name}", special + 0x10 * n, _ADDRESS) for n, name in enumerate(_SPECIAL)),
        R("Core_LC", special + 0x60, "Register_Value[31:0]"),
        R("Core_SR", special + (0x90 if second else 0x80), "Register_Value[31:0]"),
        *(_SECOND_CORE if second else _FIRST_CORE),
    ]


def _core(generation: str) -> list[Register]:
    tile_control = 0x60020 if generation == AIE2P else 0x36030
    return [
        blocks.memory("Program_Memory", 0x20000, TILE_FACTS[TileKind.CORE].program_memory),
        *_core_registers(generation),
        *blocks.performance(0x31500, 4, 7),
        R("Core_Control", 0x32000, "Reset[1] Enable[0]"),
        R("Core_Status", 0x32004, _CORE_STATUS),
        R(
            "Enable_Events",
            0x32008,
            "Disable_Event_occurred[15] Disable_Event[14:8] Enable_Event_occurred[7] "
            "Enable_Event[6:0]",
        ),
        R("Reset_Event", 0x3200C, "Reset_Event[6:0]"),
        R("Debug_Control0", 0x32010, "Single_Step_Count[5:2] Debug_Halt_Bit[0]"),
        R(
            "Debug_Control1",
            0x32014,
            "Debug_Halt_Core_Event1[30:24] Debug_Halt_Core_Event0[22:16] "
            "Debug_SingleStep_Core_Event[14:8] Debug_Resume_Core_Event[6:0]",
        ),
        R(
            "Debug_Control2",
            0x32018,
            blocks.flags(
                "PC_Event_Halt", "Memory_Stall_Halt", "Lock_Stall_Halt", "Stream_Stall_Halt"
            ),
        ),
        R(
            "Debug_Status",
            0x3201C,
            "Debug_Event1_Halted[6] Debug_Event0_Halted[5] Stream_stall_Halted[4] "
            "Lock_Stall_Halted[3] Memory_Stall_Halted[2] PC_Event_halted[1] Debug_halted[0]",
        ),
        R("PC_Event{}", 0x32020, "Valid[31] PC_Address[13:0]", 4),
        R("Error_Halt_Control", 0x32030, "Error_Halt[0]"),
        R("Error_Halt_Event", 0x32034, "Error_Halt_Core_Event[6:0]"),
        R("Core_Processor_Bus", 0x32038, "SLVERR_On_Access[2] Enable[0]"),
        *blocks.events(0x34000, 7, mode="Mode[1:0]"),
        *blocks.event_groups(
            0x34500,
            (
                "0",
                "PC",
                "Core_Stall",
                "Core_Program_Flow",
                "Errors0",
                "Errors1",
                "Stream_Switch",
                "Broadcast",
                "User_Event",
            ),
        ),
        R("Tile_Control", tile_control, _ISOLATION),
        R("Accumulator_Control", 0x36060, "Output[1] Input[0]"),
        R("Memory_Control", 0x36070, "Memory_Zeroisation[0]"),
        *blocks.stream_switch(
            TileKind.CORE,
            _PARITY_CORE,
            _injection(generation, *_PARITY_CORE, "AIE_Trace", "Mem_trace"),
        ),
        R(
            "Module_Clock_Control",
            0x60000,
            "DMA_Adaptive_Clock_Gate[5] Stream_Switch_Adaptive_Clock_Gate[4] "
            "Core_Module_Clock_Enable[2] Memory_Module_Clock_Enable[1] "
            "Stream_Switch_Clock_Enable[0]",
        ),
    ]


def _memory_module(generation: str) -> list[Register]:
    second = generation == AIE2P
    watched = "WriteStrobes[23:16] Address[10:0]" if second else "WriteStrobes[23:20] Address[15:4]"
    return [
        blocks.memory("DataMemory", 0, TILE_FACTS[TileKind.CORE].data_memory),
        *blocks.performance(0x11000, 2, 7),
        *blocks.events(0x14000, 7),
        R(
            "WatchPoint{}",
            0x14100,
            "Read_Access[31] Write_Access[30] AXI_Access[29] DMA_Access[28] East_Access[27] "
            f"North_Access[26] West_Access[25] South_Access[24] {watched}",
            2,
        ),
        *blocks.event_groups(
            0x14500,
            (
                "0",
                "Watchpoint",
                "DMA",
                "Lock",
                "Memory_Conflict",
                "Error",
                "Broadcast",
                "User_Event",
            ),
        ),
        R("Memory_Control", 0x16010, "Memory_Zeroisation[0]"),
        *blocks.dma(TileKind.CORE),
        *blocks.locks(TileKind.CORE, 8, 4),
    ]


_CONSTANT_PADDING = (R("DMA_MM2S_{}_Constant_Pad_Value", 0xA06E0, "Constant_Pad_Value[31:0]", 6),)
"""What an MM2S channel pads with; the first generation pads with zeros alone (AM029)."""


def _memory_tile(generation: str) -> list[Register]:
    second = generation == AIE2P
    tile_control = 0xFFF20 if second else 0x96030
    watched = "WriteStrobes[23:16] Address[13:0]" if second else "WriteStrobes[23:20] Address[18:4]"
    return [
        blocks.memory("DataMemory", 0, TILE_FACTS[TileKind.MEMORY].data_memory),
        *blocks.performance(0x91000, 4, 8),
        *blocks.events(0x94000, 8, networks=("_A", "_B")),
        R(
            "WatchPoint{}",
            0x94100,
            "Read_Access[29] Write_Access[28] AXI_Access[27] DMA_Access[26] East_Access[25] "
            f"West_Access[24] {watched}",
            4,
        ),
        *blocks.event_groups(
            0x94500,
            (
                "0",
                "Watchpoint",
                "DMA",
                "Lock",
                "Stream_Switch",
                "Memory_Conflict",
                "Error",
                "Broadcast",
                "User_Event",
            ),
        ),
        R("Tile_Control", tile_control, _ISOLATION),
        R("Memory_Control", 0x96048, "Memory_Interleaving[1] Memory_Zeroisation[0]"),
        *blocks.dma(TileKind.MEMORY),
        *(_CONSTANT_PADDING if second else ()),
        R(
            "DMA_Event_Channel_Selection",
            0xA06A0,
            "MM2S_Sel1_Channel[26:24] MM2S_Sel0_Channel[18:16] S2MM_Sel1_Channel[10:8] "
            "S2MM_Sel0_Channel[2:0]",
        ),
        *blocks.stream_switch(
            TileKind.MEMORY, _PARITY_MEMORY, _injection(generation, *_PARITY_MEMORY, "Mem_trace")
        ),
        *blocks.locks(TileKind.MEMORY, 8, 6),
        R(
            "Module_Clock_Control",
            0xFFF00,
            "DMA_Adaptive_Clock_Gate[5] Stream_Switch_Adaptive_Clock_Gate[4] "
            "Memory_Module_Clock_Enable[1] Stream_Switch_Clock_Enable[0]",
        ),
    ]


_SIZERS = (
    "{first}South2_South3_128_combine[5] South3[4] South2[3] South0_South1_128_combine[2] "
    "South1[1] South0[0]"
)
_UPSIZER = _SIZERS.format(first="South4_South5_128_combine[8] South5[7] South4[6] ")
_DOWNSIZER = _SIZERS.format(
    first="South6_South7_128_combine[11] South7[10] South6[9] South4_South5_128_combine[8] "
    "South5[7] South4[6] "
)


def _interrupts() -> list[Register]:
    second = "Interrupt_controller_2nd_level_"
    parts = (
        ("mask", "IRQ_Mask"),
        ("enable", "Enable"),
        ("disable", "Disable"),
        ("status", "Status"),
    )
    registers = [
        R(f"{second}{name}", 0x15000 + 4 * n, f"{field}_A[15:0]")
        for n, (name, field) in enumerate(parts)
    ]
    registers.append(R(f"{second}interrupt", 0x15010, "NoC_Interrupt[1:0]"))
    for switch, base in (("A", 0x35000), ("B", 0x35030)):
        first = "Interrupt_controller_1st_level_"
        registers += [
            *(
                R(f"{first}{name}_{switch}", base + 4 * n, f"{field}_{switch}[19:0]")
                for n, (name, field) in enumerate(parts)
            ),
            R(f"{first}irq_no_{switch}", base + 0x10, f"Irq_no_{switch}[3:0]"),
            R(
                f"{first}irq_event_{switch}",
                base + 0x14,
                "IRQ_Event3[30:24] IRQ_Event2[22:16] IRQ_Event1[14:8] IRQ_Event0[6:0]",
            ),
            *(
                R(f"{first}block_north_in_{switch}_{name}", base + 0x18 + 4 * n, f"{field}[15:0]")
                for n, (name, field) in enumerate(
                    (("set", "Set"), ("clear", "Clear"), ("value", "Value"))
                )
            ),
        ]
    return registers


def _shim(generation: str) -> list[Register]:
    tile_control = 0xFFF40 if generation == AIE2P else 0x36030
    return [
        *blocks.locks(TileKind.SHIM, 6, 4),
        *_interrupts(),
        *blocks.dma(TileKind.SHIM),
        *(
            R(f"NoC_Interface_AIE_to_NoC_South{port}", 0x1E000 + 4 * port, "Tdest[9:0]")
            for port in (2, 3, 4, 5)
        ),
        R(
            "AIE_AXIMM_Config",
            0x1E020,
            blocks.flags("Master_Sel", "Slave_Sel", "SLVERR_Block", "DECERR_Block"),
        ),
        R("Mux_Config", 0x1F000, "South7[15:14] South6[13:12] South3[11:10] South2[9:8]"),
        R("Demux_Config", 0x1F004, "South5[11:10] South4[9:8] South3[7:6] South2[5:4]"),
        *blocks.performance(0x31000, 2, 7, "Performance_Ctrl"),
        R("PL_Interface_Upsizer_Config", 0x33000, _UPSIZER),
        R("PL_Interface_Downsizer_Config", 0x33004, _DOWNSIZER),
        R(
            "PL_Interface_Downsizer_Enable",
            0x33008,
            blocks.flags(*(f"South{n}" for n in range(8))),
        ),
        *blocks.events(0x34000, 7, networks=("_A", "_B"), broadcast="_A"),
        *blocks.event_groups(
            0x34500,
            ("0", "DMA_Activity", "Lock", "Errors", "Stream_Switch", "Broadcast_A"),
        ),
        R("Tile_Control", tile_control, _ISOLATION),
        *blocks.stream_switch(
            TileKind.SHIM,
            (*_SOUTH[:6], "Tile_Control"),
            _injection(generation, *_SOUTH, "Tile_Control", "Shim_trace"),
        ),
        R(
            "Module_Clock_Control_0",
            0xFFF00,
            "DMA_Adaptive_Clock_Gate[5] Stream_Switch_Adaptive_Clock_Gate[4] "
            "CTE_Clock_Enable[3] PL_Interface_Clock_Enable[1] Stream_Switch_Clock_Enable[0]",
        ),
        R("Module_Clock_Control_1", 0xFFF04, "NoC_Module_Clock_Enable[0]"),
        R("Module_Reset_Control_1", 0xFFF14, "NoC_Module_Reset[0]"),
        R("Column_Clock_Control", 0xFFF20, "Clock_Buffer_Enable[0]"),
        R("AIE_Tile_Column_Reset", 0xFFF28, "Reset[0]"),
    ]


_TABLES = {
    Module.CORE: _core,
    Module.MEMORY: _memory_module,
    Module.MEMORY_TILE: _memory_tile,
    Module.SHIM: _shim,
}


@lru_cache
def table(module: Module, generation: str = AIE2) -> tuple[Register, ...]:
    """Every register of a module."""
    return (*_TABLES[module](generation), *upkeep(module, generation))
