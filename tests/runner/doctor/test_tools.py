from __future__ import annotations

from runner.doctor import Status, Tool
from runner.doctor.tools import check, fit

PEANO = Tool("peano", "/opt/peano/bin/clang", "clang version 20.0.0 for aie2", "PATH", needed=True)
AIE_OPT = Tool("aie-opt", "/opt/mlir-aie/bin/aie-opt", "5ff2ab97, LLVM 22.1.0", "PATH")


def test_a_tool_that_only_amd_has_is_needed_for_hardware() -> None:
    found = check(Tool("peano", None, reason="was not found", needed=True, remedy="pip install"))
    assert found.status is Status.FAILED and found.hint == "pip install" and found.hardware


def test_a_tool_that_npuforge_can_replace_is_not_missed() -> None:
    assert check(Tool("aie-opt", None)).status is Status.OK


def test_a_tool_that_was_found_and_cannot_be_used_is_told() -> None:
    found = check(Tool("xclbinutil", None, reason="/usr/bin/xclbinutil says nothing", broken=True))
    assert found.status is Status.WARNING and "/usr/bin/xclbinutil" in found.detail


def test_two_peanos_are_told_with_the_variable_that_decides() -> None:
    found = check(Tool(**{**vars(PEANO), "others": ("/usr/local/bin/clang (clang 19)",)}))
    assert found.status is Status.WARNING
    assert "/usr/local/bin/clang" in found.detail and "PEANO_INSTALL_DIR" in found.hint


def test_versions_that_fit_are_told_with_both_numbers() -> None:
    found = fit([PEANO, AIE_OPT])
    assert found.status is Status.OK and "LLVM 20" in found.detail and "LLVM 22" in found.detail


def test_a_peano_far_older_than_mlir_aie_is_a_warning() -> None:
    old = Tool("peano", "/p/clang", "clang version 16.0.0")
    assert fit([old, AIE_OPT]).status is Status.WARNING


def test_with_only_one_of_them_there_is_nothing_to_fit() -> None:
    assert fit([AIE_OPT]).status is Status.OK
