"""What a core asks of the machine that executes its program, whatever code that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from softnpu.errors import EmulatorError

Request = tuple[int, int, int]
"""A service's number (arch.standin) and two arguments, signed."""
Serve = Callable[[int, int, int], "tuple[int, ...] | None"]
"""Takes a request; gives its results, or None to stop the processor in it."""


class MachineError(EmulatorError):
    """The code cannot go on; the message begins with a verb: "writes to 0x80000, …".

    Attributes:
        what: the message.
        pc: the address of the instruction.
    """

    def __init__(self, what: str, pc: int) -> None:
        super().__init__(what)
        self.what = what
        self.pc = pc


class ProcessorBus(Protocol):
    """A tile's registers as its core reaches them; offsets in the tile."""

    def bus_enabled(self) -> bool:
        """Whether Core_Processor_Bus lets the core through."""

    def read(self, offset: int) -> int:
        """The word at `offset`."""

    def write(self, offset: int, value: int) -> None:
        """Writes the word at `offset`."""


class Processor(Protocol):
    """Executes a program from address 0 on.

    It is made of program memory (at 0, the tile's own array), of data memory by the address where
    the code sees it (64 KB each, the tiles' own arrays).
    """

    @property
    def retired(self) -> int:
        """Cycles so far without waits: instructions of RV32; bundles of AIE2, and stalls."""

    @property
    def stalled(self) -> int:
        """Of these, the cycles in which a memory bank held it up."""

    def run(self, instructions: int, serve: Serve | None) -> None:
        """Runs until a service stops it, or for about so many cycles.

        Args:
            serve: does at once what the code asks for; None to stop there, see `take_request`.
                Without it, several processors that share no memory may run in several threads.

        Raises:
            MachineError: the code did what it cannot.
            Exception: whatever the service raised.
        """

    def take_request(self) -> Request | None:
        """The request that it has stopped in for want of somebody to serve it; once."""

    def answer(self, results: tuple[int, ...]) -> None:
        """Gives the results of the service that it was stopped in."""

    def reload(self) -> None:
        """Program memory has changed."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of data memory as the code sees it.

        Raises:
            MachineError: there is none.
        """

    def cascade_sent(self, argument: int) -> bytes:
        """The 64 bytes of PUT_CASCADE, whose first argument this is."""

    def cascade_received(self, argument: int, value: bytes) -> None:
        """Answers GET_CASCADE, whose first argument this is."""

    def registers(self) -> dict[str, int]:
        """Program counter (pc), stack pointer (sp) and return address (ra)."""

    def register_file(self) -> dict[str, int]:
        """All registers by name, with the program counter (pc)."""

    def write_register(self, name: str, value: int) -> None:
        """Writes one of them; KeyError where there is none of that name, or it is read-only."""

    def stack(self) -> range:
        """The addresses that a stack which grows upwards has taken; empty where it does not."""

    def asking(self, pc: int) -> int:
        """The address of the instruction that asks for a service, by the counter meanwhile."""
