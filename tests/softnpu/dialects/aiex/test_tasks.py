"""Tasks and device configurations: spelling, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.aiex import (
    ConfigureOp,
    DMAConfigureTaskOp,
    DMAStartBdChainOp,
    DMAStartTaskOp,
    RunOp,
    SetLockOp,
)
from softnpu.dialects.text import parse_text, print_module

Lines = Callable[[str], list[str]]
Read = Callable[[str], ModuleOp]

TASKS = """
aie.shim_dma_allocation @out(%shim, S2MM, 0)
%l = aie.lock(%core, 1) {sym_name = "l"}
aie.bd_chain @copy(%x: memref<8xi32>) {
  aie.dma_bd(%x : memref<8xi32>, 0, 8)
  aie.end
}
aie.runtime_sequence(%a: memref<8xi32>) {
  %t = aiex.dma_configure_task(%shim, MM2S, 0, <pkt_type = 0, pkt_id = 1>) {
    aie.dma_bd(%a : memref<8xi32>, 0, 8) {bd_id = 4 : i32}
    aie.end
  } {repeat_count = 2 : i32}
  aiex.dma_start_task(%t)
  %u = aiex.dma_configure_task_for @out {
    aie.dma_bd(%a : memref<8xi32>, 0, 8)
    aie.end
  } {issue_token = true}
  aiex.dma_start_task(%u)
  aiex.dma_await_task(%u)
  aiex.dma_free_task(%t)
  %v = aiex.dma_start_bd_chain @copy(%a) : (memref<8xi32>) on (%shim, MM2S, 1)
  %w = aiex.dma_start_bd_chain_for @copy(%a) : (memref<8xi32>) for @out
  aiex.set_lock(%l, 3)
}
"""


def test_tasks_are_spelt_as_aie_opt_does(lines: Lines) -> None:
    printed = lines(TASKS)
    start = printed.index("aie.runtime_sequence(%arg0: memref<8xi32>) {") + 1
    assert printed[start:] == [
        "  %0 = aiex.dma_configure_task(%shim_noc_tile_0_0, MM2S, 0, <pkt_type = 0, pkt_id = 1>) {",
        "    aie.dma_bd(%arg0 : memref<8xi32> offset = 0 len = 8) {bd_id = 4 : i32}",
        "    aie.end",
        "  } {repeat_count = 2 : i32}",
        "  aiex.dma_start_task(%0)",
        "  %1 = aiex.dma_configure_task_for @out {",
        "    aie.dma_bd(%arg0 : memref<8xi32> offset = 0 len = 8)",
        "    aie.end",
        "  } {issue_token = true}",
        "  aiex.dma_start_task(%1)",
        "  aiex.dma_await_task(%1)",
        "  aiex.dma_free_task(%0)",
        "  %2 = aiex.dma_start_bd_chain @copy(%arg0) : (memref<8xi32>) "
        "on (%shim_noc_tile_0_0, MM2S, 1)",
        "  %3 = aiex.dma_start_bd_chain_for @copy(%arg0) : (memref<8xi32>) for  @out",
        "  aiex.set_lock(%l, 3)",
        "}",
    ]


def test_a_chains_arguments_come_before_its_tile_in_the_generic_form(lines: Lines) -> None:
    custom = "aiex.dma_start_bd_chain @copy(%a) : (memref<8xi32>) on (%shim, MM2S, 1)"
    generic = (
        '"aiex.dma_start_bd_chain"(%a, %shim) {channel = 1 : i32, direction = 1 : i32, '
        "symbol = @copy} : (memref<8xi32>, index) -> index"
    )
    assert custom in TASKS
    assert lines(TASKS.replace(custom, generic)) == lines(TASKS)


def test_tasks_know_what_they_refer_to(read: Read) -> None:
    ops = list(read(TASKS).walk())
    first_start = next(op for op in ops if isinstance(op, DMAStartTaskOp))
    task = next(op for op in ops if isinstance(op, DMAConfigureTaskOp))
    chain = next(op for op in ops if isinstance(op, DMAStartBdChainOp))
    lock = next(op for op in ops if isinstance(op, SetLockOp))
    assert first_start.task_op is task
    assert (task.first_bd_id, task.position, task.repeat_count) == (4, (0, 0), 2)
    assert chain.bd_chain_op is not None
    assert lock.lock_op.sym_name == "l"


def test_a_sequence_runs_another_devices() -> None:
    text = """module {
  aie.device(npu1_1col) @first {
    aie.runtime_sequence @work(%arg0: memref<4xi32>) {
    }
  }
  aie.device(npu1_1col) {
    aie.runtime_sequence(%arg0: memref<4xi32>) {
      aiex.configure @first {
        aiex.run @work(%arg0) : (memref<4xi32>)
      }
    }
  }
}

"""
    module = parse_text(text)
    assert print_module(module) == text
    run = next(op for op in module.walk() if isinstance(op, RunOp))
    configure = next(op for op in module.walk() if isinstance(op, ConfigureOp))
    assert configure.referenced_device_op is run.callee_device_op
    assert run.callee_runtime_sequence_op is not None
