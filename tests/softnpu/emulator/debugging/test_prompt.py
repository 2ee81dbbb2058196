"""The debugger's prompt: what commands do, and what they say."""

from __future__ import annotations

import re
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from softnpu.compiler.driver import compile_design
from softnpu.emulator.debugging.commands import COMMANDS, HELP
from softnpu.emulator.debugging.debugger import Debugger, Quit, Reason, Stop
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.profiling.profile import of_array
from tests.softnpu.emulator.debugging.artifacts import (
    DESIGN,
    KERNEL,
    Built,
    build,
    line_of,
    session,
)

VALUE = f"kernel.c:{line_of('int32_t value = in')}"
STORE = f"kernel.c:{line_of('out[i] = twice')}"
LOOP = f"kernel.c:{line_of('for (int i')}"
TWICE = f"kernel.c:{line_of('int32_t doubled')}"
CALL = DESIGN[: DESIGN.index("func.call @scale")].count("\n") + 1
RIGHT = 2 * (100 + np.arange(64)) + 1


def test_without_a_command_the_run_goes_on_to_its_end(built: Built) -> None:
    done = session(built)
    assert done.report is not None
    assert done.report.completed
    assert (done.output == RIGHT).all()


def test_time_and_data_are_those_of_a_run_that_nobody_stops(built: Built) -> None:
    undisturbed, _ = built.run(built.context())
    steps = ["break scale", "c", *["step"] * 8, "stepi 5", *["next"] * 8, "finish", "delete"]
    watched = session(built, *steps, "c").report
    assert watched is not None
    assert (watched.cycles, watched.statistics) == (undisturbed.cycles, undisturbed.statistics)


