"""What a run gives beside its data: outcome, counts, an estimate of its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.cores.printing import Printed
    from softnpu.emulator.cores.services import CoreFault
    from softnpu.emulator.dma.host_access import Use
    from softnpu.emulator.scheduling.scheduler import Wait
    from softnpu.errors import EmulatorError
    from softnpu.formats.operations import Operation

WORD = 4


class Outcome(Enum):
    """How a run ended."""

    COMPLETED = "completed"
    HANG = "hang"
    """Nothing can move, and the instruction stream is not at its end."""
    TIMEOUT = "timeout"
    """Something still moves, but the estimated time is over."""
    FAULT = "fault"
    """A core faulted, a transfer left its buffer, or something is not modelled."""
    STOPPED = "stopped"
    """`until` held."""


@dataclass(frozen=True)
class CoreStatistics:
    """One core's run; waits in cycles, see `core.CoreCounts`."""

    instructions: int = 0
    bank_wait: int = 0
    lock_wait: int = 0
    stream_wait: int = 0
    cascade_wait: int = 0


@dataclass(frozen=True)
class ChannelStatistics:
    """One DMA channel's run; the wait in cycles."""

    bytes: int = 0
    descriptors: int = 0
    tasks: int = 0
    lock_wait: int = 0


@dataclass(frozen=True)
class Statistics:
    """Counts of all cores and channels that did anything, by place."""

    cores: dict[str, CoreStatistics] = field(default_factory=dict)
    channels: dict[str, ChannelStatistics] = field(default_factory=dict)

    @classmethod
    def of(cls, array: Array) -> Statistics:
        """The counts since the array was made."""
        cores = {
            core.place: CoreStatistics(
                core.counts.instructions,
                core.counts.bank_wait,
                core.counts.lock_wait,
                core.counts.stream_wait,
                core.counts.cascade_wait,
            )
            for core in array.cores()
        }
        channels = {
            channel.place: ChannelStatistics(
                channel.counts.words * WORD,
                channel.counts.descriptors,
                channel.counts.tasks,
                channel.counts.lock_wait,
            )
            for channel in array.channels()
        }
        return cls(cores, channels)

    def __sub__(self, earlier: Statistics) -> Statistics:
        """The counts since `earlier`, without cores and channels that did nothing."""
        cores = {
            place: CoreStatistics(
                now.instructions - then.instructions,
                now.bank_wait - then.bank_wait,
                now.lock_wait - then.lock_wait,
                now.stream_wait - then.stream_wait,
                now.cascade_wait - then.cascade_wait,
            )
            for place, now in self.cores.items()
            if (then := earlier.cores[place]) != now
        }
        channels = {
            place: ChannelStatistics(
                after.bytes - before.bytes,
                after.descriptors - before.descriptors,
                after.tasks - before.tasks,
                after.lock_wait - before.lock_wait,
            )
            for place, after in self.channels.items()
            if (before := earlier.channels[place]) != after
        }
        return Statistics(cores, channels)


@dataclass(frozen=True)
class RunReport:
    """What happened in one run.

    Attributes:
        cycles: an estimate: one instruction or bundle a cycle, one word a cycle per stream; see
            docs/emulator.md for what it leaves out.
        arguments: what DMAs moved of each buffer that the run was given, in order.
        hazards: what went well here and might not on hardware.
        printed: what cores have printed, in the order of their clocks.
        error: why it ended, for a fault.
        fault: the core's fault, if a core is to blame.
        wait: what the controller waits for, after a hang or a timeout.
        array: the array, to look inside.
        ahead: the operations behind the one that the instruction stream ended at.
    """

    outcome: Outcome
    cycles: int
    statistics: Statistics
    arguments: tuple[Use, ...]
    hazards: tuple[str, ...]
    printed: tuple[Printed, ...]
    error: EmulatorError | None
    fault: CoreFault | None
    wait: Wait | None
    array: Array
    ahead: tuple[Operation, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The hazards, and the buffers that no DMA of a run that completed has touched."""
        untouched = (
            f"no DMA has touched {use.name} ({use.size} bytes): an input that is never read, or an "
            "output that is never written"
            for use in self.arguments
            if self.completed and not use.read and not use.written
        )
        return (*self.hazards, *untouched)

    @property
    def completed(self) -> bool:
        """Whether the instruction stream came to its end."""
        return self.outcome is Outcome.COMPLETED
