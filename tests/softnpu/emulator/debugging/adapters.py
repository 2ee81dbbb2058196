"""Debug adapters, and what an editor says to them (the Debug Adapter Protocol)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

Told = dict[str, Any]


class Editor:
    """Starts an adapter and speaks to it."""

    def __init__(self, command: list[str], folder: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=folder
        )
        self._number = 0
        self._events: list[Told] = []
        self._responses: dict[int, Told] = {}

    def send(self, command: str, **arguments: Any) -> int:
        """Makes a request; its number."""
        assert self._process.stdin is not None
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command}
        text = json.dumps({**request, "arguments": arguments}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self._process.stdin.flush()
        return self._number

    def answer(self, number: int) -> Told:
        """What is answered to a request."""
        while number not in self._responses:
            self._receive()
        response = self._responses.pop(number)
        assert response["success"], response
        body: Told = response.get("body") or {}
        return body

    def ask(self, command: str, **arguments: Any) -> Told:
        """Makes a request; what is answered."""
        return self.answer(self.send(command, **arguments))

    def event(self, *names: str) -> Told:
        """The next event of one of these names."""
        while not any(one["event"] in names for one in self._events):
            self._receive()
        found = next(one for one in self._events if one["event"] in names)
        self._events.remove(found)
        return found

    def output(self) -> str:
        """What the adapter has shown so far."""
        shown = (one["body"]["output"] for one in self._events if one["event"] == "output")
        return "".join(shown)

    def _receive(self) -> None:
        assert self._process.stdout is not None
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        if not size:
            raise EOFError(f"{self._process.args!r} has ended")
        message = json.loads(self._process.stdout.read(size))
        if message["type"] == "response":
            self._responses[message["request_seq"]] = message
        elif message["type"] == "event":
            self._events.append(message)

    def close(self) -> None:
        """Ends the adapter, whatever it is at."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def editor(command: list[str], folder: Path) -> Iterator[Editor]:
    """An editor in a project's folder."""
    made = Editor(command, folder)
    try:
        made.ask("initialize", adapterID="test", linesStartAt1=True, pathFormat="path")
        yield made
    finally:
        made.close()


@cache
def adapter(kind: str) -> list[str] | None:
    """The command of an adapter that is installed; None if there is none.

    Args:
        kind: the type that a launch.json has for it.
    """
    return _gdb() if kind == "gdb" else _lldb()


def _gdb() -> list[str] | None:
    """Debian 13's is the first gdb of Debian's that is an adapter, too (gdb 14)."""
    found = shutil.which("gdb-multiarch")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.\d+\s*$", said.splitlines()[0])
    is_new = version is not None and int(version[1]) >= 14
    return [found, "-q", "-nx", "-i", "dap"] if is_new else None


def _lldb() -> list[str] | None:
    """lldb-dap, which was lldb-vscode before LLVM 18; Debian's have a version behind the name."""
    found = [
        str(program)
        for folder in map(Path, os.get_exec_path())
        if folder.is_dir()
        for program in sorted(folder.iterdir(), reverse=True)
        if re.fullmatch(r"lldb-(dap|vscode)(-\d+)?", program.name)
    ]
    return [min(found, key=lambda name: "lldb-vscode" in name)] if found else None
