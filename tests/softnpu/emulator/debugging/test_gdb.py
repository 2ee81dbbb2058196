"""The stub of gdb's remote protocol: packet by packet, and under gdb itself."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from softnpu.emulator.debugging.debugger import Debugger, Quit
from softnpu.emulator.debugging.gdb.packets import checksum, escaped, unescaped
from softnpu.emulator.debugging.gdb.server import GdbServer
from softnpu.emulator.explaining.report import RunReport
from softnpu.errors import EmulatorError
from tests.softnpu.emulator.debugging.artifacts import Built, build, line_of

GDB = shutil.which("gdb-multiarch")
RIGHT = 2 * (100 + np.arange(64)) + 1


class Client:
    """The other end of the connection, packet by packet."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("localhost", port))
        self._waiting = b""
        self.acknowledges = True

    def send(self, data: str) -> None:
        packet = data.encode("latin-1")
        self._socket.sendall(b"$%s#%02x" % (packet, checksum(packet)))

    def receive(self) -> str:
        while True:
            found = re.search(rb"\$([^#]*)#..", self._waiting, re.DOTALL)
            if found is not None:
                self._waiting = self._waiting[found.end() :]
                if self.acknowledges:
                    self._socket.sendall(b"+")
                return found[1].decode("latin-1")
            data = self._socket.recv(1 << 16)
            if not data:
                raise EOFError
            self._waiting += data

    def ask(self, data: str) -> str:
        self.send(data)
        return self.receive()

    def interrupt(self) -> None:
        self._socket.sendall(b"\x03")

    def close(self) -> None:
        self._socket.close()


def attached(
    built: Built, client: Callable[[int], None], *, check: bool = False
) -> tuple[RunReport, np.ndarray]:
    """Runs a design while a client, in a thread of its own, talks to the stub."""
    server = GdbServer("localhost", 0, lambda _: None)
    errors: list[BaseException] = []

    def talk() -> None:
        try:
            client(server.port)
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)
            with suppress(OSError):  # who waits for a client goes on
                socket.create_connection(("localhost", server.port)).close()

    thread = threading.Thread(target=talk)
    thread.start()
    debugger = Debugger(built.names, server.stopped, server.interrupted)
    try:
        report, output = built.run(built.context(debugger, check=check))
        server.finish("PASS", 0)
    finally:
        thread.join()
        for error in errors:
            raise error
    return report, output


def talking(*exchanges: tuple[str, str]) -> Callable[[int], None]:
    """A client that asks and expects these answers, regular expressions; then detaches."""

    def talk(port: int) -> None:
        client = Client(port)
        try:
            assert "multiprocess+" in client.ask("qSupported:multiprocess+;swbreak+")
            for asked, answer in exchanges:
                got = client.ask(asked)
                assert re.fullmatch(answer, got, re.DOTALL), (asked, got)
                if asked.startswith("qRcmd"):
                    assert client.receive() == "OK"
            assert client.ask("D;1") == "OK"
        finally:
            client.close()

    return talk


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("?", r"T05thread:p1\.1;"),
        ("qfThreadInfo", r"mp1\.1,p2\.1"),
        ("qsThreadInfo", "l"),
        ("qThreadExtraInfo,p2.1", b"core (0,4)".hex()),
        ("qC", r"QCp1\.1"),
        ("qXfer:features:read:target.xml:0,200", r"m<\?xml.*riscv:rv32.*"),
        ("qXfer:features:read:other.xml:0,200", "E00"),
        ("qXfer:threads:read::0,400", r'l.*<thread id="p2.1" core="1" name="core \(0,4\)"/>.*'),
        ("qXfer:exec-file:read:2:0,400", r"l/.*/main_core_0_4\.elf"),
        ("vCont?", "vCont;c;C;s;S;r"),
        ("T1", "OK"),
        ("T7", "E01"),
        ("g", f"0{{{2 * (33 * 4 + 32 * 8)}}}"),
        ("p20", "00000000"),
        ("p99", "E01"),
        ("P1=01000000", "E0e"),
        ("m0,4", "17010700"),
        ("m70400,4", "00000000"),
        ("mfffffff0,4", "E0e"),
        ("mz,4", "E01"),
        ("M70400,4:01020304", "OK"),
        ("X70400,0:", "OK"),
        ("M0,4:01020304", "E0e"),
        ("Z0,10e,2", "OK"),
        ("Z1,10e,2", "OK"),
        ("Z2,70400,4", "OK"),
        ("Z5,70400,4", ""),
        ("z0,10e,2", "OK"),
        ("vFile:setfs:0", "F0"),
        ("vFile:open:" + b"/etc/passwd".hex() + ",0,0", "F-1,2"),
        ("vFile:pread:9,10,0", "F-1,9"),
        ("vFile:unlink:00", ""),
        ("vMustReplyEmpty", ""),
        ("qHostInfo", "triple:.*;endian:little;ptrsize:4;"),
        ("vAttach;2", r"T05thread:p2\.1;"),
        ("vAttach;9", "E01"),
        ("Hgp2.1", "OK"),
    ],
)
def test_a_packet_has_its_answer(built: Built, asked: str, answer: str) -> None:
    report, output = attached(built, talking((asked, answer)))
    assert report.completed
    if not asked.startswith("M"):
        assert (output == RIGHT).all()


