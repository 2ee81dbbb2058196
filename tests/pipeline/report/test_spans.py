from typing import Any

from pipeline.report import spans


def events(count: int) -> dict[str, Any]:
    names = [
        {"name": "process_name", "ph": "M", "pid": 1, "args": {"name": "cores"}},
        {
            "name": "thread_name",
            "ph": "M",
            "pid": 1,
            "tid": 1,
            "args": {"name": "core (0,2)"},
        },
    ]
    work = [
        {"name": "runs", "ph": "X", "pid": 1, "tid": 1, "ts": n * 0.01, "dur": 0.005, "args": {}}
        for n in range(count)
    ]
    return {"traceEvents": [*names, *work]}


def test_the_emulators_microseconds_are_cycles() -> None:
    found = spans.emulated(events(2))
    assert found.shown[1] == spans.Span("core (0,2)", "runs", "runs", 10, 15)
    assert found.end == 15


def test_a_long_timeline_is_cut_and_says_so() -> None:
    found = spans.emulated(events(spans.MAXIMUM + 50))
    assert len(found.shown) == spans.MAXIMUM - 1
    assert found.total == spans.MAXIMUM + 50
    assert found.end > found.shown[-1].end


def test_what_outlasts_a_cut_timeline_does_not_stretch_it() -> None:
    timeline = events(spans.MAXIMUM + 50)
    timeline["traceEvents"].append(
        {"name": "runs", "ph": "X", "pid": 1, "tid": 1, "ts": 0, "dur": 1000.0, "args": {}}
    )
    found = spans.emulated(timeline)
    assert max(span.end for span in found.shown) < 10 * spans.MAXIMUM
    assert found.end == 1e6


def test_stages_stand_where_they_last_worked_without_the_pauses_between_builds() -> None:
    noted = {
        "render:a/x": {"start": 1000.0, "seconds": 1.0},
        "lower:a/x": {"start": 1001.0, "seconds": 0.5},
        "cores:a/x": {"start": 5000.0, "seconds": 0.5},
        "kernels:a/x:k": {"start": 1001.25, "seconds": 1.0},
        "lower:b/x": {"start": 1001.0, "seconds": 9.0},
        "observe:a/x": {"start": 6000.0, "seconds": 1.0},
    }
    found = spans.built("a/x", noted)
    assert [(s.track, s.begin, s.end) for s in found.shown] == [
        ("render", 0.0, 1000.0),
        ("lower", 1000.0, 1500.0),
        ("kernels:k", 1250.0, 2250.0),
        ("cores", 2250.0, 2750.0),
    ]
