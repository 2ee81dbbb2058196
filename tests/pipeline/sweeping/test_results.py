"""Rows of a sweep: kept from one to the next, shown as table, CSV and plot."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipeline.sweeping import showing
from pipeline.sweeping.results import ERROR, IMPOSSIBLE, Kept, Row

SLOW = Row({"n": 8, "tile": 2}, "PASS", "", 3.0, 1.0, 4e6, 4096, 128, ("careful",))
FAST = replace(SLOW, setting={"n": 8, "tile": 4}, milliseconds=2.0)
NEVER = Row({"n": 9, "tile": 2}, IMPOSSIBLE, "9 is not a multiple of 2, and that, alas, is that")


def test_rates_are_of_the_time_above_the_floor() -> None:
    assert (SLOW.net, SLOW.gops) == (2.0, 2.0)
    assert (NEVER.net, NEVER.gops) == (None, None)
    assert replace(SLOW, milliseconds=0.5).net == 0.0


def test_what_is_known_is_read_again_and_a_line_cut_off_is_not(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "deep" / "results.jsonl")
    for key, row in (("a", SLOW), ("b", NEVER), ("c", replace(SLOW, verdict=ERROR))):
        kept.add(key, row)
    text = kept.file.read_text()
    kept.file.write_text(text + text.splitlines()[0].replace('"a"', '"d"')[:60])
    again = Kept(kept.file)
    assert again.get("a") == SLOW
    assert again.get("b") == NEVER
    assert again.get("c") is None, "an error of ours is tried again"
    assert again.get("d") is None


def test_csv_holds_parameters_and_figures_and_leaves_open_what_is_not_known() -> None:
    heading, slow, never = showing.as_csv([SLOW, NEVER]).splitlines()
    assert heading == "n,tile,verdict,ms,floor_ms,net_ms,gops,core_memory,program,reason"
    assert slow == "8,2,PASS,3.0,1.0,2.0,2.0,4096,128,"
    assert never.startswith("9,2,impossible,,,,,,,") and never.endswith('alas, is that"')


def test_the_table_marks_the_fastest_and_tells_why_something_is_impossible() -> None:
    console = Console(width=160, no_color=True)
    with console.capture() as shown:
        console.print(showing.table([SLOW, FAST, NEVER], "emulator"))
    lines = shown.get().splitlines()
    (fast,) = (line for line in lines if "fastest" in line)
    assert fast.split()[:2] == ["8", "4"]
    assert any("9 is not a multiple of 2" in line for line in lines)


def test_the_plot_is_of_what_has_a_time() -> None:
    drawn = showing.plot([SLOW, FAST, NEVER], {"n": (8, 9), "tile": (2, 4)}, "saxpy/default")
    assert drawn.startswith("<svg")
    assert "ms above the floor" in drawn
    assert showing.plot([NEVER], {"n": (9,), "tile": (2,)}, "saxpy/default") == ""
