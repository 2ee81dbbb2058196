"""Has a fake played by the server: `calling.py SOCKET BEHAVIOUR NAME ARGUMENTS…`."""

import json
import os
import socket
import sys
from pathlib import Path

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as call:
    call.connect(sys.argv[1])
    message = json.dumps([sys.argv[2:], str(Path.cwd()), dict(os.environ)])
    socket.send_fds(call, [message.encode()], [0, 1, 2])
    sys.exit((call.recv(1) or b"\x01")[0])
