"""Whether an array that an author gives is what a buffer was declared to hold.

Values are never changed to fit: numbers that the buffer's type holds are converted, a float64 is
rounded to a float32 as every assignment in numpy does, and all else is refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from runner.artifact import Argument
from runner.dtypes import is_float
from runner.errors import RunnerError

Array = np.ndarray[Any, Any]


def fitted(values: object, argument: Argument) -> Array:
    """The values in the buffer's shape and dtype.

    Raises:
        RunnerError: they are no such array; one line with what was expected, what was given, and
            what to do.
    """
    array = _array(values, argument)
    if not same_order(array.shape, argument.shape):
        raise _refused(argument, array, _about_shape(array.shape, argument.shape))
    if problem := _about_dtype(array, argument.kind):
        raise _refused(argument, array, problem)
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(argument.kind, copy=False).reshape(argument.shape)


def _array(values: object, argument: Argument) -> Array:
    if values is None:
        raise RunnerError(
            f"{argument.name} must be {argument.told}, and None was given: is a return missing?"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.asarray(values)
    except Exception as error:
        raise RunnerError(
            f"{argument.name} must be {argument.told}; numpy makes no array of what was given, a"
            f" {type(values).__name__}: {error}"
        ) from error
    if not (array.dtype.kind in "biuf" or is_float(array.dtype)):
        whole = array.dtype == object and not isinstance(values, np.ndarray)
        kind = f"a {type(values).__name__}" if whole else _kind(array)
        raise RunnerError(f"{argument.name} must be {argument.told}, and {kind} was given")
    return array


def _kind(array: Array) -> str:
    """What an array holds that is no numbers of a buffer."""
    return "text" if array.dtype.kind in "SU" else f"an array of {array.dtype.name}"


def _refused(argument: Argument, array: Array, why: str) -> RunnerError:
    given = f"{array.dtype.name}{list(array.shape)}"
    return RunnerError(f"{argument.name} must be {argument.told}, and {given} was given{why}")


def same_order(one: Iterable[int], other: Iterable[int]) -> bool:
    """Whether two shapes have their elements in one order: they are equal but for dimensions of 1,
    or one of them is flat."""
    a, b = ([n for n in shape if n != 1] for shape in (one, other))
    flat = len(a) <= 1 or len(b) <= 1
    return a == b or (flat and int(np.prod(a)) == int(np.prod(b)))


def _about_shape(given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if int(np.prod(given)) != int(np.prod(wanted)):
        return f": {int(np.prod(given))} elements, not {int(np.prod(wanted))}"
    if sorted(given) == sorted(wanted):
        return ": its dimensions stand in another order; transpose it"
    return f": as many elements in another order; reshape it to {list(wanted)} if that is meant"


def _about_dtype(array: Array, wanted: np.dtype[Any]) -> str:
    """What keeps the values from being of the wanted type; "" if nothing does."""
    if is_float(wanted):
        return ""
    if array.dtype.kind not in "biu":
        return f": round and convert it, np.round(...).astype(np.{wanted.name})"
    limits = np.iinfo(wanted)
    if array.size and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
        return (
            f": values from {array.min()} to {array.max()}, {wanted.name} holds {limits.min} to"
            f" {limits.max}; do as the kernel does, .clip(...) or a wrapping .astype"
        )
    return ""
