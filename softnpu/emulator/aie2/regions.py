"""A region of a program as a C function.

A region is a straight run of bundles. Instructions that are on their way where it begins or ends
are part of its name: the same bundles with other instructions in flight are another region. So
every read, write and memory access is a statement at its place, and nothing is decided at run
time but where to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from softnpu.emulator.aie2.flights import QUEUE, Flight, InFlight, Key, from_slot, to_slot
from softnpu.emulator.aie2.kept import Kept
from softnpu.emulator.aie2.operations import NotExecutedError
from softnpu.emulator.aie2.plan import Write
from softnpu.emulator.aie2.planner import planned
from softnpu.isa.codec import Bundle, Instruction
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import notation

LONGEST = 48
"""Bundles of a region at most: what the compiler sees at once."""


class Code(Protocol):
    """A program's bundles."""

    instructions: InstructionSet
    longest: int

    @property
    def loop_ends(self) -> frozenset[int]:
        """The last bundles of hardware loops."""

    @property
    def targets(self) -> frozenset[int]:
        """Addresses that a branch or a loop names."""

    def bundle(self, address: int) -> Bundle | None:
        """The bundle at an address; None for bits that are none, or beyond the program."""

    def after(self, address: int) -> int:
        """The address behind the bundle at `address` and its delay slots."""

    def loop_start(self, end: int) -> int | None:
        """Where the loop most likely begins that ends with the bundle at `end`."""


@dataclass
class Region:
    """A region's C, and where it may go on.

    Attributes:
        lines: the function's statements.
        nexts: the regions that it names.
        bundles: how many bundles it has.
        end: the address behind them.
        call, returns: the bundle that calls a function at its end, or whether it comes back from
            one.
    """

    key: Key
    lines: list[str] = field(default_factory=list)
    nexts: list[Key] = field(default_factory=list)
    bundles: int = 0
    end: int = 0
    call: int | None = None
    returns: bool = False


