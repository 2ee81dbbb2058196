"""A hardware context: an array set up by an xclbin, and the runs on it.

    context = Context(parse(Path("final.xclbin").read_bytes()))
    buffers = [context.allocate(4096), context.allocate(4096)]
    report = context.run(Path("insts.bin").read_bytes(), buffers)

State persists from run to run as on hardware: a second run meets pong where the first met ping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from softnpu.arch.device import Device, device_of_shape
from softnpu.arch.standin import CORE_ISA_MARK
from softnpu.emulator.array.array import Array
from softnpu.emulator.control import executor
from softnpu.emulator.control.controller import Controller
from softnpu.emulator.cores.printing import Printed
from softnpu.emulator.cores.services import CoreError
from softnpu.emulator.dma.receive import ReceiveChannel
from softnpu.emulator.explaining.report import Outcome, RunReport, Statistics
from softnpu.emulator.memcheck.check import MemoryCheck
from softnpu.emulator.memory.host_memory import HostBuffer, HostMemory
from softnpu.emulator.observing.attached import Attached
from softnpu.emulator.scheduling.clock import CYCLES_PER_MS
from softnpu.emulator.timelines.timeline import Timeline
from softnpu.errors import EmulatorError
from softnpu.formats import pdi, txn
from softnpu.formats.xclbin import PartitionPdi, Xclbin

WATCHDOG_CYCLES = 2_000 * CYCLES_PER_MS
"""A job that takes longer is ended; the NPU's driver does so after about two seconds."""

_NPU1_DEVGEN = 3


