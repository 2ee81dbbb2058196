"""Arrays in .npy files, with the element types that numpy's own format cannot name.

numpy writes a bfloat16 array as one of two bytes without a type (`|V2`), and reads that back. Here
the header names the type instead (`'descr': 'bfloat16'`), which numpy.load understands as soon as
ml_dtypes has been imported; without that it refuses the file instead of giving bytes.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from softnpu.errors import FormatError
from softnpu.formats.elements import extended, known

Array = np.ndarray[Any, Any]

_UNREADABLE = (
    *(ValueError, EOFError, MemoryError, ArithmeticError, LookupError, TypeError),
    *(SyntaxError, RecursionError, TokenError, zipfile.BadZipFile),
)
"""What numpy raises for files that are none of its own."""


def read(path: Path) -> Array:
    """The array in a file, in this machine's byte order.

    Elements without a type stay so (kind V).

    Raises:
        FormatError: it is no such file, is damaged, or holds what no buffer can.
    """
    extended()
    try:
        values = np.load(path, allow_pickle=False)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}") from error
    except _UNREADABLE as error:
        reason = str(error)
        if "Object arrays" in reason:
            raise FormatError(f"{path} holds Python objects, which no buffer can hold") from error
        kind = reason.partition("not a valid dtype descriptor: ")[2]
        if kind:
            raise FormatError(f"{path} holds elements {kind}, which no buffer can hold") from error
        if "pickle" in reason:
            reason = "it does not begin as numpy.save begins a file"
        raise FormatError(f"{path} is no .npy file that can be read: {reason}") from error
    if isinstance(values, np.lib.npyio.NpzFile):
        held = ", ".join(values.files)
        values.close()
        raise FormatError(f"{path} is an archive of arrays ({held}): save one, with numpy.save")
    if not values.size:
        raise FormatError(f"{path} holds an array without elements, {told(values)}")
    if values.dtype.names is not None:
        fields = ", ".join(values.dtype.names)
        raise FormatError(f"{path} holds records ({fields}); a buffer holds elements of one type")
    if not (known(values.dtype) or values.dtype.type is np.void):
        raise FormatError(f"{path} holds {told(values)}, which no buffer can hold")
    found: Array = values.astype(values.dtype.newbyteorder("="), copy=False)
    return found


def told(values: Array) -> str:
    """An array's element type and shape, in words."""
    kind = values.dtype.name
    if values.dtype.type is np.void:
        kind = f"elements of {8 * values.dtype.itemsize} bits and no type, "
    return f"{kind}{list(values.shape)}"


def write(path: Path, values: Array) -> None:
    """Writes a file that `read` gives the same array of; the name is taken as it is.

    Raises:
        FormatError: it cannot be written.
    """
    stream = io.BytesIO()
    if values.dtype.isbuiltin == 1:
        np.save(stream, values)
    else:
        header = {"descr": values.dtype.name, "fortran_order": False, "shape": values.shape}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(values.tobytes())
    try:
        path.write_bytes(stream.getvalue())
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror}") from error
