"""The process that plays all the fakes: it has imported npuforge's compiler, and forks at a call.

A program of its own for each would import it each time, which took most of the tests' time.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path

MESSAGE = 1 << 18
"""Bytes that a call's words, folder and environment take at the most."""


@cache
def address() -> Path:
    """The socket of this process's server, which is started at the first call."""
    folder = tempfile.TemporaryDirectory(prefix="amd-tools-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(64)  # calls wait there until the server has imported all
        number = listener.fileno()
        command = [sys.executable, "-m", "tests.amd_tools.serving", str(number)]
        root = Path(__file__).parents[2]
        server = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, pass_fds=[number])
    atexit.register(server.terminate)
    return path


def serve(listener: socket.socket) -> None:
    """Takes calls until standard input ends, as it does with the process that tests."""
    from tests.amd_tools.fake import main

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    while select.select([listener, sys.stdin], [], [])[0] == [listener]:
        call, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status = 1
            try:
                status = main(_take_place(call))
            except Exception:  # noqa: BLE001 (a fake's fault must reach the test's output)
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            call.send(bytes([status]))
            os._exit(0)
        call.close()


def _take_place(call: socket.socket) -> list[str]:
    """Becomes the process that calls, with its streams, folder and environment; gives its words."""
    message, streams, _, _ = socket.recv_fds(call, MESSAGE, 3)
    for own, given in enumerate(streams):
        os.dup2(given, own)
    words, folder, environment = json.loads(message)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return list(words)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
