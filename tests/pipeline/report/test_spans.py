from pipeline.report import spans


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
    assert [(s.track, s.begin, s.end) for s in found] == [
        ("render", 0.0, 1000.0),
        ("lower", 1000.0, 1500.0),
        ("kernels:k", 1250.0, 2250.0),
        ("cores", 2250.0, 2750.0),
    ]
