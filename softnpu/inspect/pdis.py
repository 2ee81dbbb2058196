"""The arrays of an xclbin: each of its PDIs configures one by itself.

A context begins with the first PDI; `load_pdi` in an instruction stream goes over to another. So
the stream is cut there, and each array gets the operations that run on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from softnpu.arch.address import MOST_COLUMNS
from softnpu.emulator.naming.names import Names
from softnpu.emulator.naming.names import beside as load_beside
from softnpu.errors import FormatError
from softnpu.formats import cdo, pdi
from softnpu.formats.operations import LoadPdi, Operation
from softnpu.formats.xclbin import Partition, PartitionPdi, Xclbin
from softnpu.inspect import pdi_names
from softnpu.inspect.array import ConfiguredArray, of_operations


@dataclass(frozen=True)
class ConfiguredPdi:
    """A PDI of an xclbin, and the array that it configures.

    Attributes:
        number: see `pdi_names.numbers`.
        columns: of the partition.
        sequence: what a runtime sequence does while the PDI is loaded.
        device: the name of the device that it was made of, "" if unknown.
        names: the author's for what the array holds.
    """

    number: int
    part: PartitionPdi
    columns: int
    sequence: tuple[Operation, ...] = ()
    device: str = ""
    names: Names = field(default_factory=Names)

    @property
    def label(self) -> str:
        """E.g. "PDI 3 (main)"."""
        return pdi_names.label(self.number, self.device)

    @cached_property
    def array(self) -> ConfiguredArray:
        """What the PDI and then the sequence leave.

        Raises:
            FormatError: the PDI holds no CDO that is understood.
        """
        setup = cdo.operations(pdi.parse(self.part.image).cdo())
        return of_operations([*setup, *self.sequence], self.columns)


@dataclass(frozen=True)
class PdiArrays:
    """What an xclbin and a runtime sequence configure.

    Attributes:
        shown: all PDIs, the one that a context begins with first, or the one that was asked for.
        count: how many the xclbin has.
        unknown: ids that the sequence loads and no PDI has; what follows those is in no array.
    """

    shown: tuple[ConfiguredPdi, ...]
    count: int
    unknown: tuple[int, ...] = ()


def of_xclbin(
    parsed: Xclbin,
    sequence: Iterable[Operation] = (),
    *,
    beside: Path | None = None,
    names: Names | None = None,
    number: int | None = None,
) -> PdiArrays:
    """The arrays that an xclbin and a runtime sequence configure.

    Args:
        beside: the xclbin's path, for what lies there: the devices' names, the author's names.
            The latter are those of the first PDI's device unless they are given for each PDI;
            else others share but the arguments.
        names: the author's instead, of the PDI asked for or the first.
        number: show this PDI alone; a sequence that loads none is then taken to run on it.

    Raises:
        FormatError: there is no partition, it has no PDI, or none of that number.
    """
    partition = parsed.partition
    if partition.columns > MOST_COLUMNS:
        raise FormatError(f"the partition has {partition.columns} columns; no array has")
    if not partition.pdis:
        raise FormatError("the xclbin's AIE_PARTITION section holds no PDI")
    devices = pdi_names.devices(partition, beside)
    at = None if number is None else pdi_names.position(partition, number, devices)
    operations = tuple(sequence)
    stretches = _stretches(partition, operations, at or 0)
    known = names or (load_beside(beside) if beside else Names())
    named = at if at is not None and names else 0
    unnamed = Names(arguments=known.arguments)
    found = [
        ConfiguredPdi(
            each,
            part,
            partition.columns,
            tuple(stretches[n]),
            devices[n],
            known.of(_first_id(part)) if known.pdis or n == named else unnamed,
        )
        for n, (each, part) in enumerate(
            zip(pdi_names.numbers(partition), partition.pdis, strict=True)
        )
    ]
    shown = tuple(found) if at is None else (found[at],)
    return PdiArrays(shown, len(found), tuple(_unknown_loads(partition, operations)))


def _stretches(
    partition: Partition, sequence: Sequence[Operation], chosen: int
) -> list[list[Operation]]:
    """What runs on each PDI, by position; all of it on a lone one, whatever is loaded."""
    found: list[list[Operation]] = [[] for _ in partition.pdis]
    if len(found) == 1 or not any(isinstance(one, LoadPdi) for one in sequence):
        found[chosen].extend(sequence)
        return found
    loaded = _by_id(partition)
    at: int | None = 0
    for operation in sequence:
        if isinstance(operation, LoadPdi):
            at = loaded.get(operation.id)
        elif at is not None:
            found[at].append(operation)
    return found


def _unknown_loads(partition: Partition, sequence: Sequence[Operation]) -> Iterator[int]:
    if len(partition.pdis) > 1:
        asked = dict.fromkeys(one.id for one in sequence if isinstance(one, LoadPdi))
        yield from (id for id in asked if id not in _by_id(partition))


def _first_id(part: PartitionPdi) -> int:
    return next(iter(pdi_names.ids(part)), 0)


def _by_id(partition: Partition) -> dict[int, int]:
    return {id: n for n, part in enumerate(partition.pdis) for id in pdi_names.ids(part)}