def test_profiles_are_those_of_a_run_that_nobody_stops(built: Built) -> None:
    undisturbed, _ = built.run(built.context(profile=True))
    steps = ["break scale", "c", *["step"] * 8, "stepi 5", *["next"] * 8, "finish", "c", "stepi 9"]
    watched = session(built, *steps, "delete", profile=True).report
    assert watched is not None
    assert of_array(watched.array, built.names) == of_array(undisturbed.array, built.names)


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        (["bt"], f"#0 scale ({STORE})\n#1 core_0_2 (design.mlir:{CALL})"),
        (
            ["args"],
            "in = in_cons_buff_0[0]: 100, 101, 102, 103, 104, 105, 106, 107, …\n"
            "out = mid_buff_0[0]: 0, 0, 0, 0, 0, 0, 0, 0, …",
        ),
        (["print value"], "value = 100"),
        (["print kind"], "kind = LARGE"),
        (["print both"], "both = {low = -3, scale = 1.5}"),
        (["print both.scale"], "both.scale = 1.5"),
        (["print table"], "table = [1, -2, 3, -4]"),
        (["print table[1] * 2"], "table[1] * 2 = -4"),
        (["print in[3] - in[i]"], "in[3] - in[i] = 3"),
        (["print *in"], "*in = 100"),
        (["print &in[3]"], "&in[3] = in_cons_buff_0[3]"),
        (["print calls"], "calls = 1"),
        (["print in_cons_buff_0[2]"], "in_cons_buff_0[2] = 102"),
        (
            ["print i == 0 && kind != SMALL"],
            "error: nothing is called SMALL here; variables: in, out, both, kind, table, i, value;"
            " see `buffers`",
        ),
        (["print in[99999999]"], "error: core (0,2) sees no memory at"),
        (["print $pc == $pc"], "$pc == $pc = 1"),
        (["x/3 in[1]"], "[1]  101, 102, 103"),
        (["x/2 mid_buff_0"], "[0]  0, 0"),
        (["x/2 in"], "[0]  100, 101"),
        (["x/3 table[1]"], "[1]  -2, 3, -4"),
        (["x/4 0x70400"], "[0]  0, 0, 0, 0"),
        (["x/2 out_buff_0"], "[0]  0, 0"),
        (["x/2 weather"], "error: nothing is called weather here"),
        (["watch out_buff_0[1]"], "watchpoint 2: out_buff_0[1] (4 bytes)"),
        (["watch value", "delete 1", "c"], "watchpoint 2: value was 100, is 101, written by"),
        (
            ["buffers mid_buff"],
            "mid_buff_0  tile (0,2) at 0x00400  i32[16]  0, 0, 0, 0, 0, 0, 0, 0, …",
        ),
        (
            ["locks in_cons_prod"],
            "0  in_cons_prod_lock_0 (lock 2 of tile (0,2), objectfifo in), tile (0,2) S2MM 0 waits",
        ),
        (["step"], f"in twice ({TWICE}), called from scale ({STORE})"),
        (["step", "locals"], "value = 100\ndoubled = "),
        (["step", "finish", "bt"], f"#0 scale ({STORE})"),
        (["step", "up"], f"#1 scale ({STORE})"),
        (["step", "frame 1", "print value"], "value = 100"),
        (["step", "frame 9"], "error: there is no frame 9; there are 0 to 2"),
        (["next", "next"], f"in scale ({LOOP})"),
        (["next", "next", "next", "print i"], "i = 1"),
        (["until twice", "bt"], f"#0 twice ({TWICE})"),
        (["break kernel.c:3"], "breakpoint 2: kernel.c:"),
        (
            ["break nowhere"],
            "error: nowhere: no core's program has this line or function; files: design.mlir,"
            " kernel.c; functions: ",
        ),
        (["break *0x99999"], "error: *0x99999: no core's program has"),
        (["condition 7 i"], "error: there is no breakpoint 7"),
        (["delete 7"], "error: there is no breakpoint 7; there are: 1"),
        (["core 0,4"], "in core_0_4 (design.mlir:"),
        (["core 0,3"], "error: no core at 0,3 has a program; there are: (0,2), (0,4)"),
        (["core"], "* "),
        (["registers a0 pc"], "a0 = 0x"),
        (["registers q9"], "error: core (0,2) has no register q9"),
        (["watch in[3]"], "watchpoint 2: in[3] (4 bytes)"),
        (["watch value"], "watchpoint 2: value (4 bytes)"),
        (["watch in_cons_buff_0[99]"], "error: in_cons_buff_0[99]: 99 is no index below 16"),
        (["fnish"], "error: there is no command fnish; did you mean finish?"),
        (["b"], "breakpoint 1: "),
        (["info locals"], "in = in_cons_buff_0[0]"),
        (["info weather"], "error: info tells of arguments, "),
        (["help watch"], "watch BUFFER[INDEX]: stops when it changes, whoever writes it"),
    ],
)
def test_what_a_command_says_in_a_kernel(built: Built, commands: list[str], told: str) -> None:
    said = session(built, f"break {STORE}", "continue", *commands).last()
    assert told in said


def test_a_stop_shows_core_time_line_and_source(built: Built) -> None:
    said = session(built, f"break {VALUE}", "c").last().splitlines()
    assert re.fullmatch(
        rf"breakpoint 1: core \(0,2\) at \d+\.\d\d us, in scale \({VALUE}\),"
        rf" called from core_0_2 \(design\.mlir:{CALL}\)",
        said[0],
    )
    number = line_of("int32_t value = in")
    assert said[3] == f"-> {number:4}         int32_t value = in[i];"
    assert len(said) == 6


def test_a_condition_lets_all_others_pass(built: Built) -> None:
    place = f"break {STORE} if i == 5 && value > 100"
    done = session(built, place, "c", "print value", "c", "print value", "breakpoints")
    assert [done.told[n].splitlines()[1] for n in (3, 5)] == ["value = 105", "value = 121"]
    assert done.last().startswith(f"breakpoint 1: {STORE} if i == 5 && value > 100, core (0,2) 0x")
    assert done.last().endswith("hit 2 times")


def test_a_function_of_both_cores_stops_each_or_the_one_that_is_asked_for(built: Built) -> None:
    """Both cores link the kernel's file, but only what each calls."""
    assert "core (0,4)" in session(built, "break add", "c").told[2]
    refused = session(built, "break add core 0,2").last()
    assert refused.startswith("error: add: the program of core (0, 2) has not")


