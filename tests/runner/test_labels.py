"""Which artifacts a name on a command line stands for."""

from __future__ import annotations

import pytest

from runner.labels import UnknownNameError, chosen

LABELS = [
    *("vector_scale/small", "vector_scale/large", "vector_add/default"),
    *("mel/frame", "mel/stream_30s", "mel_batch/n10", "broken"),
]


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["vector_scale"], ["vector_scale/small", "vector_scale/large"]),
        (["vector_scale/large"], ["vector_scale/large"]),
        (["vector_*"], ["vector_scale/small", "vector_scale/large", "vector_add/default"]),
        (["*/small"], ["vector_scale/small", "broken"]),
        (["mel/*"], ["mel/frame", "mel/stream_30s"]),
        (["mel"], ["mel/frame", "mel/stream_30s"]),
        (["test_emu:mel/frame"], ["mel/frame"]),
        (["kernels:mel/frame:mel"], ["mel/frame"]),
        (["test_*:mel_batch"], ["mel_batch/n10"]),
        (["mel/frame", "mel"], ["mel/frame", "mel/stream_30s"]),
        (["broken/default"], ["broken"]),
        (["*/n10"], ["mel_batch/n10", "broken"]),
    ],
)
def test_a_design_a_variant_and_a_pattern_have_one_meaning(
    names: list[str], meant: list[str]
) -> None:
    assert chosen(names, LABELS) == meant


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("vector_scal", "vector_scale"),
        ("Vector_Scale", "vector_scale"),
        ("vector_scale/smal", "vector_scale/small"),
        ("vector_scale/tiny", "vector_scale/small or vector_scale/large"),
        ("vectr_scale/*", "vector_scale/*"),
        ("vectr_scale*", "vector_scale"),
        ("vector", "vector_scale or vector_add"),
        ("mell/frame", "mel/frame"),
        ("frame", "mel/frame"),
        ("tst_emu:mel", "test_emu:mel"),
        ("test_emu:vector_scal", "vector_scale"),
    ],
)
def test_a_name_that_nothing_has_comes_with_what_may_be_meant(name: str, suggested: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        chosen([name], LABELS)
    assert str(error.value) == f"nothing is called {name!r}; did you mean {suggested}?"


@pytest.mark.parametrize("name", ["gemm", "gemm/*", "test_emu:gemm", "", "a:"])
def test_a_name_that_is_like_nothing_comes_with_all_that_there_is(name: str) -> None:
    with pytest.raises(UnknownNameError, match="the designs are vector_scale, vector_add, mel, m"):
        chosen([name], LABELS)
    with pytest.raises(UnknownNameError, match="there are no designs: npuforge new makes one"):
        chosen([name], [])
