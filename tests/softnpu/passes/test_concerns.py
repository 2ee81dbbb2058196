"""Passes that are passed over: what they list as `concerns` is all that they do something for."""

from pathlib import Path

import pytest
from xdsl.context import Context

from softnpu.compiler import pipelines
from softnpu.compiler.pass_pipelines import PASSES, pass_class
from softnpu.dialects.aiex import DMAAwaitTaskOp
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.dialects.walking import classes_in, ops_of
from softnpu.passes.assign_runtime_sequence_bd_ids import AssignRuntimeSequenceBDIDsPass
from softnpu.passes.concerns import Concerns
from softnpu.passes.materialize_bd_chains import MaterializeBDChainsPass
from softnpu.passes.sequence_ops import devices
from tests.softnpu.passes.test_materialize_bd_chains import TYPES, started

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
STAGES = ("placed.mlir", "input_with_addresses.mlir", "npu_insts.mlir")
CONCERNED = [name for name in PASSES if getattr(pass_class(name), "concerns", None) is not None]


@pytest.mark.parametrize("name", CONCERNED)
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


def test_a_pass_runs_where_the_one_before_has_made_what_concerns_it() -> None:
    start = f"aiex.dma_start_bd_chain @pair(%b, %a) : {TYPES} on (%shim, S2MM, 1)"
    module = parse_text(started(f"{start} {{issue_token = true}}"))
    for device in devices(module):
        (wait,) = ops_of(device, DMAAwaitTaskOp)  # would concern the pass, too
        wait.detach()
    one, other = MaterializeBDChainsPass(), AssignRuntimeSequenceBDIDsPass()
    pipelines.run([other, one, other], module)
    assert "bd_id = 0 : i32" in print_module(module)
