"""Stream switches, shim muxes and cascades in a CDO.

Sources: mlir-aie, AIERT.cpp (`configureSwitches`), and aie-rt, xaie_ss.c, xaie_plif.c and
xaie_core.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import Operation

from softnpu.arch import connections
from softnpu.arch.address import tile_address
from softnpu.arch.device import Device
from softnpu.arch.fields import Field, Layout
from softnpu.arch.ports import (
    CASCADE_CONTROL_REGISTER,
    SHIM_DEMUX_FIELDS,
    SHIM_DEMUX_REGISTER,
    SHIM_MM2S_PORTS,
    SHIM_MUX_FIELDS,
    SHIM_MUX_REGISTER,
    SHIM_S2MM_PORTS,
    SLOTS,
    Bundle,
    ShimSource,
    StreamSwitch,
)
from softnpu.dialects.aie import (
    AMSelOp,
    CascadeDir,
    ConfigureCascadeOp,
    ConnectOp,
    DeviceOp,
    MasterSetOp,
    PacketRuleOp,
    PacketRulesOp,
    ShimMuxOp,
    ShimSwitchboxOp,
    SwitchboxOp,
    WireBundle,
)
from softnpu.dialects.source import design_error
from softnpu.formats import operations as ops
from softnpu.targets.cdo_bd import Position
from softnpu.targets.steps import Step, steps_for

MASTER = Layout(
    1,
    (
        Field("Master_Enable", 0, 31, 1),
        Field("Packet_Enable", 0, 30, 1),
        Field("Drop_Header", 0, 7, 1),
        Field("Configuration", 0, 0, 7),
    ),
)
"""Configuration: the slave's index, or for packets the arbiter and, from bit 3, the selects."""
SELECTS_LSB = 3

SLAVE = Layout(1, (Field("Slave_Enable", 0, 31, 1), Field("Packet_Enable", 0, 30, 1)))

SLOT = Layout(
    1,
    (
        Field("ID", 0, 24, 5),
        Field("Mask", 0, 16, 5),
        Field("Enable", 0, 8, 1),
        Field("Msel", 0, 4, 2),
        Field("Arbit", 0, 0, 3),
    ),
)

SHIM_FIELD_MASK = 0b11
"""A port's field in the shim mux or demux has two bits."""

CASCADE_INPUTS = {CascadeDir.North: 0, CascadeDir.West: 1}
CASCADE_OUTPUTS = {CascadeDir.South: 0, CascadeDir.East: 2}


def switches(
    device_op: DeviceOp, device: Device, *, overlay: bool = True
) -> Iterator[ops.Operation]:
    """Operations that configure all of a device's streams; as `switch_steps`."""
    return (step.operation for step in switch_steps(device_op, device, overlay=overlay))


def switch_steps(device_op: DeviceOp, device: Device, *, overlay: bool = True) -> Iterator[Step]:
    """Steps that configure all of a device's streams.

    Args:
        overlay: also what control packets go by; False where it stays from an earlier image.

    Raises:
        DesignError: a port that there is not, or a connection that the switch cannot make.
    """
    found = list(device_op.body.ops)
    for switch in (op for op in found if isinstance(op, SwitchboxOp)):
        yield from _switchbox(switch, device, overlay=overlay)
    for mux in (op for op in found if isinstance(op, ShimMuxOp)):
        yield from _shim_mux(mux)
    for shim in (op for op in found if isinstance(op, ShimSwitchboxOp)):
        yield from _circuits(shim, device, (shim.col, 0))
    for cascade in (op for op in found if isinstance(op, ConfigureCascadeOp)):
        yield Step(_cascade(cascade), cascade)


def _switchbox(switch: SwitchboxOp, device: Device, *, overlay: bool) -> Iterator[Step]:
    tile = switch.position
    yield from _circuits(switch, device, tile)
    packets = (op for op in switch.connections.block.ops if isinstance(op, _PACKETS))
    inside = [op for op in packets if overlay or not op.is_ctrl_pkt_overlay]
    for master in (op for op in inside if isinstance(op, MasterSetOp)):
        yield Step(_packet_master(master, device, tile), master)
    for rules in (op for op in inside if isinstance(op, PacketRulesOp)):
        yield from steps_for(rules, _packet_slave(rules, device, tile))


# circuits


def _circuits(
    switch: SwitchboxOp | ShimSwitchboxOp, device: Device, tile: Position
) -> Iterator[Step]:
    for connect in switch.connections.block.ops:
        if isinstance(connect, ConnectOp):
            yield from steps_for(connect, _circuit(connect, device, tile))


def _circuit(connect: ConnectOp, device: Device, tile: Position) -> Iterator[ops.Operation]:
    switch = device.stream_switch(*tile)
    source, source_channel = _port(connect.source_port)
    dest, dest_channel = _port(connect.dest_port)
    master = _master_register(connect, switch, tile, dest, dest_channel)
    slave = _slave_register(connect, switch, tile, source, source_channel)
    if not connections.is_legal(switch.kind, source, source_channel, dest, dest_channel):
        raise design_error(
            connect,
            f"the switch of tile {tile} cannot connect {source.name} {source_channel} "
            f"to {dest.name} {dest_channel}",
        )
    index = switch.slave_index(source, source_channel)
    yield ops.Write(master, _pack(MASTER, master_enable=1, configuration=index))
    yield ops.Write(slave, _pack(SLAVE, slave_enable=1))


# packets

_PACKETS = (MasterSetOp, PacketRulesOp)


