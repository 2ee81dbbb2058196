"""Files of arrays: every element type there and back, and whatever else may be in one refused."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from runner import npy
from runner.dtypes import NAMES, dtype
from runner.errors import RunnerError

BFLOAT16 = np.arange(4).astype(ml_dtypes.bfloat16)


@pytest.mark.parametrize("name", NAMES)
def test_every_element_type_goes_there_and_back(tmp_path: Path, name: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(dtype(name))
    npy.write(tmp_path / "a.npy", values)
    found = npy.read(tmp_path / "a.npy")
    assert (found.dtype, found.shape) == (values.dtype, (2, 3))
    np.testing.assert_array_equal(found, values)


def test_a_bfloat16_file_is_numpys_own_once_the_type_is_known(tmp_path: Path) -> None:
    npy.write(tmp_path / "a.npy", BFLOAT16)
    assert b"'descr': 'bfloat16'" in (tmp_path / "a.npy").read_bytes()
    assert np.load(tmp_path / "a.npy").dtype == ml_dtypes.bfloat16


def test_the_name_of_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    npy.write(tmp_path / "a.bin", np.zeros(4, np.int8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_byte_order_and_order_in_memory_are_the_files_and_not_the_values(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3))
    np.save(tmp_path / "a.npy", values)
    found = npy.read(tmp_path / "a.npy")
    assert found.dtype == np.int32
    assert np.ascontiguousarray(found).tobytes() == np.arange(6, dtype=np.int32).tobytes()


def test_elements_that_numpy_saved_without_their_type_take_one_of_their_size(
    tmp_path: Path,
) -> None:
    np.save(tmp_path / "a.npy", BFLOAT16.reshape(2, 2))
    found = npy.read(tmp_path / "a.npy")
    assert not npy.is_typed(found)
    assert npy.typed(found, "bfloat16").tolist() == [[0, 1], [2, 3]]
    with pytest.raises(RunnerError, match="2 bytes and no type, float32 has 4"):
        npy.typed(found, "float32")


def _npz(path: Path) -> None:
    np.savez(path, a=np.zeros(3), b=np.zeros(4))
    path.with_suffix(".npy.npz").rename(path)


def _saved(values: Any) -> Any:
    return lambda path: np.save(path, values, allow_pickle=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_saved(np.array([None, 1])), "holds Python objects, which no buffer"),
        (_saved(np.zeros(4, [("a", "<i2"), ("b", "<f4")])), r"holds records \(a, b\)"),
        (_saved(np.zeros((0, 4), np.int8)), r"without elements, int8\[0, 4\]"),
        (_saved(np.zeros(4, complex)), r"holds complex128\[4\], which no buffer can hold"),
        (_saved(np.zeros(4, np.longdouble)), "which no buffer can hold"),
        (_saved(np.array(["ab"])), "which no buffer can hold"),
        (_saved(np.zeros(4, ml_dtypes.float8_e5m2)), "holds elements '<f1', which no buffer"),
        (_npz, r"an archive of arrays \(a, b\)"),
        (lambda path: path.write_bytes(b""), "No data left in file"),
        (lambda path: path.write_bytes(bytes(64)), "does not begin as numpy.save begins a file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda _: None, "No such file or directory"),
    ],
)
def test_what_no_buffer_can_hold_is_refused_with_the_files_name(
    tmp_path: Path, make: Any, words: str
) -> None:
    path = tmp_path / "a.npy"
    make(path)
    with pytest.raises(RunnerError, match=words) as failure:
        npy.read(path)
    assert str(failure.value).startswith(str(path))


def _whole() -> list[bytes]:
    files = []
    for values in (np.arange(64, dtype=np.float32), np.ones((3, 4), ">i2"), np.array(["a"])):
        stream = io.BytesIO()
        np.save(stream, values)
        files.append(stream.getvalue())
    return files


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_refused_in_words_or_read(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "a.npy"
    pieces = (b"9", b"99999999999", b"-1", b"(", b"'", b"1e9", b"|V3", b"O", b"\n", b"\x00", b"{")
    for _ in range(150):
        data = bytearray(rng.choice(_whole()))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(min(len(data), 130))
            data[at : at + rng.randrange(3)] = rng.choice(pieces)
        path.write_bytes(data[: rng.choice((len(data), rng.randrange(len(data))))])
        try:
            npy.read(path)
        except RunnerError:
            continue


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        (np.array([1.25, 3e38], np.float32), "bfloat16", [1.25, 3e38]),
        (np.array([1, 256]), "float16", [1, 256]),
        (np.array([np.nan, -np.inf]), "float16", [np.nan, -np.inf]),
        (np.array([1.0, -2.0]), "int8", [1, -2]),
        (np.array([2**62 + 1]), "uint64", [2**62 + 1]),
        (np.array([True, False]), "int8", [1, 0]),
        (np.array([1, 0]), "bool", [1, 0]),
    ],
)
def test_values_that_a_type_holds_are_converted(given: Any, kind: str, expected: list[Any]) -> None:
    found = npy.converted(given, kind)
    assert found.dtype == dtype(kind)
    np.testing.assert_array_equal(found, np.array(expected).astype(found.dtype))


@pytest.mark.parametrize(
    ("given", "kind", "first"),
    [
        (np.array([1, 1e39]), "bfloat16", "1e+39"),
        (np.array([1, 70000]), "float16", "70000"),
        (np.array([1, 128]), "int8", "128"),
        (np.array([1.5]), "int8", "1.5"),
        (np.array([np.nan]), "int32", "nan"),
        (np.array([-1]), "uint64", "-1"),
        (np.array([2]), "bool", "2"),
    ],
)
def test_values_that_it_does_not_hold_are_not(given: Any, kind: str, first: str) -> None:
    with pytest.raises(RunnerError) as failure:
        npy.converted(given, kind)
    assert str(failure.value) == f"{kind} cannot hold its values, e.g. {first}"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="cannot be written: Is a directory"):
        npy.write(tmp_path, BFLOAT16)
