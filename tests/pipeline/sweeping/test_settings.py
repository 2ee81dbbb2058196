"""The settings of a sweep, as they are asked for on a command line."""

import pytest

from pipeline.errors import PipelineError
from pipeline.sweeping.settings import every, parse, told

DEFAULTS = {"n": 4096, "scale": 0.5, "double": True, "shape": "row", "sizes": (1, 2)}


def test_values_have_the_type_of_the_design_s_own() -> None:
    found = parse(["n=128,0x100", "scale=1,2.5", "double=no,true", "shape=row,column"], DEFAULTS)
    assert found == {
        "n": (128, 256),
        "scale": (1.0, 2.5),
        "double": (False, True),
        "shape": ("row", "column"),
    }


def test_every_combination_is_a_setting_and_what_is_said_twice_counts_once() -> None:
    values = parse(["n=1,2", "shape=a,b", "n=2,3"], DEFAULTS)
    settings = every(values)
    assert len(settings) == 6
    assert settings[:2] == [{"n": 1, "shape": "a"}, {"n": 1, "shape": "b"}]
    assert told(settings[-1]) == "n=3 shape=b"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "a sweep needs --set"),
        (["n"], "not 'n'"),
        (["n="], "not 'n='"),
        (["lime=1"], "no parameter 'lime'"),
        (["shap=row"], "did you mean shape?"),
        (["n=1,two"], "'two' is no int, as the design's own n = 4096 is"),
        (["n=1.5"], "'1.5' is no int"),
        (["double=maybe"], "'maybe' is no bool"),
        (["sizes=3"], "it is a tuple in the design"),
    ],
)
def test_what_is_no_setting_is_refused_with_what_to_write(given: list[str], problem: str) -> None:
    with pytest.raises(PipelineError) as refused:
        parse(given, DEFAULTS)
    assert problem in refused.value.message
