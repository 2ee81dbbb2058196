"""The cores as the protocol has them: processes of one thread each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.cores.core import Core
    from softnpu.emulator.debugging.debugger import Debugger
    from softnpu.emulator.debugging.view import CoreView
    from softnpu.emulator.naming.names import Place

_THREAD = re.compile(rb"(?:p(?P<pid>-?[0-9a-f]+)\.)?(?P<tid>-?[0-9a-f]+)")


class Processes:
    """A process for each core that has a program, with one thread: memory, program and symbols are
    its own. A client that knows no processes (lldb) sees one of them alone.

    Args:
        chosen: the core that a client begins with; the first one that has a program otherwise.

    Raises:
        EmulatorError: no core has a program.

    Attributes:
        debugger: what runs the array.
        core: the one that packets are about.
        several: whether the client knows processes.
    """

    def __init__(self, debugger: Debugger, chosen: Place | None) -> None:
        cores = debugger.cores()
        if not cores:
            raise EmulatorError("no core of this design has a program: there is nothing to attach")
        self.debugger = debugger
        self.core = next((c for c in cores if c.tile == chosen), cores[0])
        self.several = False

    def all(self) -> dict[int, Core]:
        """Cores by the number of their process."""
        return dict(enumerate(self.debugger.cores(), 1))

    def listed(self) -> list[Core]:
        """Those that the client sees."""
        return list(self.all().values()) if self.several else [self.core]

    def thread(self, core: Core) -> bytes:
        """A core's thread, as packets name it."""
        pid = next(pid for pid, one in self.all().items() if one is core)
        return b"p%x.1" % pid if self.several else b"%x" % pid

    def of_thread(self, text: bytes) -> Core | None:
        """The core of "p1.1", "p1.-1", "1"; None for any, or for one that there is not."""
        match = _THREAD.fullmatch(text)
        return None if match is None else self.all().get(int(match["pid"] or match["tid"], 16))

    @property
    def view(self) -> CoreView:
        """The core that packets are about."""
        return self.debugger.view(self.core)

    def elf(self, core: Core) -> Path | None:
        """The file of a core's program."""
        return self.debugger.view(core).elf

    def elfs(self) -> list[Path]:
        """The files of all programs."""
        return [elf for core in self.all().values() if (elf := self.elf(core)) is not None]

    def signal(self, signal: int, core: Core, details: bytes = b"") -> bytes:
        """The packet that tells of a stop."""
        return b"T%02x%sthread:%s;" % (signal, details, self.thread(core))
