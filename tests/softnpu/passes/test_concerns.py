"""Passes that are passed over: what they list as `concerns` is all that they do something for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from softnpu.compiler import pipelines
from softnpu.compiler.pass_pipelines import PASSES, pass_class
from softnpu.dialects.aie import TileOp
from softnpu.dialects.aiex import DMAAwaitTaskOp
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.dialects.walking import classes_in, ops_of
from softnpu.errors import DesignError
from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
from softnpu.passes.concerns import Concerns
from softnpu.passes.materialize_bd_chains import MaterializeBDChainsPass
from softnpu.passes.sequence_ops import devices, sequences
from tests.softnpu.passes.test_materialize_bd_chains import TYPES, started

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
STAGES = ("placed.mlir", "input_with_addresses.mlir", "npu_insts.mlir")
CONCERNED = [name for name in PASSES if getattr(pass_class(name), "concerns", None) is not None]


MAKING = [name for name in PASSES if getattr(pass_class(name), "makes", None) is not None]
CONCERNS = tuple(cls for name in CONCERNED for cls in pass_class(name).concerns)  # type: ignore[attr-defined]
"""What concerns any pass."""


def concerned_everywhere(name: str) -> bool:
    """Whether each design has something for a pass to do."""
    return TileOp in pass_class(name).concerns  # type: ignore[attr-defined]


def outcome(path: Path, change: Callable[[ModuleOp], None]) -> str:
    """What a change makes of a design, or why it does not."""
    module = parse_file(path, check=False)
    try:
        change(module)
    except DesignError as error:
        return error.message
    return print_module(module)


@pytest.mark.parametrize("name", CONCERNED)
def test_a_pass_asks_nothing_of_sequences_that_do_not_concern_it(name: str) -> None:
    one, context = pass_class(name)(), Context()
    for path in sorted(GOLDEN.glob("*/input_physical.mlir")):
        whole = outcome(path, lambda module: one.apply(context, module))
        assert outcome(path, lambda module: pipelines.run([one], module)) == whole, path


@pytest.mark.parametrize("name", [name for name in CONCERNED if not concerned_everywhere(name)])
def test_a_pass_does_nothing_where_no_op_concerns_it(name: str) -> None:
    concerns: Concerns = pass_class(name).concerns  # type: ignore[attr-defined]
    tried = 0
    for path in (path for stage in STAGES for path in sorted(GOLDEN.glob(f"*/{stage}"))):
        module = parse_file(path, check=False)
        if any(issubclass(cls, concerns) for cls in classes_in(module)):
            continue
        before = print_module(module)
        pass_class(name)().apply(Context(), module)
        assert print_module(module) == before, path
        tried += 1
    assert tried


@pytest.mark.parametrize("name", MAKING)
def test_a_pass_makes_nothing_in_sequences_but_what_it_lists(name: str) -> None:
    makes: Concerns = pass_class(name).makes  # type: ignore[attr-defined]

    def change(module: ModuleOp) -> None:
        before = {s: classes_in(s) for device in devices(module) for s in sequences(device)}
        pass_class(name)().apply(Context(), module)
        for sequence, classes in before.items():
            made = {cls for cls in classes_in(sequence) - classes if issubclass(cls, CONCERNS)}
            assert all(issubclass(cls, makes) for cls in made), f"{name} makes {made}"

    for path in sorted(GOLDEN.glob("*/input_physical.mlir")):
        outcome(path, change)


def test_a_pass_runs_where_the_one_before_has_made_what_concerns_it() -> None:
    start = f"aiex.dma_start_bd_chain @pair(%b, %a) : {TYPES} on (%shim, S2MM, 1)"
    module = parse_text(started(f"{start} {{issue_token = true}}"))
    for device in devices(module):
        (wait,) = ops_of(device, DMAAwaitTaskOp)  # would concern the pass, too
        wait.detach()
    one, other = MaterializeBDChainsPass(), AssignRuntimeSequenceBDIDsPass()
    pipelines.run([other, one, other], module)
    assert "bd_id = 0 : i32" in print_module(module)