def test_a_watch_tells_which_core_has_written(built: Built) -> None:
    done = session(built, "watch mid_buff_0[3]", "c", "print i", "c", "delete", "c")
    head, where = done.told[2].splitlines()[1:3]
    assert head == (
        f"watchpoint 1: mid_buff_0[3] was 0, is 206, written by core (0,2) in scale ({STORE})"
    )
    assert where.startswith("core (0,2) at ")
    assert done.told[3].endswith("i = 3")
    assert done.report is not None
    assert done.report.completed


def test_a_watch_tells_which_dma_channel_has_written(built: Built) -> None:
    said = session(built, "watch in_cons_buff_0[3]", "c").last()
    assert said == (
        "watchpoint 1: in_cons_buff_0[3] was 0, is 103, written in the turn of"
        " tile (0,0) MM2S 0 [in]"
    )


def test_while_one_core_stands_the_others_do(built: Built) -> None:
    done = session(built, f"break {STORE}", "c", "c", "c", "cores", "cores")
    one, other = done.told[-2].splitlines()[1:], done.told[-1].splitlines()[1:]
    assert one == other
    assert one[0].startswith("*")
    assert f"core (0,2) runs in scale ({STORE})" in one[0]
    assert "core (0,4) waits in core_0_4" in one[1]
    assert "for lock mid_cons_cons_lock_0" in one[1]


def test_what_is_optimised_out_is_said_to_be(optimised: Built) -> None:
    done = session(optimised, f"break {STORE}", "c", "locals", "print value")
    assert "value = <optimised out here>" in done.told[3]
    assert "npuforge debug --no-optimize" in done.told[3]
    assert done.last() == "error: value is optimised out here"


def test_with_the_memory_check_pointers_are_told_by_name(built: Built) -> None:
    said = session(built, f"break {STORE}", "c", "args", check=True).last()
    assert said.startswith("in = in_cons_buff_0[0]: 100, 101")


def test_an_empty_line_steps_again_and_does_nothing_else(built: Built) -> None:
    done = session(built, f"break {STORE}", "c", "next", "", "print i", "")
    assert f"({LOOP})" in done.told[4], "the line behind the loop's end"
    assert done.told[5].endswith("i = 0")
    assert done.last() == ""


def test_a_script_ends_at_the_command_that_fails(built: Built) -> None:
    done = session(built, "break nowhere", "c", strict=True)
    assert done.report is None
    assert done.told[-1].startswith("break nowhere\nerror: ")


def test_quit_leaves_the_run(built: Built) -> None:
    assert session(built, "quit", "print 1").told == [
        "\nthe array is configured; nothing has run yet",
        "quit",
    ]


def test_detach_stops_no_more(built: Built) -> None:
    done = session(built, f"break {STORE}", "watch out_buff_0[1]", "detach", "print 1")
    assert done.told[-1] == "detach"
    assert done.report is not None
    assert done.report.completed


def test_help_lists_every_command() -> None:
    for command in COMMANDS:
        assert command.names[0] in HELP
        assert command.does in HELP


def test_before_the_first_instruction_it_says_how_to_get_there(built: Built) -> None:
    said = session(built, "step").last()
    assert said.startswith("error: core (0,2) has not begun its program; `break` and `continue`")


def test_the_end_is_a_stop_that_shows_the_last_state(built: Built) -> None:
    done = session(built, "c", "print out_buff_1[15]", "step")
    assert done.told[1].endswith("the run has come to its end; `continue` tells its verdict")
    assert done.told[2].endswith(f"= {RIGHT[-1]}")
    assert done.last() == "error: the run is over; `continue` tells its verdict"


def test_save_writes_a_state_file(built: Built, tmp_path: Path) -> None:
    from softnpu.emulator.debugging.state import read

    session(built, f"break {STORE}", "c", f"save {tmp_path / 'now.zip'}")
    state = read(tmp_path / "now.zip")
    assert state.told["outcome"] == "stopped"
    assert state.arrays["buffers/in_cons_buff_0_0_2.npy"].tolist() == list(range(100, 116))


