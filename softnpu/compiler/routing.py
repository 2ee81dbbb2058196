"""Routes that do what the flows say: mlir-aie's where they do, npuforge's own where not.

Whichever they are, and whoever wrote them into the array, the same check holds them to the flows
of the design (see inspect.route_check).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import design_flows, pipelines
from softnpu.compiler.modules import verify
from softnpu.dialects.aie import CoreOp, RuntimeSequenceOp, SwitchboxOp
from softnpu.errors import DesignError, diagnostic
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.flows import DesignFlows
from softnpu.inspect.route_check import Difference, differences, doubts, jams
from softnpu.passes.route_flows import NoRoutesError
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.targets.cdo_streams import switches

UNROUTED = (CoreOp, RuntimeSequenceOp)
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
    attempt = module.clone()
    try:
        found = _route(attempt, flows)
    except DesignError as refused:
        return _rerouted(module, flows, refused)
    if found.wrong:
        return _rerouted(module, flows, found.wrong)
    return _unjammed(module, attempt, flows, found.jams) if found.jams else attempt


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


def _route_exactly(module: ModuleOp, flows: Mapping[str, DesignFlows]) -> tuple[ModuleOp, _Found]:
    """The design routed without mlir-aie's faults, and so that nothing can jam if that is found."""
    routed = module.clone()
    found = _route(routed, flows, exact=True)
    if found.jams and not found.wrong:
        try:
            other = _route(module, flows, exact=True, apart=True)
        except DesignError:
            return routed, found
        if not other.wrong and not other.jams:
            return module, other
    return routed, found


def _unjammed(
    module: ModuleOp, attempt: ModuleOp, flows: Mapping[str, DesignFlows], found: list[Difference]
) -> ModuleOp:
    """The design routed so that packets cannot wait for each other, and a warning that they could;
    or as it is, if there are no such routes."""
    try:
        routed, other = _route_exactly(module, flows)
    except DesignError:
        return attempt
    if other.wrong or other.jams:
        return attempt
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
    module: ModuleOp, flows: Mapping[str, DesignFlows], problem: DesignError | list[Difference]
) -> ModuleOp:
    """The design routed without mlir-aie's faults, and a warning of what those would have done.

    Raises:
        DesignError: that does not do either.
    """
    if isinstance(problem, NoRoutesError) and problem.whatever:
        raise problem
    verb = "refuse" if isinstance(problem, DesignError) else "misroute"
    wrong = problem if isinstance(problem, DesignError) else _refusal(problem)
    try:
        routed, found = _route_exactly(module, flows)
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
