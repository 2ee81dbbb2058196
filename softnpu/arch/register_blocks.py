"""Groups of registers that several kinds of tile share, each at a place of its own."""

from __future__ import annotations

from softnpu.arch.dma import DMA_ENGINES, Direction
from softnpu.arch.fields import Layout
from softnpu.arch.ports import SLOTS, STREAM_SWITCHES, Bundle, Port
from softnpu.arch.register import Register
from softnpu.arch.tiles import LOCK_STRIDE, TILE_FACTS, TileKind

_SIDES = ("South", "West", "North", "East")


def bits_of(layout: Layout, word: int = 0) -> str:
    """The fields of one word of a layout, as a register table writes them."""
    found = (f for f in layout.fields if f.word == word)
    return " ".join(
        f"{f.name}[{f.lsb + f.width - 1}:{f.lsb}]{'s' if f.signed else ''}" for f in found
    )


def flags(*names: str, first: int = 0) -> str:
    """One-bit fields from bit `first` upwards."""
    return " ".join(f"{name}[{bit}]" for bit, name in enumerate(names, first))


def numbered(name: str, first: int, count: int) -> str:
    """One-bit fields called name_first and so on, from bit 0 upwards."""
    return flags(*(f"{name}_{first + bit}" for bit in range(count)))


def memory(name: str, offset: int, size: int) -> Register:
    """A memory: one register as large as it is."""
    return Register(name, offset, size=size, stride=size)


def locks(kind: TileKind, selections: int, select_bits: int) -> list[Register]:
    """Lock values, event selection, overflow and underflow flags, and the request window."""
    facts = TILE_FACTS[kind]
    events = facts.lock_base + (0x400 if kind is TileKind.MEMORY else 0x100)
    select = f"Lock_Select[{15 + select_bits}:16] Lock_Value[5:0]"
    window = 0x400 * facts.locks
    return [
        Register("Lock{}_value", facts.lock_base, "Lock_value[5:0]", facts.locks, LOCK_STRIDE),
        Register("Locks_Event_Selection_{}", events, select, selections),
        *_lock_flags("Overflow", events + 0x20, facts.locks),
        *_lock_flags("Underflow", events + 0x28, facts.locks),
        Register("Lock_Request", facts.lock_request_base, stride=window, size=window),
    ]