def test_a_report_of_a_session_is_that_of_the_run(built: Built) -> None:
    report = session(built, "c").report
    assert report is not None
    assert report.outcome is Outcome.COMPLETED


def test_what_cores_print_is_shown_at_the_next_stop(tmp_path: Path) -> None:
    text = KERNEL.replace("    calls++;", '    npu_printf("line %d", calls++);')
    printing = build(tmp_path, text)
    done = session(printing, f"break {STORE} if i == 15", "c", "c")
    for number, told in enumerate(done.told[2:]):
        assert re.search(rf"\nprinted by core \(0,2\) at \S+ us: line {number}\nbreakpoint 1", told)


def test_an_interrupt_stops_the_core_that_computes(tmp_path: Path) -> None:
    text = "void scale(const int *a, int *b) { for (;;) *(volatile int *)b = *a; }\n"
    endless = build(tmp_path, text + "void add(const int *a, int *b) {}\n")
    stops: list[tuple[Reason, str]] = []

    def stopped(debugger: Debugger, stop: Stop) -> None:
        where = "" if stop.core is None else debugger.view(stop.core).where()
        stops.append((stop.reason, where))
        if stop.reason is Reason.START:
            debugger.add("scale")
        elif stop.reason is Reason.BREAKPOINT:
            debugger.interrupt()
        else:
            raise Quit

    with pytest.raises(Quit):
        endless.run(endless.context(Debugger(endless.names, stopped)))
    assert stops[-1][0] is Reason.INTERRUPT
    assert stops[-1][1].startswith("in scale (kernel.c:1)")


def test_a_condition_that_cannot_be_told_stops_and_says_why(optimised: Built) -> None:
    said = session(optimised, f"break {STORE} if value == 3", "c").last().splitlines()
    assert said[1] == "whether value == 3: value is optimised out here"


WITHOUT_CORES = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %mem = aie.tile(0, 1)
  aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo.link [@in] -> [@out] ([] [])
  aie.runtime_sequence(%x: memref<64xi32>, %y: memref<64xi32>) {
    aiex.npu.dma_memcpy_nd(%x[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
      {id = 0 : i64, metadata = @in} : memref<64xi32>
    aiex.npu.dma_memcpy_nd(%y[0, 0, 0, 0][1, 1, 1, 64][0, 0, 0, 1])
      {id = 1 : i64, metadata = @out, issue_token = true} : memref<64xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""


def test_a_design_without_cores_has_buffers_to_watch(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(WITHOUT_CORES)
    compile_design(tmp_path / "design.mlir", tmp_path)
    commands = ["watch in_cons_buff_0[2]", "c", "print in_cons_buff_0[2]", "x/2 in_cons_buff_0"]
    done = session(Built(tmp_path), *commands, "cores", "bt", "detach")
    said = [told.partition("\n")[2] for told in done.told]
    assert said[2].startswith("watchpoint 1: in_cons_buff_0[2] was 0, is 102, written in the turn")
    assert said[3:6] == [
        "in_cons_buff_0[2] = 102",
        "[0]  100, 101",
        "no core has a program",
    ]
    assert said[6] == "error: no core of this design has a program"
    assert (done.output == 100 + np.arange(64)).all()


def test_what_lies_in_a_buffer_is_told_as_its_element(tmp_path: Path) -> None:
    """C has no bfloat16: kernels take its bits for integers."""
    body = "{ for (int i = 0; i < 16; i++) out[i] = in[i]; }\n"
    arguments = "(const unsigned short *in, unsigned short *out)"
    text = f"void scale{arguments}\n{body}void add{arguments}\n{body}"
    halves = build(tmp_path, text, element="bf16")
    done = session(halves, "break kernel.c:2", "c", "locals", "print in[2]", "watch out[0]", "c")
    tiny = float(np.array([101], np.uint16).view(ml_dtypes.bfloat16)[0])
    assert f"in = in_cons_buff_0[0]: {float(tiny * 100 / 101):.3g}"[:26] in done.told[3]
    assert done.told[4].endswith(f"in[2] = 101 ({tiny:.9g} as bfloat16)")
    assert " was 0, is 100, written by core (0,2) in scale" in done.told[6]
