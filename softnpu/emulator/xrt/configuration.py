# ruff: noqa: N801 (the names are XRT's)
"""XRT's elf, module and program: jobs in ELF files, with an xclbin or instead of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from softnpu.emulator.xrt.image import uuid, xclbin
from softnpu.emulator.xrt.overloads import Overloads
from softnpu.errors import FormatError
from softnpu.formats import job
from softnpu.formats.job import MARKS, ControlCode, Job
from softnpu.formats.job_stream import Stream, stream
from softnpu.formats.xclbin import CdoGroup, Partition, PartitionPdi, XclbinSpec, build
from softnpu.formats.xclbin.spec import KERNEL_ID, PDI_UUID


class elf:
    """A job's ELF file: elf(filename), or elf(data, size), whose memory Python cannot give.

    Raises:
        RuntimeError: the file is missing, damaged, or no job for an NPU.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        forms = Overloads("pyxrt.elf", ({"arg0": str}, {"arg0": object, "arg1": int}))
        found = forms.read(given, named)
        if "arg1" in found:
            raise RuntimeError(
                "an ELF at an address is not modelled: pyxrt.elf(filename) loads one"
            )
        name = found["arg0"]
        self.path = Path(name.decode() if isinstance(name, bytes) else name)
        if not self.path.is_file():
            raise RuntimeError(f"{self.path} is not found or is not a valid ELF file")
        self._read(self.path.read_bytes(), str(self.path))

    def _read(self, data: bytes, called: str) -> None:
        self.data = data
        try:
            self.job: Job = job.read(data)
        except FormatError as error:
            raise RuntimeError(f"{called}: {error}") from error

    @classmethod
    def of_data(cls, data: bytes) -> elf:
        """The ELF that a host has in memory. Not in XRT's binding."""
        made = cls.__new__(cls)
        made.path = Path()
        made._read(data, "the ELF's data")
        return made

    def get_cfg_uuid(self) -> uuid:
        """What identifies it. Not in XRT's binding."""
        return uuid(self.job.uid[:16].ljust(16, b"\0").hex())


class program:
    """The program in a full ELF: program(elf)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._elf: elf = Overloads("pyxrt.program", ({"arg0": elf},)).read(given, named)["arg0"]

    def get_partition_size(self) -> int:
        """The columns that it needs; RuntimeError if the ELF goes with an xclbin."""
        columns = self._elf.job.columns
        if columns is None:
            raise RuntimeError("ELF is missing xrt configuration info")
        return columns


class module:
    """An ELF's control code, to be run in a context: module(elf)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.elf: elf = Overloads("pyxrt.module", ({"elf": elf},)).read(given, named)["elf"]

    def get_hw_context(self) -> Any:
        """Fails for what no run has been made of, as all modules that a host has: RuntimeError."""
        raise RuntimeError("the module is in no hw_context: that is so of a run's own alone")


def image_of(loaded: list[elf]) -> xclbin:
    """What full ELFs configure the array with, as an xclbin. Not in XRT.

    Raises:
        RuntimeError: they are no full ELFs, or do not fit together.
    """
    pdis: dict[int, bytes] = {}
    columns = {one.job.columns for one in loaded}
    if None in columns:
        raise RuntimeError("ELF is missing xrt configuration info")
    if len(columns) > 1:
        raise RuntimeError("can not add config to ctx with different configuration")
    for one in loaded:
        for id, image in _pdis(one.job).items():
            if pdis.setdefault(id, image) != image:
                raise RuntimeError(f"two PDIs of the context's ELFs have the id {id}")
    parts = tuple(
        PartitionPdi(image, (CdoGroup((KERNEL_ID,), "DPU", pdi_id=id),), PDI_UUID)
        for id, image in pdis.items()
    )
    wide = next(iter(columns)) or 0
    marks = {
        name.removeprefix(MARKS): data.decode()
        for one in loaded
        for name, data in one.job.custom.items()
        if name.startswith(MARKS)
    }
    spec = XclbinSpec(Partition(wide, (0,), parts), marks=tuple(marks.items()))
    made = xclbin.of_data(build(spec))
    made.path = loaded[0].path
    return made


def _pdis(of: Job) -> dict[int, bytes]:
    """The PDIs that streams load, by the ids that they load them by."""
    found: dict[int, bytes] = {}
    for code in of.codes:
        for id, section in streamed(code, 0, 0).pdis.items():
            if section not in of.pdis:
                raise RuntimeError(f"PDI buffer not found for symbol: {section}")
            if found.setdefault(id, of.pdis[section]) != of.pdis[section]:
                raise RuntimeError(f"the ELF's control code loads two PDIs by the id {id}")
    return found


def streamed(code: ControlCode, first: int, packets: int) -> Stream:
    """The stream of control code; RuntimeError if it is patched in a way that is not modelled."""
    try:
        return stream(code, first, packets)
    except FormatError as error:
        raise RuntimeError(str(error)) from error
