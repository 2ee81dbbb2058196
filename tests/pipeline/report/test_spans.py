from pipeline.report import spans
from pipeline.timings import Worked


def test_stages_stand_where_they_last_worked_without_the_pauses_between_builds() -> None:
    noted = {
        "render:a/x": Worked(1000.0, 1.0),
        "lower:a/x": Worked(1001.0, 0.5),
        "cores:a/x": Worked(5000.0, 0.5),
        "kernels:a/x:k": Worked(1001.25, 1.0),
        "lower:b/x": Worked(1001.0, 9.0),
        "observe:a/x": Worked(6000.0, 1.0),
    }
    found = spans.built("a/x", noted)
    assert [(s.track, s.begin, s.end) for s in found] == [
        ("render", 0.0, 1000.0),
        ("lower", 1000.0, 1500.0),
        ("kernels:k", 1250.0, 2250.0),
        ("cores", 2250.0, 2750.0),
    ]