def _packet_master(master: MasterSetOp, device: Device, tile: Position) -> ops.Operation:
    amsels = [_amsel(master, value.owner) for value in master.amsels]
    arbiters = {amsel.arbiter_id for amsel in amsels}
    if len(arbiters) != 1:
        raise design_error(master, "an aie.masterset takes the selects of one arbiter")
    selects = sum({1 << amsel.msel for amsel in amsels})
    register = _master_register(master, device.stream_switch(*tile), tile, *_port(master.dest_port))
    value = _pack(
        MASTER,
        master_enable=1,
        packet_enable=1,
        drop_header=int(not _keeps_header(master, tile)),
        configuration=selects << SELECTS_LSB | arbiters.pop(),
    )
    return ops.Write(register, value)


def _keeps_header(master: MasterSetOp, tile: Position) -> bool:
    """DMAs get packets without their header unless the design says otherwise.

    What goes south from a shim's switch is taken for the shim's DMA.
    """
    if master.keep_pkt_header is not None:
        return master.keep_pkt_header
    to_shim_dma = tile[1] == 0 and master.dest_bundle is WireBundle.South
    return master.dest_bundle is not WireBundle.DMA and not to_shim_dma


def _packet_slave(rules: PacketRulesOp, device: Device, tile: Position) -> Iterator[ops.Operation]:
    switch = device.stream_switch(*tile)
    bundle, channel = _port(rules.source_port)
    slave = _slave_register(rules, switch, tile, bundle, channel)
    found = [op for op in rules.rules.block.ops if isinstance(op, PacketRuleOp)]
    if len(found) > SLOTS:
        raise design_error(rules, f"{len(found)} rules; a port of the switch has {SLOTS} slots")
    for slot, rule in enumerate(found):
        register = tile_address(*tile, switch.slot_register(bundle, channel, slot))
        yield ops.Write(slave, _pack(SLAVE, slave_enable=1, packet_enable=1))
        yield ops.Write(register, _slot(rule))


def _slot(rule: PacketRuleOp) -> int:
    amsel = _amsel(rule, rule.amsel.owner)
    values = {"id": rule.value, "mask": rule.mask}
    for key, value in values.items():
        if not 0 <= value <= SLOT.field(key).maximum:
            raise design_error(rule, f"{key} = {value}: packet ids have 5 bits")
    return _pack(SLOT, **values, enable=1, msel=amsel.msel, arbit=amsel.arbiter_id)


def _amsel(user: Operation, owner: object) -> AMSelOp:
    if not isinstance(owner, AMSelOp):
        raise design_error(user, "expected the result of an aie.amsel")
    return owner


# shim mux and cascade


def _shim_mux(mux: ShimMuxOp) -> Iterator[Step]:
    """The ports between the shim's switch and its DMA, led to and from it."""
    for connect in mux.connections.block.ops:
        if not isinstance(connect, ConnectOp):
            continue
        if connect.source_bundle is WireBundle.North:
            lsb = _shim_port(connect, connect.source_channel, SHIM_S2MM_PORTS, SHIM_DEMUX_FIELDS)
            yield Step(_to_dma(mux.position, SHIM_DEMUX_REGISTER, lsb), connect)
        if connect.dest_bundle is WireBundle.North:
            lsb = _shim_port(connect, connect.dest_channel, SHIM_MM2S_PORTS, SHIM_MUX_FIELDS)
            yield Step(_to_dma(mux.position, SHIM_MUX_REGISTER, lsb), connect)


def _shim_port(
    connect: ConnectOp, port: int, dma_ports: tuple[int, ...], fields: dict[int, int]
) -> int:
    """The lowest bit of a port's field; only ports that the shim's DMA has."""
    other = {connect.source_bundle, connect.dest_bundle} - {WireBundle.North}
    if other != {WireBundle.DMA} or port not in dma_ports:
        raise design_error(
            connect,
            "only connections between the shim's DMA and its switch are supported in a shim mux",
            f"DMA S2MM takes North {' or '.join(map(str, SHIM_S2MM_PORTS))}, "
            f"DMA MM2S leads to North {' or '.join(map(str, SHIM_MM2S_PORTS))}",
        )
    return fields[port]


def _to_dma(tile: Position, register: int, lsb: int) -> ops.Operation:
    return ops.MaskWrite(
        tile_address(*tile, register), SHIM_FIELD_MASK << lsb, int(ShimSource.DMA) << lsb
    )


def _cascade(configure: ConfigureCascadeOp) -> ops.Operation:
    source = CASCADE_INPUTS.get(configure.input_dir)
    target = CASCADE_OUTPUTS.get(configure.output_dir)
    if source is None or target is None:
        raise design_error(
            configure, "a cascade comes from North or West and goes to South or East"
        )
    return ops.Write(
        tile_address(*configure.tile_op.position, CASCADE_CONTROL_REGISTER), source | target
    )


# ports


def _port(port: tuple[WireBundle, int]) -> tuple[Bundle, int]:
    bundle, channel = port
    return Bundle(bundle.value), channel


def _master_register(
    op: Operation, switch: StreamSwitch, tile: Position, bundle: Bundle, channel: int
) -> int:
    try:
        return tile_address(*tile, switch.master_register(bundle, channel))
    except KeyError:
        raise _no_port(op, tile, "to", bundle, channel) from None


def _slave_register(
    op: Operation, switch: StreamSwitch, tile: Position, bundle: Bundle, channel: int
) -> int:
    try:
        return tile_address(*tile, switch.slave_register(bundle, channel))
    except KeyError:
        raise _no_port(op, tile, "from", bundle, channel) from None


def _no_port(op: Operation, tile: Position, way: str, bundle: Bundle, channel: int) -> Exception:
    return design_error(op, f"the switch of tile {tile} has no port {way} {bundle.name} {channel}")


def _pack(layout: Layout, **values: int) -> int:
    return layout.pack(values)[0]
