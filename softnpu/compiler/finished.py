"""The finished array of a design, whoever made it, held to the design's flows.

Between the stages they lie in `input_flows.json`; what the check finds is written to `routes.txt`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import design_flows, routing
from softnpu.compiler.selection import main_device
from softnpu.compiler.streams import INSTS
from softnpu.formats import cdo, txn
from softnpu.formats.operations import LoadPdi, Operation
from softnpu.inspect import flows
from softnpu.inspect.array import of_operations
from softnpu.inspect.flows import FileFlows
from softnpu.inspect.route_check import ways
from softnpu.passes.generate_column_control_overlay import OVERLAY
from softnpu.targets.cdo import PARTS, file_name

FLOWS = "input_flows.json"
ROUTES = "routes.txt"


def write_flows(module: ModuleOp, folder: Path) -> None:
    """Write the flows of a design that is not routed yet."""
    found = FileFlows(main_device(module).sym_name, design_flows.of_module(module))
    flows.write(folder / FLOWS, found)


def check_routes(folder: Path, pdis: Mapping[str, int] | None = None) -> None:
    """Follow every flow of a design through the array that the CDO files in `folder` set up.

    Writes `routes.txt`, the way of each. The instruction stream there, if there is one, is held to
    the flows as well: the packets that it has the array send.

    Args:
        pdis: the number of each device's PDI; from 1 on, in the order of the design, unless given.

    Raises:
        DesignError: the array does something else; names flow, tile and port.
        FormatError: a file that is damaged or missing.
    """
    design = flows.read(folder / FLOWS)
    pdis = pdis or {name: number for number, name in enumerate(design.devices, start=1)}
    insts = folder / INSTS
    stream = txn.parse(insts.read_bytes()).operations if insts.is_file() else ()
    lines = []
    for name, wanted in design.devices.items():
        files = [(folder / file_name(name, part)).read_bytes() for part in PARTS]
        setup = [one for data in files for one in cdo.operations(cdo.parse(data))]
        if name != OVERLAY:  # its control packets have their headers from the compiler
            setup += _run_on(name, stream, pdis, design.main)
        array = of_operations(setup)
        routing.check(wanted, array)
        lines += [f"device {name}", *ways(wanted, array)]
    (folder / ROUTES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _run_on(
    name: str, stream: Iterable[Operation], pdis: Mapping[str, int], first: str
) -> list[Operation]:
    """The operations of a stream that run while the PDI of a device is loaded."""
    loaded = pdis[first]
    found: list[Operation] = []
    for operation in stream:
        if isinstance(operation, LoadPdi):
            loaded = operation.id
        elif loaded == pdis[name]:
            found.append(operation)
    return found
