"""What has been read of an op, before it is one."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.parser import UnresolvedOperand


@dataclass
class Parts:
    """What has been read of an op so far."""

    operands: dict[str, list[UnresolvedOperand | SSAValue]] = field(default_factory=dict)
    types: dict[str, list[Attribute]] = field(default_factory=dict)
    properties: dict[str, Attribute] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)
    successors: list[Block] = field(default_factory=list)