class Context:
    """An array of the shape that an xclbin asks for, configured by its first PDI.

    Args:
        xclbin: a parsed xclbin.
        core_isa: what the cores' programs are, for an xclbin without a mark ("rv32").
        devgen: 3 for npu1, 4 for npu2; an xclbin does not say, so the first instruction stream
            decides if this is not given.
        seed: shuffles the order of ready actors, see emulator.scheduler.
        trace: records a timeline.
        profile: records where cores' cycles go, see emulator.profiling.
        memcheck: holds what cores access against what they may touch.
        debugger: stops cores; they execute in this thread alone then.
        host: the host's memory, if other contexts share it.
        threads: host threads on which cores execute; None for as many as the host has. Nothing
            but the wall time depends on it.
        loads_first: the first PDI is loaded before the first stream, as for every xclbin; the
            streams of a full ELF load what they need.

    Raises:
        EmulatorError: the configuration needs something that is not modelled.
        FormatError: the xclbin or its PDI is damaged.
    """

    def __init__(
        self,
        xclbin: Xclbin,
        *,
        core_isa: str | None = None,
        devgen: int | None = None,
        seed: int | None = None,
        trace: bool = False,
        profile: bool = False,
        memcheck: MemoryCheck | None = None,
        debugger: Attached | None = None,
        host: HostMemory | None = None,
        threads: int | None = None,
        loads_first: bool = True,
    ) -> None:
        self.xclbin = xclbin
        self.host = host or HostMemory()
        self.timeline = Timeline() if trace else None
        self._core_isa = xclbin.marks.get(CORE_ISA_MARK, core_isa)
        self._devgen = devgen
        self._seed = seed
        self._threads = threads if debugger is None else 1
        self._debugger = debugger
        self._profile = profile
        self._memcheck = memcheck
        self._array: Array | None = None
        self._pdis = {group.pdi_id: part for part in xclbin.partition.pdis for group in part.groups}
        self._configured = not loads_first

    @property
    def array(self) -> Array:
        """The array, made at the first run or when it is first looked at."""
        if self._array is None:
            partition = self.xclbin.partition
            device = _device_for(self._devgen or _NPU1_DEVGEN, partition.columns)
            self._array = Array(
                device,
                self._core_isa,
                self._seed,
                self.host,
                start_column=min(partition.start_columns, default=0),
                threads=self._threads,
            )
            self._array.observers += [self.timeline] if self.timeline else []
            self._array.profile = self._profile
            self._array.memcheck = self._memcheck
            self._array.debugger = self._debugger
            self.controller = Controller(self._array, self._load_pdi)
        return self._array

    def configure(self) -> None:
        """Sets the array up from the first PDI, if that has not been done."""
        if self._configured:
            return
        pdis = self.xclbin.partition.pdis
        if not pdis:
            raise EmulatorError("the xclbin's AIE_PARTITION section holds no PDI")
        self._configured = True
        self._apply_pdi(pdis[0], next((group.pdi_id for group in pdis[0].groups), 0))

    def allocate(self, size: int, name: str = "buffer") -> HostBuffer:
        """A host buffer of `size` zero bytes that the array's DMAs can reach."""
        return self.host.allocate(size, name)

    def run(
        self,
        instructions: bytes,
        arguments: Sequence[HostBuffer | None],
        *,
        scratchpad: HostBuffer | None = None,
        timeout_ms: float | None = None,
        until: Callable[[Array], bool] | None = None,
    ) -> RunReport:
        """Runs an instruction stream to its end, or until nothing can move.

        Args:
            instructions: a TXN stream (insts.bin).
            arguments: the kernel's buffers, in order; None for one that was not given.
            scratchpad: the values of run-time parameters, for a stream that fetches them.
            timeout_ms: estimated time after which the run counts as timed out; None for the
                driver's watchdog alone.
            until: stops the run early as soon as it holds; the next call of `resume` goes on.

        Returns:
            What happened; a hang or a fault is an outcome, not an exception.
        """
        stream = txn.parse(instructions)
        self._check_stream(stream)
        before = Statistics.of(self.array)
        start = self._synchronise()
        self.array.host_access.begin(arguments)
        self.array.hazards.clear()
        self.array.printed.clear()
        self._started = (before, start)
        self.array.set_deadline(start + _cycles(timeout_ms), settling=False)
        try:
            configured = self._configured
            self.array.tracing.expect(stream.operations)
            self.configure()
            self.controller.table.begin(scratchpad)
            self.controller.begin(stream.operations, arguments, configured=not configured)
        except EmulatorError as error:
            return self._report(Outcome.FAULT, error)
        if self._debugger is not None:
            self._debugger.begins(self.array)
        return self.resume(until=until)

    def resume(
        self,
        *,
        timeout_ms: float | None = None,
        until: Callable[[Array], bool] | None = None,
    ) -> RunReport:
        """Goes on with the run in progress: one that was stopped, or whose time was over.

        Args:
            timeout_ms: how much longer a run may take whose time was over; None for as long as
                the driver's watchdog allows.
            until: as for `run`.
        """
        array = self.array
        if array.timed_out:
            longer = array.deadline + _cycles(timeout_ms)
            array.set_deadline(min(longer, self._watchdog), settling=False)
        try:
            stop = self._between_turns(until)
            idle = array.scheduler.run(stop)
            while idle and array.tracing.flush():
                idle = array.scheduler.run(stop)
        except EmulatorError as error:
            return self._report(Outcome.FAULT, error)
        if array.timed_out:
            return self._report(Outcome.TIMEOUT)
        if not idle:
            return self._report(Outcome.STOPPED)
        return self._report(Outcome.COMPLETED if self.controller.finished else Outcome.HANG)

    def _between_turns(self, until: Callable[[Array], bool] | None) -> Callable[[], bool] | None:
        """What is asked between turns: whether to stop there."""
        array, debugger = self.array, self._debugger
        if debugger is None:
            return None if until is None else lambda: until(array)

        def between() -> bool:
            debugger.between()
            return until is not None and until(array)

        return between

    @property
    def watchdog_expired(self) -> bool:
        """Whether the run in progress has had all the time that there is."""
        return self.array.timed_out and self.array.deadline >= self._watchdog

    @property
    def _watchdog(self) -> int:
        """The clock at which the driver ends the run in progress."""
        return self._started[1] + WATCHDOG_CYCLES

    def _synchronise(self) -> int:
        """Moves all clocks to where the latest one is: the host has waited for the last run."""
        actors = [self.controller, *self.array.actors()]
        latest = max(actor.clock for actor in actors)
        for actor in actors:
            actor.clock = latest
        return latest

    def _report(self, outcome: Outcome, error: EmulatorError | None = None) -> RunReport:
        before, start = self._started
        if outcome is Outcome.COMPLETED:
            self._note_unread_counts()
            self.controller.note_tokens()
        self.array.tracing.end_run()
        if self.timeline is not None:
            self.timeline.end_run(self.array, self.controller)
        statistics = Statistics.of(self.array) - before
        report = RunReport(
            outcome=outcome,
            cycles=self.controller.clock - start,
            statistics=statistics,
            arguments=self.array.host_access.uses(),
            hazards=tuple(self.array.hazards),
            printed=_since(start, self.array.printed),
            error=error,
            fault=error.fault if isinstance(error, CoreError) else None,
            wait=self.controller.wait() if outcome in (Outcome.HANG, Outcome.TIMEOUT) else None,
            array=self.array,
            ahead=tuple(self.controller.ahead),
        )
        if self._debugger is not None:
            self._debugger.ended(report)
        if outcome in (Outcome.HANG, Outcome.FAULT):
            self.controller.abandon()
        return report

    def _note_unread_counts(self) -> None:
        for channel in self.array.channels():
            if isinstance(channel, ReceiveChannel) and channel.finish_counts:
                self.array.hazard(
                    f"{channel.place} holds {len(channel.finish_counts)} finish-on-TLAST counts "
                    "that nobody has read; on hardware, the channel stops when its FIFO for them "
                    "is full, and how many it holds is not published"
                )

    # configuration

    def _check_stream(self, stream: txn.Txn) -> None:
        """Makes sure that the stream was made for this array."""
        columns = self.xclbin.partition.columns
        if stream.columns > columns:
            raise EmulatorError(
                f"the instruction stream was made for {stream.columns} columns, "
                f"the xclbin's partition has {columns}"
            )
        if self._devgen is None:
            self._devgen = stream.devgen
        if stream.devgen != self._devgen:
            raise EmulatorError(
                f"the instruction stream is for device generation {stream.devgen}, "
                f"the context for {self._devgen}"
            )

    def _load_pdi(self, id: int) -> None:
        part = self._pdis.get(id)
        if part is None:
            there = ", ".join(map(str, self._pdis)) or "none"
            raise EmulatorError(f"the instruction stream loads PDI {id}; the xclbin holds: {there}")
        if id == self.array.pdi:
            self.array.hazard(
                f"the runtime sequence loads PDI {id}, which was loaded last: the firmware does "
                "nothing then, so locks, cores and tasks stay as they are; load another one in "
                "between to begin anew"
            )
            return
        self.array.reset()
        self._apply_pdi(part, id)

    def _apply_pdi(self, part: PartitionPdi, id: int) -> None:
        from softnpu.formats import cdo

        self.array.pdi = id
        operations = cdo.operations(pdi.parse(part.image).cdo())
        self.array.tracing.expect(operations)
        executor.configure(self.array, operations)


def _since(start: int, printed: Iterable[Printed]) -> tuple[Printed, ...]:
    """What was printed in a run, by its time since the start."""
    lines = (replace(line, clock=line.clock - start) for line in printed)
    return tuple(sorted(lines, key=lambda line: line.clock))


def _cycles(timeout_ms: float | None) -> int:
    return (
        WATCHDOG_CYCLES if not timeout_ms else min(int(timeout_ms * CYCLES_PER_MS), WATCHDOG_CYCLES)
    )


def _device_for(devgen: int, columns: int) -> Device:
    found = device_of_shape(devgen, columns)
    if found is None:
        raise EmulatorError(f"there is no device of generation {devgen} with {columns} columns")
    return found
