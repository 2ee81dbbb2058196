"""A built artifact as its folder describes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from runner.dtypes import dtype
from runner.errors import RunnerError

XCLBIN, INSTS, MANIFEST = "final.xclbin", "insts.bin", "manifest.json"
STATE = "state.zip"
"""What the array was at when a run on the emulator did not complete, beside the xclbin."""


@dataclass(frozen=True)
class Argument:
    """One host buffer, in the order of the kernel's arguments.

    Attributes:
        direction: "in", "out" or "inout"; "trace" where trace units write.
        shape: elements a dimension.
        dtype: numpy's (or ml_dtypes') name of the element type.
    """

    name: str
    direction: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def is_input(self) -> bool:
        """Whether the host fills it before the run."""
        return self.direction in ("in", "inout")

    @property
    def is_output(self) -> bool:
        """Whether the NPU writes it."""
        return self.direction in ("out", "inout")

    @property
    def is_trace(self) -> bool:
        """Whether trace units write it, which nobody judges."""
        return self.direction == "trace"

    @property
    def kind(self) -> np.dtype[Any]:
        """The numpy dtype of its elements."""
        return dtype(self.dtype)

    @property
    def bytes(self) -> int:
        """Size of the buffer in bytes."""
        return prod(self.shape) * self.kind.itemsize

    @property
    def told(self) -> str:
        """What it holds, as messages say it: "int32[64, 64]"."""
        return f"{self.dtype}{list(self.shape)}"

    def check(self, values: np.ndarray[Any, Any]) -> None:
        """Refuses values that are not what the buffer was declared to hold.

        Raises:
            RunnerError: naming both dtypes or both shapes.
        """
        if values.dtype != dtype(self.dtype) or values.shape != self.shape:
            raise RunnerError(
                f"argument {self.name!r} is declared {self.told}, but was given"
                f" {values.dtype}{list(values.shape)}"
            )


@dataclass(frozen=True)
class Artifact:
    """An xclbin and the instruction stream that was built with it.

    Attributes:
        label: `<design>/<variant>`.
        core_isa: "rv32" for stand-in cores, "aie2" or "aie2p" for the NPU's own, None for none.
        judged: whether the author declared the buffers (a reference may then exist).
    """

    label: str
    device: str
    xclbin: Path
    insts: Path
    arguments: tuple[Argument, ...]
    core_isa: str | None
    judged: bool


def load(folder: Path) -> Artifact:
    """Reads a variant's build folder.

    Raises:
        RunnerError: when something is missing or is not what the manifest binds together.
    """
    try:
        return _bound(folder, _manifest(folder))
    except (KeyError, TypeError, AttributeError) as error:
        raise RunnerError(
            f"{folder / MANIFEST} is no manifest of this version ({error!r}): build again"
            " (npuforge build)"
        ) from error


def _bound(folder: Path, manifest: dict[str, Any]) -> Artifact:
    """The artifact of a manifest, its files checked; KeyError and the like for a manifest that
    lacks something."""
    for name in (XCLBIN, INSTS):
        _check_digest(folder / name, manifest["artifacts"][name])
    return Artifact(
        label=f"{manifest['design']}/{manifest['variant']}",
        device=manifest["device"],
        xclbin=folder / XCLBIN,
        insts=folder / INSTS,
        arguments=_arguments(manifest),
        core_isa=manifest["core_isa"],
        judged=manifest["arguments"]["declared"],
    )


def check_pair(xclbin: Path, insts: Path) -> Path | None:
    """Refuses a pair of files that a manifest beside one of them knows not to belong together.

    Files without a manifest are accepted: they were built elsewhere.

    Returns:
        The manifest that binds them, None without.

    Raises:
        RunnerError: naming the manifest.
    """
    given = {XCLBIN: digest(xclbin), INSTS: digest(insts)}
    known = []
    for folder in dict.fromkeys((xclbin.parent, insts.parent)):
        if (folder / MANIFEST).is_file():
            bound = _manifest(folder).get("artifacts")
            if not isinstance(bound, dict):
                continue  # another program's manifest
            if given.items() <= bound.items():
                return folder / MANIFEST
            known.append(folder / MANIFEST)
    if known:
        raise RunnerError(
            f"{xclbin} and {insts} are not a pair that {known[0]} binds together: they were not"
            " built together. Build again (npuforge build), or say --any-pair if you mean it"
        )
    return None


def declared(manifest: Path) -> tuple[Argument, ...]:
    """The host buffers that a manifest declares; none if it is another program's."""
    try:
        return _arguments(_manifest(manifest.parent))
    except (KeyError, TypeError):
        return ()


def _arguments(manifest: dict[str, Any]) -> tuple[Argument, ...]:
    return tuple(
        Argument(a["name"], a["direction"], tuple(a["shape"]), a["dtype"])
        for a in manifest["arguments"]["buffers"]
    )


def digest(path: Path) -> str:
    """The SHA-256 of a file, as manifests hold it; RunnerError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror}") from error


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise RunnerError(f"{path} is missing: build the design first (npuforge build)")
    try:
        manifest = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunnerError(f"{path} cannot be read: {error}") from error
    return manifest if isinstance(manifest, dict) else {}


def _check_digest(path: Path, expected: str) -> None:
    if not path.is_file():
        raise RunnerError(f"{path} is missing: build the design first (npuforge build)")
    if digest(path) != expected:
        raise RunnerError(
            f"{path} is not the file that manifest.json beside it was written for: the pair was"
            " not built together. Build again (npuforge build)"
        )