def _lock_flags(what: str, offset: int, count: int) -> list[Register]:
    if count <= 16:
        return [Register(f"Locks_{what}", offset, numbered(f"Lock_{what}", 0, count))]
    return [
        Register(f"Locks_{what}_{n}", offset + 4 * n, numbered(f"Lock_{what}", 32 * n, 32))
        for n in range(count // 32)
    ]


def dma(kind: TileKind) -> list[Register]:
    """Buffer descriptors and channel registers."""
    engine = DMA_ENGINES[kind]
    registers = [
        Register(
            f"DMA_BD{{}}_{word}",
            engine.bd_base + 4 * word,
            bits_of(engine.bd, word),
            engine.bds,
            0x20,
        )
        for word in range(engine.bd.words)
    ]
    for direction in Direction:
        control = engine.control_address(direction, 0)
        name = f"DMA_{direction.name}_{{}}"
        registers += [
            Register(
                f"{name}_Ctrl", control, bits_of(engine.control[direction]), engine.channels, 8
            ),
            Register(
                f"{name}_{engine.queue_name}",
                control + 4,
                bits_of(engine.queue),
                engine.channels,
                8,
            ),
            Register(
                f"DMA_{direction.name}_Status_{{}}",
                engine.status_address(direction, 0),
                _status_bits(kind, direction),
                engine.channels,
            ),
        ]
    return [*registers, *_counts(kind)]


_WRITE_COUNT_BITS = {TileKind.CORE: 14, TileKind.MEMORY: 17, TileKind.SHIM: 18}


def _counts(kind: TileKind) -> list[Register]:
    engine, bits = DMA_ENGINES[kind], _WRITE_COUNT_BITS[kind]
    return [
        Register(
            "DMA_S2MM_Current_Write_Count_{}",
            engine.write_count_address(0),
            f"Current_Write_Count[{bits - 1}:0]",
            engine.channels,
        ),
        Register(
            "DMA_S2MM_FoT_Count_FIFO_Pop_{}",
            engine.finish_count_address(0),
            "Valid[31] Last_in_Task[30] BD_ID[29:24] Write_Count[17:0]",
            engine.channels,
        ),
    ]


def _status_bits(kind: TileKind, direction: Direction) -> str:
    memory_tile, shim = kind is TileKind.MEMORY, kind is TileKind.SHIM
    receives = direction is Direction.S2MM
    parts = [
        "Cur_BD[29:24]" if memory_tile else "Cur_BD[27:24]",
        "Task_Queue_Size[22:20] Channel_Running[19] Task_Queue_Overflow[18]",
        "AXI_MM_Slave_Error[17] AXI_MM_Decode_Error[16]" if shim else "",
        "Error_FoT_BDs_per_Task[13] Error_FoT_Length_Exceeded[12]" if receives else "",
        "Error_BD_Invalid[11]",
        "Error_BD_Unavailable[10]" if receives or memory_tile else "",
        "Error_DM_Access_to_Unavailable[9] Error_Lock_Access_to_Unavailable[8]"
        if memory_tile
        else "",
        "Stalled_TCT_or_Count_FIFO_Full[5] Stalled_Stream_Starvation[4]"
        if receives
        else "Stalled_TCT[5] Stalled_Stream_Backpressure[4]",
        "Stalled_Lock_Rel[3] Stalled_Lock_Acq[2] Status[1:0]",
    ]
    return " ".join(filter(None, parts))


MASTER_BITS = "Master_Enable[31] Packet_Enable[30] Drop_Header[7] Configuration[6:0]"
SLAVE_BITS = "Slave_Enable[31] Packet_Enable[30]"
SLOT_BITS = "id[28:24] mask[20:16] enable[8] msel[5:4] arbit[2:0]"
MASTER_PREFIX = "Stream_Switch_Master_Config_"
SLAVE_PREFIX = "Stream_Switch_Slave_Config_"
SLOT_PREFIX = "Stream_Switch_Slave_"


def stream_switch(kind: TileKind, parity: tuple[str, ...], injection: str) -> list[Register]:
    """Port configuration, packet slots, deterministic merge, event selection and status.

    Args:
        parity: the ports whose parity errors are told, from bit 0.
        injection: the fields of the register that makes such errors.
    """
    switch = STREAM_SWITCHES[kind]
    registers = [
        Register(MASTER_PREFIX + _master_label(port), switch.master_base + 4 * n, MASTER_BITS)
        for n, port in enumerate(switch.masters)
    ]
    for n, port in enumerate(switch.slaves):
        label = _slave_label(kind, port)
        slots = switch.slot_base + 4 * SLOTS * n
        registers += [
            Register(SLAVE_PREFIX + label, switch.slave_base + 4 * n, SLAVE_BITS),
            Register(f"{SLOT_PREFIX}{label}_Slot{{}}", slots, SLOT_BITS, SLOTS),
        ]
    return [*registers, *_merge(switch.master_base + 0x800), *_status(kind, parity, injection)]


def _master_label(port: Port) -> str:
    if port.bundle is Bundle.TileControl:
        return "Tile_Ctrl"
    return "AIE_Core0" if port.bundle is Bundle.Core else str(port)


def _slave_label(kind: TileKind, port: Port) -> str:
    if port.bundle is Bundle.TileControl:
        return "Tile_Ctrl"
    if port.bundle is Bundle.Core:
        return "AIE_Core0"
    if port.bundle is Bundle.Trace:
        core = ("AIE_Trace", "Mem_Trace")
        return core[port.channel] if kind is TileKind.CORE else "Trace"
    return f"{port.bundle.name}_{port.channel}"


def _merge(base: int) -> list[Register]:
    prefix = "Stream_Switch_Deterministic_Merge_arb{}"
    pairs = ((0, 1, 0), (2, 3, 4))
    inputs = [
        Register(
            f"{prefix}_slave{low}_{high}",
            base + at,
            f"Packet_Count_{high}[29:24] Slave_ID_{high}[20:16] "
            f"Packet_Count_{low}[13:8] Slave_ID_{low}[4:0]",
            2,
            0x10,
        )
        for low, high, at in pairs
    ]
    return [*inputs, Register(f"{prefix}_ctrl", base + 8, "Enable[0]", 2, 0x10)]


def _status(kind: TileKind, parity: tuple[str, ...], injection: str) -> list[Register]:
    base = STREAM_SWITCHES[kind].master_base + 0xF00
    handler = flags(
        "First_Header_Parity_Error", "Second_Header_Parity_Error", "SLVERR_On_Access", "Tlast_Error"
    )
    tile = "" if kind is TileKind.SHIM else "Tile_"
    return [
        *(_port_selection(base + 4 * n, 4 * n, n) for n in range(2)),
        Register("Stream_Switch_Parity_Status", base + 0x10, flags(*parity)),
        Register("Stream_Switch_Parity_Injection", base + 0x20, injection),
        Register(f"{tile}Control_Packet_Handler_Status", base + 0x30, handler),
        Register("Stream_Switch_Adaptive_Clock_Gate_Status", base + 0x34, "Active[0]"),
        Register(
            "Stream_Switch_Adaptive_Clock_Gate_Abort_Period", base + 0x38, "Abort_Period[3:0]"
        ),
    ]


def _port_selection(offset: int, first: int, number: int) -> Register:
    bits = " ".join(
        f"Port_{first + n}_Master_Slave[{8 * n + 5}] Port_{first + n}_ID[{8 * n + 4}:{8 * n}]"
        for n in (3, 2, 1, 0)
    )
    return Register(f"Stream_Switch_Event_Port_Selection_{number}", offset, bits)


def _four(names: tuple[str, ...], width: int) -> str:
    """Up to four fields of `width` bits, one a byte, the first in the lowest."""
    fields = [f"{name}[{8 * n + width - 1}:{8 * n}]" for n, name in enumerate(names)]
    return " ".join(reversed(fields))


def events(
    base: int, width: int, networks: tuple[str, ...] = ("",), broadcast: str = "", mode: str = ""
) -> list[Register]:
    """Timer, event generation and broadcast, trace, status, combinations and edges.

    Args:
        width: bits of an event number.
        networks: infixes of the broadcast networks' names ("_A" and "_B", or "" for the one).
        broadcast: suffix of the broadcast registers' names.
        mode: the mode field of Trace_Control0, where there is one.
    """
    top = width - 1
    edge = " ".join(
        f"Edge_Detection_{n}_Trigger_Falling[{16 * n + 10}] "
        f"Edge_Detection_{n}_Trigger_Rising[{16 * n + 9}] "
        f"Edge_Detection_Event_{n}[{16 * n + top}:{16 * n}]"
        for n in (1, 0)
    )
    return [
        Register("Timer_Control", base, f"Reset[31] Reset_Event[{8 + top}:8]"),
        Register("Event_Generate", base + 0x8, f"Event[{top}:0]"),
        Register(f"Event_Broadcast{{}}{broadcast}", base + 0x10, f"Event[{top}:0]", 16),
        *_broadcast_blocks(base + 0x50, networks),
        Register(
            "Trace_Control0",
            base + 0xD0,
            f"Trace_Stop_Event[{24 + top}:24] Trace_Start_Event[{16 + top}:16] {mode}",
        ),
        Register("Trace_Control1", base + 0xD4, "Packet_Type[14:12] ID[4:0]"),
        Register("Trace_Status", base + 0xD8, "State[9:8] Mode[2:0]"),
        *(
            Register(
                f"Trace_Event{n}",
                base + 0xE0 + 4 * n,
                _four(tuple(f"Trace_Event{4 * n + slot}" for slot in range(4)), width),
            )
            for n in range(2)
        ),
        Register("Timer_Trig_Event_Low_Value", base + 0xF0, "TimerTrigLow[31:0]"),
        Register("Timer_Trig_Event_High_Value", base + 0xF4, "TimerTrigHigh[31:0]"),
        Register("Timer_Low", base + 0xF8, "TimerLow[31:0]"),
        Register("Timer_High", base + 0xFC, "TimerHigh[31:0]"),
        *(
            Register(
                f"Event_Status{n}",
                base + 0x200 + 4 * n,
                f"Event_{32 * n + 31}_{32 * n}_Status[31:0]",
            )
            for n in range(6 if width == 8 else 4)
        ),
        Register(
            "Combo_event_inputs",
            base + 0x400,
            _four(("eventA", "eventB", "eventC", "eventD"), width),
        ),
        Register("Combo_event_control", base + 0x404, "combo2[17:16] combo1[9:8] combo0[1:0]"),
        Register("Edge_Detection_event_control", base + 0x408, edge),
    ]


def _broadcast_blocks(base: int, networks: tuple[str, ...]) -> list[Register]:
    parts = (("Set", "Set"), ("Clr", "Clear"), ("Value", "Value"))
    return [
        Register(
            f"Event_Broadcast{network}_Block_{side}_{suffix}",
            base + 0x40 * n + 0x10 * place + 4 * part,
            f"{field}[15:0]",
        )
        for n, network in enumerate(networks)
        for place, side in enumerate(_SIDES)
        for part, (suffix, field) in enumerate(parts)
    ]


def event_groups(base: int, names: tuple[str, ...]) -> list[Register]:
    """The enables of groups of events, one word a group; which bit is which event is left open."""
    return [
        Register(f"Event_Group_{name}_Enable", base + 4 * n, "Enable[31:0]")
        for n, name in enumerate(names)
    ]


def performance(
    base: int, counters: int, width: int, name: str = "Performance_Control"
) -> list[Register]:
    """Performance counters, what starts, stops and resets them, and their event values."""
    controls = []
    for n in range(counters // 2):
        at = base + 4 * n
        low, high = 2 * n, 2 * n + 1
        names = (
            f"Cnt{low}_Start_Event",
            f"Cnt{low}_Stop_Event",
            f"Cnt{high}_Start_Event",
            f"Cnt{high}_Stop_Event",
        )
        controls.append(Register(f"{name}{n}", at, _four(names, width)))
    resets = _four(tuple(f"Cnt{n}_Reset_Event" for n in range(counters)), width)
    return [
        *controls,
        Register(f"{name}{counters // 2}", base + 8, resets),
        *(
            Register(f"Performance_Counter{n}", base + 0x20 + 4 * n, f"Counter{n}_Value[31:0]")
            for n in range(counters)
        ),
        *(
            Register(
                f"Performance_Counter{n}_Event_Value",
                base + 0x80 + 4 * n,
                f"Counter{n}_Event_Value[31:0]",
            )
            for n in range(counters)
        ),
    ]