def test_monitor_tells_what_gdb_does_not_know_of(built: Built) -> None:
    def monitored(command: str, *told: str) -> tuple[str, str]:
        hexed = "".join(f".*{re.escape(t.encode().hex())}" for t in told)
        return f"qRcmd,{command.encode().hex()}", f"O{hexed}.*"

    attached(
        built,
        talking(
            monitored("buffers", "mid_buff_0", "i32[16]"),
            monitored("locks in_cons_prod", "in_cons_prod_lock_0"),
            monitored("waits", "core (0,4) runs before its first instruction"),
            monitored("cores", "core (0,2)", "core (0,4)"),
            monitored("weather", "npuforge's own commands"),
        ),
    )


def test_a_breakpoint_of_one_core_is_not_one_of_the_other(built: Built) -> None:
    """Both have code at that address."""
    address = built.names.programs[0, 4].symbols()
    add = next(at for at, name in address if name == "add")
    attached(
        built,
        talking(
            ("Hgp2.1", "OK"),
            (f"Z0,{add:x},4", "OK"),
            ("vCont;c:p2.-1", r"T05swbreak:;thread:p2\.1;"),
            ("vCont;s:p2.1;c", r"T05thread:p2\.1;"),
        ),
    )


def test_a_watch_of_reads_and_writes_stops_at_each(built: Built) -> None:
    where = next(b.address for b in built.names.buffers[0, 2] if b.name == "in_cons_buff_0")
    at = f"{0x70000 + where + 8:x}"
    attached(
        built,
        talking(
            (f"Z3,{at},4", "OK"),
            ("c", rf"T05rwatch:{at};thread:p1\.1;"),
            (f"z3,{at},4", "OK"),
            (f"Z4,{at},4", "OK"),
        ),
    )


def test_a_client_without_processes_sees_one_core(built: Built) -> None:
    def talk(port: int) -> None:
        client = Client(port)
        client.ask("qSupported:xmlRegisters=i386")
        assert client.ask("qfThreadInfo") == "m1"
        assert client.ask("?") == "T05thread:1;"
        assert client.ask("QStartNoAckMode") == "OK"
        client.acknowledges = False
        assert client.ask("vCont;c") == "O" + b"PASS\n".hex()
        assert client.receive() == "W00"
        client.close()

    attached(built, talk)


def test_ctrl_c_stops_a_kernel_that_does_not_end(tmp_path: Path) -> None:
    endless = build(
        tmp_path,
        "void scale(const int *a, int *b) { for (;;) *(volatile int *)b = *a; }"
        "\nvoid add(const int *a, int *b) {}\n",
    )

    def talk(port: int) -> None:
        client = Client(port)
        client.ask("qSupported:multiprocess+")
        scale = {name: at for at, name in endless.names.programs[0, 2].symbols()}["scale"]
        client.ask(f"Z0,{scale:x},4")
        assert client.ask("vCont;c").startswith("T05swbreak")
        client.send("vCont;c")
        client.interrupt()
        assert client.receive() == "T02thread:p1.1;"
        assert int.from_bytes(bytes.fromhex(client.ask("p20")), "little") > 0
        client.send("k")
        client.close()

    with pytest.raises(Quit):
        attached(endless, talk)


