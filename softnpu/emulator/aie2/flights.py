"""Instructions on their way, and what a region is named by."""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.emulator.aie2.plan import Plan
from softnpu.isa.codec import Instruction

QUEUE = 512
"""Values that can be on their way where regions meet (runtime.h, NPU_QUEUE)."""

InFlight = tuple[int, int, int]
"""(address of the bundle, its slot, cycles since it was issued)."""


@dataclass(frozen=True)
class Key:
    """What a region is: where it begins, what is in flight, how many of the first bundle's
    requests were granted."""

    address: int
    flight: tuple[InFlight, ...] = ()
    granted: int = 0


@dataclass
class Flight:
    """An instruction on its way."""

    address: int
    slot: int
    instruction: Instruction
    plan: Plan
    prefix: str
    age: int = 0

    def live(self) -> list[str]:
        """The variables that hold something which is still needed, in a fixed order."""
        plan, age = self.plan, self.age
        found: dict[str, None] = {}
        if age < plan.computed:
            found.update({one.name: None for one in plan.reads if one.stage <= age})
            if plan.load and plan.load[1] <= age:
                found["load"] = None
        for access in (plan.load, plan.store):
            if access and access[1] > age:
                found["at"] = None
        found.update(
            {one.name: None for one in plan.writes if one.stage > age >= self._made(one.name)}
        )
        if plan.store and plan.store[1] > age >= plan.computed:
            found["data"] = None
        if plan.branch:
            found.update(taken=None, target=None)
        return [name for name in found if name in plan.variables]

    def _made(self, variable: str) -> int:
        moves = variable == "moved" or variable.endswith("_next")
        return 1 if moves else self.plan.computed


def _member(kind: str) -> str:
    return {
        "npu_q": "q",
        "npu_w": "w",
        "npu_x": "x",
        "npu_y": "y",
        "uint64_t": "l",
    }.get(kind, "r")


def from_slot(kind: str, place: int) -> str:
    """C that reads what a variable of a C type held where regions met."""
    return f"s->queue[{place}].{_member(kind)}"


def to_slot(kind: str, place: int, value: str) -> str:
    """C that keeps a variable's value for the region that comes."""
    return f"s->queue[{place}].{_member(kind)} = {value};"
