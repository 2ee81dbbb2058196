"""`--arg`: files held to what the artifact declares, and converted only where that is said."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from runner.artifact import Argument
from runner.errors import RunnerError
from runner.file_arguments import FileArgument, Wanted, read, wanted

A = Argument("a", "in", (64,), "bfloat16")
SQUARE = Argument("m", "in", (8, 8), "int8")
DECLARED = Wanted({0: A}, "manifest.json")
NONE = Wanted({})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of many kinds."""
    monkeypatch.chdir(tmp_path)
    ramp = np.arange(64)
    for name, values in {
        "f32": ramp.astype(np.float32),
        "f32_square": ramp.astype(np.float32).reshape(8, 8),
        "big_endian": ramp.astype(">f4"),
        "large": np.full(64, 1e39),
        "short": np.zeros(60, np.float32),
        "untyped": ramp.astype(ml_dtypes.bfloat16),
        "int4": np.ones(64, ml_dtypes.int4),
        "objects": np.array([None] * 64),
        "i8": ramp.astype(np.int8),
        "i8_oblong": ramp.astype(np.int8).reshape(4, 16),
        "i8_transposed": np.asfortranarray(ramp.astype(np.int8).reshape(8, 8)),
    }.items():
        np.save(f"{name}.npy", values)
    return tmp_path


def only(text: str, declaration: Wanted = DECLARED) -> FileArgument:
    (found,) = read([text], declaration)
    return found


def refused(text: str, declaration: Wanted = DECLARED) -> str:
    with pytest.raises(RunnerError) as failure:
        read([text], declaration)
    return str(failure.value)


def test_another_element_type_is_refused_with_the_way_to_convert_it() -> None:
    assert refused("in:f32.npy") == (
        "argument 3 (a) is bfloat16[64] by manifest.json; f32.npy holds float32[64]; to convert it,"
        " say --arg in:bfloat16:f32.npy"
    )
    assert refused("inout:f32.npy:r.npy").endswith("say --arg inout:bfloat16:f32.npy:r.npy")


@pytest.mark.parametrize("name", ["f32", "f32_square", "big_endian", "untyped"])
def test_it_is_converted_where_that_is_said(name: str) -> None:
    found = only(f"in:bfloat16:{name}.npy")
    assert found.values is not None
    assert found.values.dtype == ml_dtypes.bfloat16
    assert found.values.reshape(-1).tolist() == list(range(64))
    assert found.note == ""


def test_elements_without_a_type_are_what_is_declared_and_that_is_told() -> None:
    found = only("in:untyped.npy")
    assert found.argument == A
    assert found.note == "untyped.npy does not tell its elements' type: taken as bfloat16"
    assert "say which, --arg in:DTYPE:untyped.npy" in refused("in:untyped.npy", NONE)
    assert "is int8[8, 8] by manifest.json; untyped.npy holds elements of 16 bits" in refused(
        "in:untyped.npy", Wanted({0: SQUARE}, "manifest.json")
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("in:float32:f32.npy", "; f32.npy holds float32[64], to be float32"),
        ("in:short.npy", "; short.npy holds float32[60]"),
        ("in:bfloat16:short.npy", "; short.npy holds float32[60], to be bfloat16"),
        ("in:bfloat16:large.npy", "large.npy: bfloat16 cannot hold its values, e.g. 1e+39"),
        ("out:float32:64:r.npy", "; --arg says float32[64]"),
        ("out:bfloat16:32:r.npy", "; --arg says bfloat16[32]"),
        (
            "out:bfloat32:64:r.npy",
            "'bfloat32' is no element type of a buffer; did you mean float32?",
        ),
        ("out:bfloat16:64:no/r.npy", "no/r.npy cannot be written: no is no folder"),
        ("out:bfloat16:64", "expected in[:DTYPE]:FILE.npy, out:"),
        ("out:bfloat16:8*8:r.npy", "'8*8' is no shape like 4096 or 64x64"),
        ("out:bfloat16:0:r.npy", "every dimension must be at least 1"),
        ("in:", "expected in[:DTYPE]:FILE.npy"),
        ("inn:f32.npy", "expected in[:DTYPE]:FILE.npy"),
        ("in:gone.npy", "gone.npy cannot be read: No such file"),
        ("in:float8:f32.npy", "'float8' is no element type of a buffer; did you mean "),
        ("inout:bf16:f32.npy:r.npy", "'bf16' is no element type of a buffer; did you mean bf"),
        ("in:int4.npy", "bfloat16[64] by manifest.json; int4.npy holds elements of 8 bits"),
        ("in:objects.npy", "objects.npy holds Python objects, which no buffer can hold"),
    ],
)
def test_what_the_artifact_does_not_take_is_refused(text: str, words: str) -> None:
    assert words in refused(text)


def test_shapes_are_compared_by_the_order_of_their_elements() -> None:
    declared = Wanted({0: SQUARE}, "manifest.json")
    assert only("in:i8.npy", declared).argument.shape == (64,)
    assert only("out:int8:64:r.npy", declared).argument.shape == (64,)
    turned = only("in:i8_transposed.npy", declared).values
    assert turned is not None and turned.tobytes() == bytes(range(64))
    assert "is int8[8, 8] by manifest.json; i8_oblong.npy holds int8[4, 16]" in refused(
        "in:i8_oblong.npy", declared
    )


def test_without_a_declaration_a_file_says_what_it_holds() -> None:
    assert only("in:f32_square.npy", NONE).argument == Argument("bo0", "in", (8, 8), "float32")
    assert only("in:bfloat16:f32.npy", NONE).argument == Argument("bo0", "in", (64,), "bfloat16")


def test_a_file_whose_name_has_a_colon_is_a_file(folder: Path) -> None:
    (folder / "f32.npy").rename(folder / "a:b.npy")
    assert only("in:a:b.npy", NONE).argument.dtype == "float32"
    assert only("in:bfloat16:a:b.npy", NONE).argument.dtype == "bfloat16"


def test_an_inout_file_takes_its_own_result_unless_another_is_named() -> None:
    assert only("inout:f32.npy", NONE).result == Path("f32.npy")
    assert only("inout:bfloat16:f32.npy:r.npy", NONE).result == Path("r.npy")


def test_names_beside_an_xclbin_declare_what_no_manifest_does(folder: Path) -> None:
    arguments = [
        {"index": 0, "name": "a", "shape": [64], "element": "bf16"},
        {"index": 1, "name": "blocks", "shape": [4], "element": '!aiex.bfp<"v8bfp16ebs8">'},
        {"index": 2, "name": "c"},
    ]
    (folder / "names.json").write_text(json.dumps({"arguments": arguments}))
    found = wanted(folder / "final.xclbin", None)
    assert found.source == "names.json"
    assert {i: (a.name, a.told) for i, a in found.arguments.items()} == {0: ("a", "bfloat16[64]")}
    assert wanted(folder / "elsewhere" / "final.xclbin", None).arguments == {}


def test_names_that_cannot_be_understood_are_told(folder: Path) -> None:
    (folder / "names.json").write_text("[")
    with pytest.raises(RunnerError, match="not a names file"):
        wanted(folder / "final.xclbin", None)