def test_a_client_that_is_gone_lets_the_run_go_on(built: Built) -> None:
    def talk(port: int) -> None:
        client = Client(port)
        client.ask("qSupported")
        client.ask("Z0,10e,4")
        client.close()

    report, output = attached(built, talk)
    assert report.completed
    assert (output == RIGHT).all()


def test_a_fault_is_a_signal_with_its_message(tmp_path: Path) -> None:
    wrong = build(
        tmp_path,
        "void scale(const int *a, int *b) { b[16] = a[0]; }\nvoid add(const int *a, int *b) {}\n",
    )

    def talk(port: int) -> None:
        client = Client(port)
        client.ask("qSupported:multiprocess+")
        said = bytes.fromhex(client.ask("vCont;c")[1:]).decode()
        assert said.startswith("kernel.c:1: core (0,2) writes mid_buff_0[16] (i32), one element")
        assert client.receive() == "T0bthread:p1.1;"
        client.ask("D;1")
        client.close()

    attached(wrong, talk, check=True)


def test_binary_data_is_escaped_and_comes_back() -> None:
    data = bytes(range(256))
    assert unescaped(escaped(data)) == data
    assert not {0x23, 0x24, 0x2A} & set(escaped(data))


def test_a_port_that_is_taken_is_told() -> None:
    taken = GdbServer("localhost", 0, lambda _: None)
    with pytest.raises(EmulatorError, match=r"cannot listen on localhost:\d+: .*another port"):
        GdbServer("localhost", taken.port, lambda _: None)
    taken.finish("", 0)


def gdb(built: Built, *commands: str, check: bool = False) -> str:
    """What gdb shows of a session with these commands, each with a line in front."""
    elf = str(built.folder / "main_core_0_2.elf")
    shown: list[str] = []

    def talk(port: int) -> None:
        assert GDB is not None
        given = [f"target remote localhost:{port}"]
        given += [part for c in commands for part in (f"echo --- {c}\\n", c)]
        options = ["-q", "-nx", "-batch", "-ex", "set confirm off", "-ex", "set width 0"]
        options += [part for command in given for part in ("-ex", command)]
        done = subprocess.run(
            [GDB, *options, elf],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=built.folder,
        )
        shown.append(done.stdout)

    attached(built, talk, check=check)
    return shown[0]


@pytest.mark.skipif(GDB is None, reason="gdb-multiarch is not installed")
def test_gdb_stops_shows_steps_and_continues_to_the_verdict(built: Built) -> None:
    line = line_of("out[i] = twice")
    said = gdb(
        built,
        f"break kernel.c:{line} if i == 2",
        "continue",
        "backtrace",
        "info locals",
        "print in[2]@3",
        "monitor buffers in_cons_buff_0",
        "step",
        "finish",
        "next",
        "next",
        "print i",
        "delete",
        "continue",
    )
    shown = {part.split("\n")[0]: part for part in said.split("--- ")}
    assert re.search(rf"scale \(in=0x78000, out=0x70400\) at \S+kernel.c:{line}", said)
    assert "core_0_2 ()" in shown["backtrace"]
    assert "both = {low = -3, scale = 1.5}" in shown["info locals"]
    assert "kind = LARGE" in shown["info locals"]
    assert "= {102, 103, 104}" in shown["print in[2]@3"]
    assert "i32[16]  100, 101" in shown["monitor buffers in_cons_buff_0"]
    assert "twice (value=102)" in shown["step"]
    assert "Value returned is $2 = 204" in shown["finish"]
    assert "= 2" in shown["print i"]
    assert "PASS" in said
    assert "exited normally" in said


@pytest.mark.skipif(GDB is None, reason="gdb-multiarch is not installed")
def test_gdb_has_an_inferior_for_each_core(built: Built) -> None:
    said = gdb(built, "info inferiors", "info threads", "detach")
    assert "main_core_0_4.elf" in said
    assert '"core (0,4)"' in said


@pytest.mark.skipif(GDB is None, reason="gdb-multiarch is not installed")
def test_gdb_watches_memory(built: Built) -> None:
    where = next(b.address for b in built.names.buffers[0, 2] if b.name == "mid_buff_0")
    said = gdb(built, f"watch *(int *){0x70000 + where + 8:#x}", "continue", "print i")
    assert re.search(r"Old value = 0\nNew value = 204\n", said)
