"""What the PDIs of an xclbin are called: by number, by id, by the device that they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softnpu.errors import FormatError
from softnpu.formats.xclbin import Partition, PartitionPdi


def numbers(partition: Partition) -> tuple[int, ...]:
    """The number of each PDI.

    Of several PDIs it is the id by which `load_pdi` names them, unless they share one: then, as
    for a lone PDI, they are counted from 0.
    """
    if len(partition.pdis) < 2 or not have_own_ids(partition):
        return tuple(range(len(partition.pdis)))
    return by_id(partition)


def by_id(partition: Partition) -> tuple[int, ...]:
    """The first id of each PDI; all must have one (see `have_own_ids`)."""
    return tuple(ids(part)[0] for part in partition.pdis)


def have_own_ids(partition: Partition) -> bool:
    """Whether every PDI has ids that no other one has."""
    named = [ids(part) for part in partition.pdis]
    every = [id for some in named for id in some]
    return all(named) and len(set(every)) == len(every)


def ids(part: PartitionPdi) -> tuple[int, ...]:
    """What `load_pdi` may call a PDI."""
    return tuple(dict.fromkeys(group.pdi_id for group in part.groups))


def kernels(part: PartitionPdi) -> tuple[str, ...]:
    """The ids of the kernels that begin with a PDI, e.g. "0x901"."""
    return tuple(f"{kernel:#x}" for group in part.groups for kernel in group.kernel_ids)


def label(number: int, device: str = "") -> str:
    """E.g. "PDI 3 (main)"."""
    return f"PDI {number}{f' ({device})' if device else ''}"


def devices(partition: Partition, xclbin: Path | None) -> tuple[str, ...]:
    """The device behind each PDI, "" where nothing tells.

    An xclbin does not name them; but `npuforge compile` leaves `<device>.pdi` beside it.
    """
    known: dict[bytes, list[str]] = {}
    sizes = {len(part.image) for part in partition.pdis}
    for path in sorted(xclbin.parent.glob("*.pdi")) if xclbin else ():
        if path.is_file() and path.stat().st_size in sizes:
            known.setdefault(path.read_bytes(), []).append(path.stem)
    return tuple(" or ".join(known.get(part.image, ())) for part in partition.pdis)


def position(partition: Partition, number: int, names: Sequence[str]) -> int:
    """Which of the PDIs has a number.

    Args:
        names: of their devices, for the message.

    Raises:
        FormatError: none has it; the message lists those there are.
    """
    there = numbers(partition)
    if number in there:
        return there.index(number)
    listed = ", ".join(label(*each) for each in zip(there, names, strict=True)) or "none"
    raise FormatError(f"there is no PDI {number}; the xclbin has: {listed}")
