"""A core: a processor (softnpu.emulator.cores) on the tiles' own memories.

The code sees program memory at 0, and four windows onto data memories (south, west, north, own),
which are the very arrays that the tiles hold, so that neighbours share memory as on the array.
Locks, streams and the cascade are services (arch.standin) to either kind of code: one that has to
wait stops the core, and it is tried again when what it waits for has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softnpu.arch.standin import STANDIN_ISA, Service, is_standin
from softnpu.emulator import cores, waits
from softnpu.emulator.cores.processor import MachineError, Processor, Request, Serve
from softnpu.emulator.cores.services import CoreError, CoreFault, Results, Services
from softnpu.emulator.cores.surroundings import CoreHome
from softnpu.emulator.memory.addressing import Words
from softnpu.emulator.memory.locks import Lock
from softnpu.emulator.observing.recorder import Recorder
from softnpu.emulator.scheduling.scheduler import Actor, Wait
from softnpu.emulator.streams.streams import Link

INSTRUCTIONS_PER_TURN = 1_000_000
"""How long a core runs at most, from what it asks for on, before the others have their turn."""
FIRST_TURN = INSTRUCTIONS_PER_TURN // 16
"""The same when it has waited: others whose data come a little later than its own shall not wait
for it, but have their turns together with it."""
LONGEST_TURN = 4 * INSTRUCTIONS_PER_TURN
"""The same while it asks for nothing: each turn is longer than the one before."""
_GROWTH = 4
PART = INSTRUCTIONS_PER_TURN // 2
"""How much of a turn together with others is executed at once: what remains, any thread takes."""
LONG = 20_000
"""Cycles between two requests from which on it is worth it to execute in another thread."""
_SAMPLE = 16
"""Requests after which a core is judged by them anew."""

_SERVICES = {int(service): service for service in Service}


@dataclass
class CoreCounts:
    """What a core has done, for statistics; waits in cycles.

    Attributes:
        instructions: of stand-in code; bundles of AIE2 code.
        bank_wait: for memory banks that another of its own accesses had.
    """

    instructions: int = 0
    bank_wait: int = 0
    lock_wait: int = 0
    stream_wait: int = 0
    cascade_wait: int = 0


class Core(Services):
    """The core of a tile.

    Attributes:
        enabled, in_reset: bits of Core_Control; it runs when the first is set and not the second.
        done: the program has ended, which clears `enabled` (mlir-aie, test/npu-xrt/local_reset:
            such a core stands still after a reset until it is enabled again).
        pending: the (service, a0, a1) that it waits in, or None.
        recorders: where the array is profiled, what its programs have executed, by the PDI and the
            program.
    """

    def __init__(self, tile: CoreHome, stream_out: Link) -> None:
        super().__init__(tile, stream_out)
        self.reach = tile.reach()
        self.enabled = False
        self.in_reset = True
        self.pending: tuple[Service, int, int] | None = None
        self.counts = CoreCounts()
        self.recorders: dict[tuple[int, bytes], Recorder] = {}
        self._recorder: Recorder | None = None
        self._loaded = False
        self._stalled = 0
        self._stack_seen = 0
        self._began = 0
        self._error: Exception | None = None
        self._asked: Request | None = None
        self._asks_often = False
        self._sample = (0, 0)
        self._turn = FIRST_TURN

    # control

    def control(self, enable: bool, reset: bool) -> None:
        """Follows Core_Control: a reset forgets all state, enabling clears Core_Done."""
        ran = self.running
        if reset and not self.in_reset:
            self.restart()
        if enable and not self.enabled:
            self.done = False
        self.enabled, self.in_reset = enable, reset
        if self.running is not ran:
            self._switched(self.running, self._tile.array.controller_clock)
        if self.running:
            self._tile.wake(self)

    def _switched(self, running: bool, time: int) -> None:
        for observer in self._tile.observers:
            observer.core_switched(self, running, time)

    @property
    def running(self) -> bool:
        """Whether it is enabled, not in reset, and has not ended."""
        return self.enabled and not self.in_reset and not self.done

    def restart(self) -> None:
        """Goes back to address 0 with all registers cleared."""
        if self.pending is not None and self.pending[0] is Service.ACQUIRE:
            self._lock(self.pending[1]).forget(self)
        self.pending = None
        self.done = False
        self._machine = self._check = None
        self._error = self._asked = self.fault_at = None

    def program_changed(self) -> None:
        """Program memory was written."""
        self._loaded = True
        if self._machine is not None:
            self._machine.reload()

    @property
    def begun(self) -> bool:
        """Whether it has executed anything since it was reset."""
        return self._machine is not None

    @property
    def follows(self) -> bool:
        """Whether observers are told of its single instructions."""
        return self._recorder is not None and self._recorder.follows

    @property
    def isa(self) -> tuple[str | None, str]:
        """What its programs are, and the generation, see cores.processor."""
        array = self._tile.array
        return array.core_isa, array.device.generation

    def lock(self, number: int) -> Lock:
        """The lock that its code calls by a number."""
        return self._lock(number)

    @property
    def code(self) -> bytes:
        """The program, as it was when it began."""
        return b"" if self._recorder is None else self._recorder.code

    # running

    def run(self) -> None:
        """Runs until it must wait, ends, or its turn is over."""
        self._turn = min(self._turn, INSTRUCTIONS_PER_TURN)
        if self.begin():
            assert self._machine is not None
            self._execute(self._machine, self._serve, INSTRUCTIONS_PER_TURN)
            self.follow()

    @property
    def joins(self) -> bool:
        """As `Worker.joins`: not when it reaches for registers, nor when it asks all the time."""
        return not (self._asks_often or self._tile.bus_enabled())

    def begin(self) -> bool:
        """As `Worker.begin`: it is on, has a program, and what it waited in is done."""
        if not self.running:
            return False
        if not self._loaded:
            self._idle()
            return False
        if self._machine is None or self.pending is not None:
            self._turn = FIRST_TURN
        machine = self._machine or self._start()
        try:
            if self.pending is not None and not self._retry(machine):
                return False
        except MachineError as error:
            raise self._failed(error) from error
        array = self._tile.array
        shuffled = array.scheduler.shuffled
        turn = array.scheduler.portion(INSTRUCTIONS_PER_TURN if shuffled else self._turn)
        self._turn = min(_GROWTH * turn, LONGEST_TURN)
        self._began = self.clock
        self._turn_end = machine.retired + max(min(turn, array.deadline - self.clock), 1)
        return True

    def execute(self) -> bool:
        """As `Worker.execute`."""
        machine = self._machine
        if machine is None:  # what another asked for has reset it
            return False
        self._execute(machine, None, PART)
        self._asked = machine.take_request()
        stands = self._asked is not None or self._error is not None
        return not stands and machine.retired < self._turn_end

    def _execute(self, machine: Processor, serve: Serve | None, most: int) -> None:
        try:
            machine.run(min(self._turn_end - machine.retired, most), serve)
        except Exception as error:  # noqa: BLE001 (raised again by `follow`, in the array's order)
            self._error = error

    def follow(self) -> bool:
        """As `Worker.follow`."""
        machine = self._machine
        if machine is None:
            return False
        try:
            if self._follow(machine):
                return True
        except MachineError as error:
            raise self._failed(error) from error
        if self.clock > self._began:
            for observer in self._tile.observers:
                observer.core_ran(self, self._began, self.clock)
        if self.running and self.pending is None:
            self._tile.array.go_on(self)
        return False

    def _follow(self, machine: Processor) -> bool:
        """Does what the code asked for; whether it goes on in this turn."""
        self._settle(machine)
        error, self._error = self._error, None
        if error is not None:
            raise error
        asked, self._asked = self._asked, None
        if asked is None:
            return False
        results = self._serve(*asked)
        if results is None:
            return False
        machine.answer(results)
        return machine.retired < self._turn_end

    def _idle(self) -> None:
        """Does nothing for want of a program, as designs with an empty core expect."""
        self.done = True
        self._tile.array.hazard(
            f"{self.place} is enabled, but no program was loaded into it:"
            " it does nothing here; an NPU executes whatever the memory holds"
        )

    def _start(self) -> Processor:
        """Makes the processor, after making sure that it can run the program."""
        tile = self._tile
        if tile.array.core_isa is None and is_standin(tile.program[:16].tobytes()):
            # An xclbin without programs has no mark: control packets bring them.
            tile.array.core_isa = STANDIN_ISA
        isa, generation = self.isa
        cores.check_runnable(isa, generation, tile.name)
        follows = tile.array.tracing.follows(tile.place)
        follows |= any(observer.wants_steps for observer in tile.observers)
        self._recorder = self._begin_recording() if tile.array.profile or follows else None
        if self._recorder is not None and follows:
            self._recorder.follow()
        check = tile.array.memcheck
        self._check = None if check is None else check.of_core(tile)
        debugger = tile.array.debugger
        self._machine = cores.processor(
            isa,
            generation,
            tile.program,
            tile.windows(),
            bus=tile,
            recorder=self._recorder,
            check=self._check,
            stops=None if debugger is None else debugger.of_core(self),
        )
        self._metered = self._stalled = self._stack_seen = 0
        self._sample = (0, 0)
        self._locks = self._tile.core_locks()
        return self._machine

    def _begin_recording(self) -> Recorder:
        key = (self._tile.array.pdi, self._tile.program.tobytes())
        if key not in self.recorders:
            self.recorders[key] = Recorder(key[1])
        self.recorders[key].begin()
        return self.recorders[key]

    @property
    def processor(self) -> Processor | None:
        """What executes its program; None before the first start."""
        return self._machine

    def settle(self) -> None:
        """Brings the clock to where the code is, which was stopped in the midst of its turn."""
        if self._machine is not None:
            self._settle(self._machine)

    def _settle(self, machine: Processor) -> None:
        """Adds the cycles since the last time to the clock, and looks how far the stack went."""
        retired, stalled = machine.retired, machine.stalled
        cycles, waited = retired - self._metered, stalled - self._stalled
        self._metered, self._stalled = retired, stalled
        self.clock += cycles
        self.counts.instructions += cycles - waited
        self.counts.bank_wait += waited
        if cycles and self._recorder is not None and self.follows:
            steps = self._recorder.steps()
            for observer in self._tile.observers:
                observer.core_stepped(self, steps, self.clock)
        stack = machine.stack()
        if len(stack) > self._stack_seen:
            self._stack_seen = len(stack)
            self._tile.check_stack(stack)

    def _serve(self, code: int, first: int, second: int) -> Results:
        """Does what the code asks for, or leaves it pending."""
        assert self._machine is not None
        self._settle(self._machine)
        self._count_request()
        self._turn = min(self._turn, INSTRUCTIONS_PER_TURN)
        self._turn_end = min(self._turn_end, self._metered + INSTRUCTIONS_PER_TURN)
        service = _SERVICES.get(code)
        if service is Service.DONE:
            self.done, self.enabled = True, False
            self._switched(False, self.clock)
            return None
        if service is None:
            raise self._fault(f"asks for service {code}, which does not exist")
        for observer in self._tile.observers:
            observer.core_asked(self, service, first, second)
        results = self._services[service](first, second)
        if results is None:
            self.pending = (service, first, second)
        return results

    def _count_request(self) -> None:
        """Sees how often it asks for something, in cycles of its own."""
        since, requests = self._sample
        if requests < _SAMPLE:
            self._sample = (since, requests + 1)
            return
        self._asks_often = self._metered - since < LONG * requests
        self._sample = (self._metered, 0)

    def _retry(self, machine: Processor) -> bool:
        """Tries the pending service again; whether it is done."""
        assert self.pending is not None
        service, first, second = self.pending
        before = self.clock
        results = self._services[service](first, second)
        if results is None:
            return False
        self._waited(service, before)
        machine.answer(results)
        self.pending = None
        return True

    def _waited(self, service: Service, since: int) -> None:
        assert self.pending is not None
        cycles, first = self.clock - since, self.pending[1]
        if self._recorder is not None:
            number = first if service is Service.ACQUIRE else 0
            self._recorder.wait(self.asking, (service, number), cycles)
        if service is Service.ACQUIRE:
            self.counts.lock_wait += cycles
        elif service in (Service.PUT_CASCADE, Service.GET_CASCADE):
            self.counts.cascade_wait += cycles
        else:
            self.counts.stream_wait += cycles
        if cycles:
            for observer in self._tile.observers:
                observer.core_waited(self, service, first, since, self.clock)

    def _failed(self, error: MachineError) -> CoreError:
        self.done = True
        self.fault_at = error.pc
        return CoreError(CoreFault(self.tile, error.what, error.pc))

    @property
    def here(self) -> int:
        """The address of the instruction that it is at: that faulted, that waits, or the next."""
        if self.fault_at is not None:
            return self.fault_at
        return self.asking if self.pending is not None or self.done else self.registers()["pc"]

    def reachable_locks(self) -> list[Lock]:
        """The locks that it can acquire and release."""
        return [lock for lock in self._tile.core_locks() if lock is not None]

    def wait(self) -> Wait | None:
        """What it waits for; None if it is not in use."""
        if self.done:
            return waits.Ended(self)
        if not self.enabled or self.in_reset:
            return waits.Halted(self) if self._tile.program.any() else None
        if self.pending is None:
            return waits.Runs(self)
        service, first, second = self.pending
        if service is Service.ACQUIRE:
            return waits.LockWait(self, self._lock(first), second)
        if service is Service.GET_STREAM:
            return waits.DataWait(self, self.stream_in)
        if service is Service.GET_CASCADE:
            return waits.CascadeWait(self, self._tile.cascade_in(), True)
        if service is Service.PUT_CASCADE:
            return waits.CascadeWait(self, self._tile.cascade_out(), False)
        return waits.SpaceWait(self, self.stream_out)


class CoreStreamInput:
    """The target of a link that leads to a core's stream port: the core takes words one by one."""

    clock = 0

    def __init__(self, core: Core, wake: Callable[[Actor], None]) -> None:
        self.core = core
        self._wake = wake
        self.place = f"stream input of {core.place}"

    def attach(self, link: Link) -> None:
        """Tells the core where its words come from."""
        self.core.stream_in = link

    def room(self) -> int:
        """None of its own: the link's buffers hold what the core has not taken."""
        return 0

    def offer(self, words: Words, last: bool, time: int) -> int:  # noqa: ARG002
        """Takes nothing, but lets a core that waits look into the link."""
        pending = self.core.pending
        if pending is not None and pending[0] is Service.GET_STREAM:
            self._wake(self.core)
        return 0
