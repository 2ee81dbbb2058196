"""Routes that do what the flows say: mlir-aie's where they do, npuforge's own where not.

Whichever they are, and whoever wrote them into the array, the same check holds them to the flows
of the design (see inspect.route_check).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from softnpu.compiler import design_flows, pipelines
from softnpu.compiler.modules import verify
from softnpu.dialects.aie import (
    CoreOp,
    MemOp,
    MemTileDMAOp,
    RuntimeSequenceOp,
    ShimDMAOp,
    SwitchboxOp,
)
from softnpu.dialects.aside import set_aside, take_body
from softnpu.dialects.walking import all_ops, ops_in
from softnpu.errors import DesignError, diagnostic
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.flows import DesignFlows
from softnpu.inspect.route_check import Difference, differences, doubts, jams
from softnpu.passes.route_flows import NoRoutesError
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.targets.cdo_streams import switches

SPARED = (CoreOp, RuntimeSequenceOp)
"""Ops whose bodies, the largest, are not copied for another attempt: they are empty meanwhile."""

UNROUTED = (*SPARED, MemOp, MemTileDMAOp, ShimDMAOp)
"""Ops in which routing changes nothing."""

LISTED = 8
"""Differences that a message tells before it only counts them."""

SWITCHED = "the design has switchboxes of its own: what is routed already cannot be routed again"

OURS = (
    "npuforge has routed it otherwise, so that every flow arrives where it says",
    "with AMD's tools (--toolchain amd) the build stops at this",
)

KEPT_APART = "npuforge has routed it otherwise, so that they keep out of each other's way"

_log = logging.getLogger(__name__)


def route(module: ModuleOp) -> ModuleOp:
    """The design with its flows routed, each so that it arrives where it says and nowhere else.

    Routes are those of mlir-aie; where these would not do, they are not, and a warning says so.

    Args:
        module: a design whose resources have their numbers; it is not to be used afterwards.

    Raises:
        DesignError: there are no such routes, or two flows share a port that cannot serve both.
    """
    flows = design_flows.of_module(module)
    for wanted in flows.values():
        design_flows.check_ends(wanted)
    spare = _Unrouted.of(module)
    try:
        found = _route(module, flows)
    except DesignError as refused:
        return _rerouted(spare, flows, refused).with_bodies_of(module)
    if found.wrong:
        return _rerouted(spare, flows, found.wrong).with_bodies_of(module)
    if found.jams and (other := _unjammed(spare, flows, found.jams)):
        return other.with_bodies_of(module)
    return module


def check(flows: DesignFlows, array: ConfiguredArray) -> None:
    """Hold a finished array to the flows of its design; what is doubtful is a warning.

    Raises:
        DesignError: it does not do what they say; names flow, tile and port.
    """
    found = differences(flows, array)
    if found:
        raise _refusal(found)
    for doubt in doubts(flows, array):
        _log.warning(diagnostic("warning", doubt.message, doubt.location, doubt.notes))


@dataclass(frozen=True)
class _Unrouted:
    """A copy of a design in which `SPARED` ops have no bodies, to be routed in another way.

    Attributes:
        values: what the values of the design are in the copy.
    """

    module: ModuleOp
    values: dict[SSAValue, SSAValue]

    @classmethod
    def of(cls, module: ModuleOp) -> _Unrouted:
        """A copy of a design that has its bodies."""
        values: dict[SSAValue, SSAValue] = {}
        with set_aside(_with_bodies(module)):
            return cls(module.clone(values), values)

    def copy(self) -> _Unrouted:
        """One more."""
        values: dict[SSAValue, SSAValue] = {}
        module = self.module.clone(values)
        return _Unrouted(module, {old: values[new] for old, new in self.values.items()})

    def with_bodies_of(self, design: ModuleOp) -> ModuleOp:
        """The routed copy, with the bodies of the design that it was made from."""
        for old, new in zip(_with_bodies(design), _with_bodies(self.module), strict=True):
            take_body(new, take_body(old))
            for op in all_ops(new)[1:]:
                if not self.values.keys().isdisjoint(op._operands):
                    op.operands = [self.values.get(value, value) for value in op._operands]
        return self.module


def _with_bodies(module: ModuleOp) -> list[Operation]:
    return [
        op
        for device_op in devices(module)
        for op in ops_in(device_op.body)
        if isinstance(op, SPARED)
    ]


@dataclass(frozen=True)
class _Found:
    """What a routed design's switches do otherwise than its flows say, and what may jam in them."""

    wrong: list[Difference]
    jams: list[Difference]


