"""Xclbins with several PDIs, put together of the golden designs'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from softnpu.formats import xclbin


def write_xclbin(
    march: Path, path: Path, designs: Mapping[int, str], *, id: int | None = None
) -> Path:
    """An xclbin with the PDI of each design, under its number; the first is the kernel's.

    Args:
        id: the PDIs have this one instead of their numbers.
    """
    first, *_ = specs = [
        xclbin.parse((march / name / "final.xclbin").read_bytes()).spec()
        for name in designs.values()
    ]
    pdis = []
    for position, (number, spec) in enumerate(zip(designs, specs, strict=True)):
        (pdi,) = spec.partition.pdis
        (group,) = pdi.groups
        kernels = () if position else group.kernel_ids
        group = replace(group, pdi_id=number if id is None else id, kernel_ids=kernels)
        pdis.append(replace(pdi, groups=(group,)))
    partition = replace(first.partition, pdis=tuple(pdis))
    path.write_bytes(xclbin.build(replace(first, partition=partition)))
    return path