class RegionWriter:
    """Writes one region.

    Args:
        number: gives the number of a region, which is then translated as well.
        flights: gives the number of a tuple of instructions in flight.
    """

    def __init__(
        self,
        code: Code,
        key: Key,
        number: Callable[[Key], int],
        flights: Callable[[tuple[InFlight, ...]], int],
    ) -> None:
        self.code = code
        self.set = code.instructions
        self.key = key
        self.number = number
        self.flights = flights
        self.region = Region(key, end=key.address)
        self.out = self.region.lines.append
        self.made = 0
        self.returning: list[tuple[InFlight, ...]] = []
        self.kept = Kept(self.set)
        self.flying = [self._entered(*one) for one in key.flight]

    def write(self) -> Region:
        """The region."""
        self._write()
        begin = [*self.kept.declared(), "uint64_t place; uint32_t where;"]
        end = "nowhere: return npu_nowhere(s, place, where);"
        self.region.lines[:] = [*begin, *self.region.lines, end]
        return self.region

    def _write(self) -> None:
        for place, (flight, name) in enumerate(self._saved()):
            kind = flight.plan.variables[name]
            self.out(f"{flight.prefix}{name} = {from_slot(kind, place)};")
        address = self.key.address
        while True:
            bundle = self.code.bundle(address)
            if bundle is None:
                self._fault("BUNDLE", address)
                break
            try:
                issued = self._issue(bundle, address)
            except NotExecutedError:
                self._fault("OPERATION", address)
                break
            asks = sorted((one for one in issued if one.plan.request), key=_turn)
            granted = 0 if self.region.bundles else self.key.granted
            if granted < len(asks):
                self._ask(asks[granted], issued, address)
                break
            if any(one.plan.branch for one in issued) and self._branching():
                self._fault("BRANCH", address)
                break
            self.out(f"/* {address:#x}: {notation(self.set).write_bundle(bundle)} */")
            self.flying += issued
            self.region.bundles += 1
            self.region.end = address + bundle.size
            if not self._step():
                break
            following = address + bundle.size
            if self._transfer(address, following):
                break
            address = following
            if not self._branching() and (
                self.region.bundles >= self.code.longest or address in self.code.targets
            ):
                self._write_back()
                self._go(address)
                break

    # -- instructions in flight --------------------------------------------------------------

    def _entered(self, address: int, slot: int, age: int) -> Flight:
        bundle = self.code.bundle(address)
        assert bundle is not None
        return self._flight(address, slot, bundle.instructions[slot], age)

    def _flight(self, address: int, slot: int, instruction: Instruction, age: int = 0) -> Flight:
        plan = planned(self.set, instruction)
        flight = Flight(address, slot, instruction, plan, f"i{self.made}_", age)
        self.made += 1
        for name, kind in plan.variables.items():
            self.out(f"{kind} {flight.prefix}{name};")
        return flight

    def _issue(self, bundle: Bundle, address: int) -> list[Flight]:
        return [
            self._flight(address, slot, instruction)
            for slot, instruction in enumerate(bundle.instructions)
            if "nop" not in instruction.opcode.effects
        ]

    def _branching(self) -> bool:
        return any(one.plan.branch for one in self.flying)

    def _saved(self) -> list[tuple[Flight, str]]:
        saved = [(flight, name) for flight in self.flying for name in flight.live()]
        assert len(saved) <= QUEUE, "more on its way than npu_core has room for"
        return saved

    # -- a cycle -----------------------------------------------------------------------------

    def _step(self) -> bool:
        """One cycle: everything that happens in it, in order. False where it is a fault."""
        for flight in self.flying:
            flight.age += 1
        writes = [
            (flight, one)
            for flight in self.flying
            for one in flight.plan.writes
            if one.stage == flight.age
        ]
        twice = self._collide(writes)
        if twice is not None:
            self._fault("TWICE", twice)
            return False
        forwards = [(flight, one) for flight, one in writes if one.bypass]
        forwarded = {
            (leaf, one.bypass) for _, one in forwards for leaf in self.set.leaves(one.register)
        }
        late: list[tuple[Flight, str, str]] = []
        for flight in self.flying:
            for read in flight.plan.reads:
                if read.stage != flight.age:
                    continue
                leaves = self.set.leaves(read.register)
                if read.bypass and any((leaf, read.bypass) in forwarded for leaf in leaves):
                    late.append((flight, read.name, read.register))
                else:
                    self._read(flight, read.name, read.register)
        waiting = {id(flight) for flight, *_ in late}
        for flight in self.flying:
            if flight.age == 1:
                for statement in flight.plan.address:
                    self._say(flight, statement)
            if id(flight) not in waiting and not (
                flight.plan.load and flight.age == flight.plan.load[1]
            ):
                self._compute(flight)
        if late:
            for flight, one in forwards:
                self._land(flight, one)
            for flight, name, register in late:
                self._read(flight, name, register)
            for flight in {id(f): f for f, *_ in late}.values():
                self._compute(flight)
        self._memory()
        done = set(map(id, (w for _, w in forwards))) if late else set()
        for flight, one in writes:
            if id(one) not in done:
                self._land(flight, one)
        self.flying = [
            one
            for one in self.flying
            if (one.plan.branch and one.age <= self.set.delay_slots + 1) or one.age < one.plan.last
        ]
        return True

    def _collide(self, writes: list[tuple[Flight, Write]]) -> int | None:
        """The bundle that writes a register in which another write lands now, if one does;
        flags that latch may."""
        landing: set[str] = set()
        for flight, one in writes:
            if one.name.startswith("flag_"):
                continue
            leaves = self.set.leaves(one.register)
            if not landing.isdisjoint(leaves):
                return flight.address
            landing.update(leaves)
        return None

    def _memory(self) -> None:
        self._banks()
        for flight in self.flying:
            load = flight.plan.load
            if load and load[1] == flight.age:
                self._say(flight, load[0])
                self._compute(flight)
        for flight in self.flying:
            store = flight.plan.store
            if store and store[1] == flight.age:
                self._say(flight, store[0])

    def _banks(self) -> None:
        """Counts the cycles that accesses to one bank hold up the core."""
        accesses = [
            (flight, size)
            for flight in self.flying
            for size, stage in flight.plan.accesses
            if stage == flight.age
        ]
        if len(accesses) < 2 or not self.set.bank:
            return
        at = [f"{flight.prefix}at" for flight, _ in accesses]
        wide = [size > self.set.bank for _, size in accesses]
        pc = f"{accesses[-1][0].address:#x}"
        if len(accesses) == 2:
            same = "NPU_PAIR" if any(wide) else "NPU_PAIR | NPU_SIDE"
            self.out(f"npu_meet(s, {at[0]}, {at[1]}, {same}, {pc});")
            return
        mask = sum(bit << place for place, bit in enumerate(wide))
        self.out(
            f"npu_crowd(s, (const uint32_t[]){{{', '.join(at)}}}, {len(at)}, {mask:#x}, {pc});"
        )

    def _compute(self, flight: Flight) -> None:
        if flight.age == flight.plan.computed:
            for statement in flight.plan.statements:
                self._say(flight, statement)

    def _read(self, flight: Flight, name: str, register: str) -> None:
        self.out(f"{flight.prefix}{name} = {self.kept.get(register)};")

    def _land(self, flight: Flight, one: Write) -> None:
        self.out(self.kept.put(one.register, f"{flight.prefix}{one.name}", one.latches))
        if one.register == "sp":
            self.out("npu_stack(s);")
        if one.register == "le":
            self.out(f"npu_loop_ends(s, {flight.address:#x});")

    def _say(self, flight: Flight, statement: str) -> None:
        text = statement.replace("@here", f"{flight.address:#x}")
        text = text.replace("@ahead", str(self.region.bundles - 1))
        if "@carry" in text:
            text = text.replace("@carry", self.kept.get("srCarry"))
        if "@follows" in text:
            text = text.replace("@follows", f"{self.code.after(flight.address):#x}")
        self.out(text.replace("@", flight.prefix))

    # -- ends --------------------------------------------------------------------------------

    def _ask(self, flight: Flight, issued: list[Flight], address: int) -> None:
        """Comes back with a request; granted, the region goes on with this very bundle.

        Nothing comes behind `done`, in front of which all that is on its way lands: the core
        stands until a reset.
        """
        if self.region.bundles:
            self._write_back()
            self._go(address)
            return
        if "done" in flight.instruction.opcode.effects:
            self.flying += issued
            while self.flying:
                if not self._step():
                    return
            self._write_back()
            self._say(flight, f"{flight.plan.request} s->pc = @here; return -1;")
            return
        for read in flight.plan.reads:
            self._read(flight, read.name, read.register)
        granted = Key(address, self.key.flight, self.key.granted + 1)
        number = self.number(granted)
        self.region.nexts.append(granted)
        if flight.plan.condition:
            self._say(flight, f"if (!({flight.plan.condition})) return {number};")
        self._say(flight, flight.plan.request)
        self._say(flight, f"s->pc = @here; s->resume = {number}; return -1;")

    def _transfer(self, address: int, following: int) -> bool:
        """What comes behind the bundle, where a branch or a loop ends; whether the region does."""
        due = next((f for f in self.flying if f.plan.branch and f.age > self.set.delay_slots), None)
        if due is not None:
            self.flying.remove(due)
            self._write_back()
            if due.age < due.plan.last:  # pragma: no cover  the link register lands before
                raise AssertionError("a branch that outlives its delay slots")
            target = due.instruction.target
            if "call" in due.instruction.opcode.effects:
                self.region.call = due.address
            self.region.returns = "return" in due.instruction.opcode.effects
            unconditional = "conditional" not in due.instruction.opcode.effects
            prefix = due.prefix
            if not unconditional:
                self.out(f"if ({prefix}taken) {{")
            if target is not None:
                self._go(target)
            else:
                self._go_to(f"{prefix}target", self.region.returns)
            if not unconditional:
                self.out("}")
                self._go(following)
            return True
        if address in self.code.loop_ends and not self._branching():
            self._write_back()
            self.out(f"if (s->le == {address:#x} && s->lc && (s->lc = s->lc - 1)) {{")
            start = self.code.loop_start(address)
            if start is not None:
                self.out(f"if (s->ls == {start:#x}) {{")
                self._go(start)
                self.out("}")
            self._go_to("s->ls")
            self.out("}")
            self._go(following)
            return True
        return False

    def _write_back(self) -> None:
        """In front of whatever leaves the region."""
        self.out(self.kept.written_back())

    def _leave(self) -> tuple[InFlight, ...]:
        for place, (flight, name) in enumerate(self._saved()):
            kind = flight.plan.variables[name]
            self.out(to_slot(kind, place, f"{flight.prefix}{name}"))
        return tuple((one.address, one.slot, one.age) for one in self.flying)

    def _go(self, address: int) -> None:
        key = Key(address, self._leave())
        self.region.nexts.append(key)
        self.out(f"s->cycles += {self.region.bundles}; return {self.number(key)};")

    def _go_to(self, target: str, returning: bool = False) -> None:
        flight = self._leave()
        if returning:
            self.returning.append(flight)
        self.out(
            f"s->cycles += {self.region.bundles}; "
            f"return s->code->find(s, {target}, {self.flights(flight)});"
        )

    def _fault(self, what: str, address: int) -> None:
        self._write_back()
        self.out(
            f"npu_fail(s, NPU_FAULT_{what}, {address:#x}, 0); "
            f"s->cycles += {self.region.bundles}; return -1;"
        )


def _turn(flight: Flight) -> tuple[bool, int]:
    """The order of a bundle's requests: whose results are kept last come last, `done` behind."""
    return "done" in flight.instruction.opcode.effects, -flight.slot
