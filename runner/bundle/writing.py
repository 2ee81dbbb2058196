"""Packs an artifact with what it takes to run and to judge it elsewhere."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument, Artifact
from runner.bundle import layout
from runner.expected import Expected
from runner.session import kernel_name
from runner.vectors import Vector
from runner.verdicts.criteria import as_json, by_dtype
from runner.verdicts.degenerate import POISON
from softnpu.formats.xclbin import parse

Array = np.ndarray[Any, Any]

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip: the same contents make the same bundle."""

HOST = Path(__file__).with_name("host.py")

README_TEXT = """{label} for {device}, packed by npuforge.

On an NPU, with XRT's pyxrt:   unzip this, then python3 run.py
With npuforge, which also judges the outputs as their author does:
                               npuforge replay THIS.zip --device npu
On npuforge's emulator:        npuforge replay THIS.zip
                               npuforge run-host run.py

{cores}
"""

STAND_IN = "The cores hold stand-in code: this bundle runs on the emulator only, not on an NPU."
ANY = "The cores hold the NPU's own code, or none."


@dataclass
class _Files:
    """What goes into the zip, by name."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> str:
        self.contents[name] = data
        return name

    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.contents.items()}


def write(
    path: Path,
    artifact: Artifact,
    vectors: Sequence[Vector],
    expected: Expected,
    made: Mapping[str, str],
) -> None:
    """Writes a bundle.

    Args:
        made: versions and machine, for whoever replays it.

    Raises:
        RunnerError: the reference does not give what the buffers hold.
    """
    files = _Files()
    folder = artifact.xclbin.parent
    for name in (*layout.ARTIFACT, *layout.OPTIONAL):
        if (folder / name).is_file():
            files.add(name, (folder / name).read_bytes())
    files.add(layout.SCRIPT, HOST.read_bytes())
    files.add(layout.README, _readme(artifact).encode())
    index = {
        "version": layout.VERSION,
        "label": artifact.label,
        "device": artifact.device,
        "kernel": _kernel(artifact),
        "arguments": [_argument(a, expected) for a in artifact.arguments],
        "vectors": [_vector(i, v, artifact, expected, files) for i, v in enumerate(vectors)],
        "made": dict(made),
        "files": files.digests(),
    }
    files.add(layout.INDEX, json.dumps(index, indent=1).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files.contents):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files.contents[name])


def _readme(artifact: Artifact) -> str:
    from runner.core_code import CoreCode, core_code_of

    cores = STAND_IN if core_code_of(artifact) is CoreCode.STAND_IN else ANY
    return README_TEXT.format(label=artifact.label, device=artifact.device, cores=cores)


def _kernel(artifact: Artifact) -> str:
    names = [kernel.name for kernel in parse(artifact.xclbin.read_bytes()).kernels]
    return kernel_name(names)


def _argument(argument: Argument, expected: Expected) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": argument.name,
        "direction": argument.direction,
        "shape": list(argument.shape),
        "dtype": argument.dtype,
        "bytes": argument.bytes,
    }
    if argument.is_output and expected.reference is not None:
        criterion = expected.checks.get(argument.name) or by_dtype(argument.kind)
        value["check"] = as_json(criterion)
    return value


def _vector(
    number: int, vector: Vector, artifact: Artifact, expected: Expected, files: _Files
) -> dict[str, Any]:
    before = {
        a.name: files.add(
            layout.buffer_file(number, layout.BEFORE, a.name), _bytes_before(a, vector)
        )
        for a in artifact.arguments
    }
    after = {
        name: files.add(
            layout.buffer_file(number, layout.EXPECTED, name),
            np.ascontiguousarray(values).tobytes(),
        )
        for name, values in (expected.answers(vector.inputs, artifact.arguments) or {}).items()
    }
    return {"name": vector.name, layout.BEFORE: before, layout.EXPECTED: after}


def _bytes_before(argument: Argument, vector: Vector) -> bytes:
    if not argument.is_input:
        return bytes([POISON]) * argument.bytes
    values = vector.inputs[argument.name]
    argument.check(values)
    return np.ascontiguousarray(values).tobytes()
