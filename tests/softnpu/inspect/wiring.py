"""Arrays whose switches are written out in MLIR, routed by nobody."""

from softnpu.compiler.design_flows import of_device
from softnpu.compiler.selection import main_device
from softnpu.dialects.text import parse_text
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.flows import DesignFlows
from softnpu.passes.sequence_ops import model_of
from softnpu.targets.cdo_streams import switches


def wired(body: str) -> ConfiguredArray:
    """The array of a device that has these ops and no flows, be they right or not."""
    device_op = main_device(parse_text(_device(body), "design.mlir", check=False))
    model = model_of(device_op)
    return of_operations(switches(device_op, model), model.columns)


def flows(body: str) -> DesignFlows:
    """The flows of a device that has these ops."""
    return of_device(main_device(parse_text(_device(body), "design.mlir")))


TILES = """
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %c = aie.tile(0, 2)
    %d = aie.tile(0, 3)
    %t = aie.tile(1, 0)
    %n = aie.tile(1, 1)
    %e = aie.tile(1, 2)
"""


def _device(body: str) -> str:
    return f"module {{ aie.device(npu1_2col) {{ {TILES} {body} }} }}"
