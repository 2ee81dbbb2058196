import json

import ml_dtypes
import numpy as np

from pipeline.report import numerics
from runner.verdicts.criteria import absolute, ulp


def test_equal_outputs_have_no_plots() -> None:
    values = np.arange(12, dtype=np.int32)
    found = numerics.compare("y", values, values)
    assert (found["fault"], found["different"], found["largest"]) == (None, 0, 0.0)
    assert "histogram" not in found


def test_errors_of_whole_numbers_are_counted_one_by_one() -> None:
    expected = np.zeros(100, np.int8)
    got = expected.copy()
    got[:3], got[3] = 1, -2
    found = numerics.compare("y", got, expected)
    counts = {(b["from"] + b["to"]) / 2: b["count"] for b in found["histogram"]}
    assert counts == {-2: 1, -1: 0, 0: 96, 1: 3}
    assert found["fault"] == "4 of 100 elements differ"


def test_what_was_never_written_is_a_fault() -> None:
    values = np.arange(4, dtype=np.int8)
    unwritten = np.array([False, False, False, True])
    found = numerics.compare("y", values, values, unwritten=unwritten)
    assert found["fault"] == "1 of 4 elements were never written"


def test_floats_have_their_error_in_units_of_the_last_place() -> None:
    expected = np.array([1.0, 2.0], ml_dtypes.bfloat16)
    got = np.array([1.0, 2.0 + 3 * 2.0**-6], ml_dtypes.bfloat16)
    found = numerics.compare("y", got, expected, ulp(4))
    assert found["ulp"] == 3.0
    assert found["fault"] is None


def test_what_is_no_number_is_an_error_that_json_can_hold() -> None:
    found = numerics.compare("y", np.array([np.nan, 1], np.float32), np.array([0, 1], np.float32))
    assert found["not_finite"] == 1
    assert found["map"]["cells"][0]["error"] > 1e38
    json.loads(json.dumps(found, allow_nan=False))


def test_the_map_tells_where_and_keeps_the_largest_error_of_a_cell() -> None:
    error = np.zeros((48, 64))
    error[47, 0], error[46, 1] = 2, 7
    found = numerics.error_map(error)
    assert (found["rows"], found["columns"], found["cell"]) == (48, 64, [2, 2])
    assert found["cells"] == [{"row": 46, "column": 0, "error": 7.0}]


def test_a_line_of_elements_is_laid_out_as_a_square() -> None:
    error = np.zeros(100)
    error[57] = -1
    found = numerics.error_map(error)
    assert (found["rows"], found["columns"]) == (10, 10)
    assert found["cells"] == [{"row": 5, "column": 7, "error": 1.0}]


def test_a_failing_run_is_worse_than_any_that_passes() -> None:
    expected = np.array([1.0, 2.0], np.float32)
    far = numerics.compare("y", expected * np.float32(1.5), expected, absolute(1e9))
    wrong = numerics.compare("y", expected + np.float32(0.5), expected)
    assert far["fault"] is None and wrong["fault"] is not None
    runs = [{"vector": "a", "outputs": [far]}, {"vector": "b", "outputs": [wrong]}]
    assert max(runs, key=numerics.badness) is runs[1]
    assert "map" not in numerics.brief(runs[1])["outputs"][0]
