"""ELF files of jobs, made of the golden passthrough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from softnpu.formats import job_writing, txn, xclbin
from softnpu.formats.job import ControlCode, Job
from softnpu.formats.job_stream import assembled
from softnpu.formats.operations import LoadPdi


def beside_xclbin(design: Path, folder: Path) -> Path:
    """The ELF of the golden design's stream, to go with its xclbin."""
    insts = (design / "insts.bin").read_bytes()
    path = folder / "insts.elf"
    path.write_bytes(job_writing.write(Job((assembled(insts, 3, ControlCode(b"")),))))
    return path


def full(
    design: Path, folder: Path, *instances: str, kernel: str = "main", columns: int = 1
) -> Path:
    """A full ELF of the golden design: each instance loads its PDI, then does what its stream
    does."""
    parsed = xclbin.parse((design / "final.xclbin").read_bytes())
    stream = txn.parse((design / "insts.bin").read_bytes())
    loading = txn.build(replace(stream, operations=(LoadPdi(1), *stream.operations)))
    codes = [
        assembled(loading, 0, ControlCode(b"", kernel=kernel, instance=name, arguments=3))
        for name in instances
    ]
    image = parsed.partition.pdis[0].image
    path = folder / f"{kernel}.elf"
    path.write_bytes(job_writing.write(Job(tuple(codes), columns, {".pdi.1": image})))
    return path
