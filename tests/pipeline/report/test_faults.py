"""What failed first, and where."""

from pipeline.report import faults
from pipeline.report.faults import Fault
from pipeline.timings import Worked


def test_the_first_stage_that_failed_is_what_stopped_a_build() -> None:
    noted = {
        "render:a/x": Worked(100.0, 1.0),
        "cores:a/x": Worked(50.0, 1.0, "of an earlier try"),
        "lower:a/x": Worked(102.0, 2.0, "a.mlir.j2:3:1: error: no such op\n  the line"),
        "lower:b/x": Worked(90.0, 1.0, "of another"),
    }
    found = faults.of_build("a/x", [], noted)
    assert found is not None
    assert (found.task, found.at) == ("lower", 104.0)
    assert found.where == "stage lower of the build"
    assert found.headline == "a.mlir.j2:3:1: error: no such op"
    assert found.more == "  the line"


def test_a_kernel_that_a_design_has_no_more_stops_nothing() -> None:
    noted = {"kernels:a/x:old": Worked(1.0, 1.0, "old.c:1: error: gone")}
    assert faults.of_build("a/x", ["new"], noted) is None
    found = faults.of_build("a/x", ["old"], noted)
    assert found is not None and found.where == "stage kernels of the build, old"


def test_what_ended_well_is_no_fault() -> None:
    noted = {"lower:a/x": Worked(1.0, 1.0), "test_emu:a/x": Worked(2.0, 1.0)}
    assert faults.of_build("a/x", [], noted) is None
    assert faults.of_check("a/x", "test_emu", noted) is None


def test_tools_that_are_missing_are_a_fault_before_all_others() -> None:
    assert list(faults.of_tools([])) == []
    (found,) = faults.of_tools(["bootgen, which is to make pdi, was not found"])
    late = Fault("a/x", "test_emu", "on the emulator", "a hang", 30.0)
    assert faults.in_order([late, found])[0].headline.startswith("bootgen, which is to make pdi")
    assert "of earlier builds" in found.more


def test_faults_stand_in_the_order_that_they_happened_and_alike_ones_together() -> None:
    late = Fault("a/x", "test_emu", "on the emulator", "a hang", 30.0)
    twice = [Fault(f"b/{n}", "kernels:k", "", "k.c:1: error", 10.0 + n) for n in (2, 1)]
    found = faults.in_order([late, *twice, faults.of_design("c", "its partner is missing")])
    assert [one.labels for one in found] == [("c",), ("b/1", "b/2"), ("a/x",)]