def _route(
    module: ModuleOp,
    flows: Mapping[str, DesignFlows],
    *,
    exact: bool = False,
    apart: bool = False,
) -> _Found:
    """Route a design."""
    switched = any(isinstance(op, SwitchboxOp) for d in devices(module) for op in d.body.ops)
    pipelines.run(pipelines.routing(exact=exact, apart=apart), module)
    verify(module, [SWITCHED] if switched else [], UNROUTED)
    found = _Found([], [])
    for device_op in devices(module):
        model, wanted = model_of(device_op), flows[device_op.sym_name]
        array = of_operations(switches(device_op, model), model.columns)
        found.wrong.extend(differences(wanted, array))
        found.jams.extend(jams(wanted, array))
    return found


def _route_exactly(design: _Unrouted, flows: Mapping[str, DesignFlows]) -> tuple[_Unrouted, _Found]:
    """The design routed without mlir-aie's faults, and so that nothing can jam if that is found."""
    routed = design.copy()
    found = _route(routed.module, flows, exact=True)
    if found.jams and not found.wrong:
        try:
            other = _route(design.module, flows, exact=True, apart=True)
        except DesignError:
            return routed, found
        if not other.wrong and not other.jams:
            return design, other
    return routed, found


def _unjammed(
    design: _Unrouted, flows: Mapping[str, DesignFlows], found: list[Difference]
) -> _Unrouted | None:
    """The design routed so that packets cannot wait for each other, and a warning that they could;
    None if there are no such routes."""
    try:
        routed, other = _route_exactly(design, flows)
    except DesignError:
        return None
    if other.wrong or other.jams:
        return None
    _log.warning(
        diagnostic(
            "warning",
            f"as AMD's router (aie-opt) would route this design, {found[0].message}",
            found[0].location,
            (*found[0].notes, KEPT_APART),
        )
    )
    return routed


def _rerouted(
    design: _Unrouted, flows: Mapping[str, DesignFlows], problem: DesignError | list[Difference]
) -> _Unrouted:
    """The design routed without mlir-aie's faults, and a warning of what those would have done.

    Raises:
        DesignError: that does not do either.
    """
    if isinstance(problem, NoRoutesError) and problem.whatever:
        raise problem
    verb = "refuse" if isinstance(problem, DesignError) else "misroute"
    wrong = problem if isinstance(problem, DesignError) else _refusal(problem)
    try:
        routed, found = _route_exactly(design, flows)
    except DesignError as error:
        if isinstance(error, NoRoutesError) and isinstance(problem, NoRoutesError):
            raise problem from error
        told = (f"AMD's router (aie-opt) would {verb} it: {wrong.message}", *wrong.notes)
        same = error.message == wrong.message
        raise DesignError(
            error.message, error.location, (*error.notes, *(() if same else told))
        ) from error
    if found.wrong:
        raise _refusal(found.wrong)
    message = f"AMD's router (aie-opt) would {verb} this design: {wrong.message}"
    _log.warning(diagnostic("warning", message, wrong.location, (*wrong.notes, *OURS)))
    return routed


def _refusal(found: Sequence[Difference]) -> DesignError:
    """The error for an array that does not do what the flows of its design say."""
    first, *others = found
    return DesignError(first.message, first.location, (*first.notes, *_told(others)))


def _told(found: Sequence[Difference]) -> list[str]:
    lines = [f"{one.message}{f' ({one.location})' if one.location else ''}" for one in found]
    hidden = len(lines) - LISTED
    return lines[:LISTED] + ([f"and {hidden} more"] if hidden > 0 else [])
