"""What the passes over runtime sequences share: finding devices, sequences and symbols in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.arch.device import Device
from softnpu.arch.device import device as arch_device
from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp, ShimDMAAllocationOp, TileOp
from softnpu.dialects.aie.symbols import symbol_name
from softnpu.dialects.making import drop, place_before
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops, ops_in
from softnpu.errors import DesignError


def devices(module: ModuleOp) -> list[DeviceOp]:
    """The devices of a module, in the order of its text."""
    return [op for op in module.body.block.ops if isinstance(op, DeviceOp)]


def sequences(device: DeviceOp) -> list[RuntimeSequenceOp]:
    """The runtime sequences of a device, in the order of its text."""
    return [op for op in ops_in(device.body) if isinstance(op, RuntimeSequenceOp)]


def sequence_ops(device: DeviceOp) -> Iterator[Operation]:
    """Every op inside the runtime sequences of a device; the caller may replace each in turn."""
    for sequence in sequences(device):
        yield from all_ops(sequence)


def find_device(module: ModuleOp, name: str = "") -> DeviceOp:
    """The device called `name`; DesignError with the nearest name if there is none."""
    found = {device.sym_name: device for device in devices(module)}
    wanted = name or "main"
    if wanted in found:
        return found[wanted]
    if not name and len(found) == 1:
        return next(iter(found.values()))
    raise DesignError(
        f"there is no device '@{wanted}' in this design", notes=_known(wanted, "devices", found)
    )


def find_sequence(device: DeviceOp, name: str = "") -> RuntimeSequenceOp:
    """The runtime sequence called `name`; DesignError with the nearest name if there is none."""
    found = {sequence.sym_name: sequence for sequence in sequences(device)}
    if name in found:
        return found[name]
    if not name and found:
        return next(iter(found.values()))
    what = f"runtime sequence '@{name}'" if name else "runtime sequence"
    raise design_error(
        device,
        f"device '@{device.sym_name}' has no {what}",
        *_known(name, "sequences", found),
    )


def _known(name: str, what: str, found: Iterable[str]) -> tuple[str, ...]:
    close = get_close_matches(name, list(found), n=1, cutoff=0.5)
    hint = (f"did you mean '@{close[0]}'?",) if close else ()
    return (*hint, f"{what}: {', '.join(f'@{known}' for known in found) or 'none'}")


def model_of(device: DeviceOp) -> Device:
    """The hardware that a device op names."""
    return arch_device(device.device.name)


def replace(op: Operation, new: Sequence[Operation]) -> None:
    """Put `new` and its constants in the place of `op`, which has no uses left."""
    put(op, with_constants(*new))


def put(op: Operation, new: Sequence[Operation]) -> None:
    """Put `new`, whose constants are among it, in the place of `op`, which has no uses left."""
    place_before(op, new)
    drop(op)


class Symbols:
    """The symbols that a device defines; ops that passes add are found too if they are told."""

    def __init__(self, device: DeviceOp) -> None:
        self.device = device
        self._ops: dict[str, Operation] = {}
        for op in ops_in(device.body):
            if (name := symbol_name(op)) is not None:
                self._ops.setdefault(name, op)

    def __contains__(self, name: str) -> bool:
        return name in self._ops

    def get(self, name: str) -> Operation | None:
        """The op that defines `name`, None if there is none."""
        return self._ops.get(name)

    def add(self, name: str, op: Operation) -> None:
        """Record a symbol that a pass has made."""
        self._ops[name] = op

    def names(self, kind: type[Operation]) -> list[str]:
        """The symbols that ops of one class define."""
        return [name for name, op in self._ops.items() if isinstance(op, kind)]

    def unknown(self, user: Operation, name: str, kind: type[Operation], what: str) -> DesignError:
        """The error for a symbol that is not there, or that is not `what` it should be."""
        known = self.names(kind)
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        found = self.get(name)
        message = (
            f"'@{name}' is no {what} of this device"
            if found is None
            else f"'@{name}' is no {what}, it is {found.name}"
        )
        hint = f"did you mean '@{close[0]}'?" if close else ""
        listed = f"{what}s: {', '.join(f'@{n}' for n in known)}" if known else f"it has no {what}"
        return design_error(user, message, *filter(None, (hint, listed)))

    def shim_allocation(self, user: Operation, name: str) -> ShimDMAAllocationOp:
        """The `aie.shim_dma_allocation` that `user` names.

        Raises:
            DesignError: there is none of that name; the nearest is suggested.
        """
        root = name.split("::@")[0]
        found = self.get(root)
        if not isinstance(found, ShimDMAAllocationOp):
            raise self.unknown(user, root, ShimDMAAllocationOp, "shim DMA allocation")
        return found


def tile_at(device: DeviceOp, col: int, row: int) -> TileOp | None:
    """The first `aie.tile` of the device with these coordinates."""
    for op in device.body.ops:  # tiles stand first, and a long sequence's data behind them
        if isinstance(op, TileOp) and (op.col, op.row) == (col, row):
            return op
    return None


def get_or_create_tile(device: DeviceOp, col: int, row: int) -> TileOp:
    """The device's `aie.tile` at (col, row), made at its beginning if there is none."""
    found = tile_at(device, col, row)
    if found is not None:
        return found
    tile = TileOp(col=col, row=row, location=device.location)
    first = device.body.first_op
    if first is None:
        device.body.add_op(tile)
    else:
        device.body.insert_op_before(tile, first)
    return tile
