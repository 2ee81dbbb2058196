"""A host in C++ is compiled here and runs on the emulated NPU, unchanged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from softnpu.emulator.hosts import cxx, cxx_host
from softnpu.emulator.hosts import program as program_host
from softnpu.emulator.xrt.machine import machine
from softnpu.errors import EmulatorError, ToolError
from tests.softnpu.emulator.xrt.elf_files import beside_xclbin, full
from tests.softnpu.emulator.xrt.host import without

SOURCE = Path(__file__).with_name("host.cpp")
START_OF_INPUT = 0x1D214
"""The register of the shim's queue: a stream without it hangs."""

COMPILER = cxx.compiler()


@cache
def xrt() -> cxx.Installed:
    """softnpu's xrt(), compiled when the first test wants it."""
    return cxx.installed(COMPILER)


@dataclass
class Told:
    """What a run of the host said.

    Attributes:
        out: the host's own lines.
        err: the emulator's.
    """

    code: int
    out: list[str]
    err: str


Run = Callable[..., Told]


@pytest.fixture(scope="module")
def program() -> Path:
    return cxx_host.program(SOURCE, cxx_host.Build(), COMPILER, xrt())


@pytest.fixture
def run(
    program: Path,
    march: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    machine.cache_clear()
    folder = march / "passthrough_memtile"

    def started(way: str, *, hangs: bool = False) -> Told:
        xclbin, insts = folder / "final.xclbin", folder / "insts.bin"
        if hangs:
            stream = without(insts.read_bytes(), START_OF_INPUT)
            insts = tmp_path / "insts.bin"
            insts.write_bytes(stream)
        monkeypatch.setenv("XCLBIN", str(xclbin))
        code = program_host.run(program, [way, str(xclbin), str(insts)], xrt())
        told = capfd.readouterr()
        return Told(code, told.out.splitlines(), told.err)

    return started


def test_what_the_array_writes_is_seen_through_the_map(run: Run) -> None:
    told = run("pass")
    assert (told.code, told.out) == (0, ["4", "PASS!"])
    assert told.err == ""


def test_a_buffer_without_a_sync_is_stale(run: Run) -> None:
    told = run("stale")
    assert (told.code, told.out) == (1, ["FAIL!"])


def test_a_hang_is_a_timeout_with_its_chain_of_waits(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    told = run("hang", hangs=True)
    assert told.code == 7, "the host's own exit code"
    assert told.out == [
        "8",
        "command_error 8 Command failed to complete successfully (ERT_CMD_STATE_TIMEOUT)",
    ]
    assert "was never given a task: nothing starts a transfer there" in caplog.text


def test_sub_buffers_lie_in_their_whole_and_sync_by_size_and_offset(run: Run) -> None:
    told = run("parts")
    assert told.out == [
        "111",
        "system_error 22 sub buffer size and offset: Invalid argument",
        "system_error 22 Invalid BO offset and size for sync'ing: 16384, 4 (err=22): "
        "Invalid argument",
        "system_error 22 attempting to write past buffer size: Invalid argument",
        "PASS!",
    ]


def test_memory_of_the_hosts_own_can_be_a_buffer(run: Run) -> None:
    assert run("own_memory").out == ["1", "PASS!"]


def test_runlists_execute_as_one(run: Run) -> None:
    told = run("list")
    belongs = "runtime_error Run object belongs to a runlist and cannot be explicitly started"
    assert told.out == [belongs, "PASS!"]


def test_a_runlist_names_the_run_that_failed(run: Run) -> None:
    told = run("list", hangs=True)
    assert told.out[1:] == ["runlist failed execution (ERT_CMD_STATE_TIMEOUT) 1 6"]
    assert told.code == 3


def test_callbacks_are_called(run: Run) -> None:
    told = run("callbacks")
    never = "system_error 22 Cannot abort command that wasn't started: Invalid argument"
    assert told.out == [never, "4", "PASS!"]


def test_devices_and_xclbins_tell_of_themselves(run: Run) -> None:
    assert run("told").out == [
        "2.26 1 NPU Phoenix 0000:00:00.0 0",
        "MLIR_AIE 8 MLIR_AIE:MLIRAIE 1 instr SRAM",
        "<?xml 1",
        "1",
    ]


def test_elf_files_run_beside_an_xclbin_and_in_its_stead(
    run: Run, march: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = march / "passthrough_memtile"
    monkeypatch.setenv("ELF", str(beside_xclbin(design, tmp_path)))
    assert run("beside").out == ["04", "PASS!"]
    monkeypatch.setenv("ELF", str(full(design, tmp_path, "once")))
    assert run("instead").out == [
        "1 1 main 3 once",
        "runtime_error Control scratchpad memory is not present",
        "PASS!",
    ]


def test_what_xrt_refuses_throws_with_its_texts(run: Run) -> None:
    assert run("refused").out == [
        "runtime_error No such device with index '7'",
        "runtime_error No such kernel 'nope'",
        "system_error 95 Bad BO flags (err=95): Operation not supported",
        "system_error 95 unsupported buffer type: none flag (err=95): Operation not supported",
        "out_of_range argument 99: the kernel has 8",
        "runtime_error Bad argument index '99'",
        "runtime_error No such query request (nodma)",
        "runtime_error this xrt::run is empty: it was not made of anything",
        "runtime_error xclbin file not found: gone.xclbin",
    ]


def test_an_exception_that_nobody_catches_ends_the_host_by_its_signal(run: Run) -> None:
    told = run("uncaught")
    assert told.code == 128 + 6
    assert "No such kernel 'nope'" in told.err
    assert told.err.endswith("host was ended by SIGABRT (Aborted), in its own code\n")


def test_a_crash_is_told_by_the_signals_name(run: Run) -> None:
    told = run("crash")
    assert told.code == 128 + 11
    assert "SIGSEGV" in told.err and "Traceback" not in told.err


def test_a_host_is_compiled_again_when_a_header_of_its_changes(tmp_path: Path) -> None:
    source, header = tmp_path / "a b.cpp", tmp_path / "own.h"
    source.write_text('#include "own.h"\nint main() { return CODE; }\n')
    programs = []
    for code in (4, 4, 5):
        header.write_text(f"#define CODE {code}\n")
        programs.append(cxx_host.program(source, cxx_host.Build(), COMPILER, xrt()))
        assert program_host.run(programs[-1], [], xrt()) == code
    assert programs[0] == programs[1] != programs[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("int main() { return nothing; }\n", "it does not compile"),
        ("#include <boost/no_such.hpp>\n", "libboost-program-options-dev"),
        ('#include "test_utils.h"\n', "--with runtime_lib/test_lib/test_utils.cpp"),
        ("#include <xrt/xrt_mailbox.h>\n", "XRT has this header, softnpu's has not"),
        ("namespace test_utils { void f(); }\nint main() { test_utils::f(); }\n", "test_utils is"),
        ("void f();\nint main() { f(); }\n", "it does not link"),
    ],
)
def test_what_does_not_compile_is_told_with_the_users_file_first(
    tmp_path: Path, text: str, words: str
) -> None:
    source = tmp_path / "test.cpp"
    source.write_text(text)
    with pytest.raises(ToolError) as failure:
        cxx_host.program(source, cxx_host.Build(), COMPILER, xrt())
    told = str(failure.value)
    assert told.startswith(f"{source}: error: it does not ")
    assert words in told


def test_macros_headers_and_further_sources_can_be_given(tmp_path: Path) -> None:
    for name in ("include", "src"):
        (tmp_path / name).mkdir()
    (tmp_path / "include" / "more.h").write_text("int more();\n")
    other, source = tmp_path / "src" / "more.cpp", tmp_path / "src" / "test.cpp"
    other.write_text("int more() { return A; }\n")
    source.write_text('#include "more.h"\nint main() { return more() + A; }\n')
    build = cxx_host.Build((other,), (f"-I{tmp_path / 'include'}", "-DA=4"))
    made = cxx_host.program(source, build, COMPILER, xrt())
    assert program_host.run(made, [], xrt()) == 8


def test_where_there_is_no_compiler_it_is_said_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert cxx.compiler().command[-1] == "c++", "the ziglang wheel's"

    def no_wheel() -> Path:
        raise ToolError("no wheel")

    monkeypatch.setattr(cxx.zig, "wheel", no_wheel)
    with pytest.raises(ToolError, match="apt install g"):
        cxx.compiler()
    with pytest.raises(ToolError, match=r"--cxx names the C\+\+ compiler nope"):
        cxx.compiler("nope -O2")


def test_a_compiler_with_a_runtime_of_its_own_links_hosts_with_objects(tmp_path: Path) -> None:
    """Exceptions of a shared library would be unknown to a host with another C++ runtime in it."""
    assert xrt().linked == (f"-L{xrt().library.parent}", "-lxrt_coreutil")
    own = replace(COMPILER, has_own_runtime=True)
    objects = cxx.installed(own)
    assert objects.folder != xrt().folder
    assert {Path(name).suffix for name in objects.linked} == {".o"}
    made = cxx_host.program(SOURCE, cxx_host.Build(), own, objects)
    program_host.check(made, objects)
    assert b"libxrt_coreutil.so" not in made.read_bytes()


def test_a_program_without_xrt_runs_and_is_told_as_such(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    true = Path(shutil.which("true") or "/bin/true")
    program_host.check(true, xrt())
    assert program_host.run(true, [], xrt()) == 0
    assert "takes nothing from XRT's libxrt_coreutil" in capfd.readouterr().err
    with pytest.raises(EmulatorError, match="is a shared library, no program"):
        program_host.check(xrt().library, xrt())
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"\x7fELF" + bytes(8))
    with pytest.raises(EmulatorError, match="is a damaged ELF file"):
        program_host.check(damaged, xrt())


def test_hosts_that_a_script_starts_one_after_the_other_find_the_npu(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As `make run` starts them."""
    source = tmp_path / "test.cpp"
    source.write_text(
        '#include "xrt/xrt_device.h"\n#include <iostream>\n'
        "int main() { std::cout << xrt::device(0).get_info<xrt::info::device::name>() << '\\n'; }\n"
    )
    host = cxx_host.program(source, cxx_host.Build(), COMPILER, xrt())
    script = tmp_path / "run_all"
    script.write_text(f"#!/bin/sh\n{host} && {host} && exit 3\n")
    script.chmod(0o755)
    program_host.check(script, xrt())
    assert program_host.run(script, [], xrt()) == 3
    told = capfd.readouterr().out.splitlines()
    assert len(told) == 2 and told[0] == told[1] and told[0].startswith("NPU")


def test_calls_that_are_lacking_are_named_as_the_header_names_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A host that was linked with a whole XRT: some of its functions are nowhere here."""
    library, source = tmp_path / "rest.cpp", tmp_path / "host.cpp"
    library.write_text(
        "namespace xrt { void mailbox_write(int) {} struct ip { void go(); };\nvoid ip::go() {} }\n"
    )
    source.write_text(
        '#include "xrt/experimental/xrt_system.h"\n'
        "namespace xrt { void mailbox_write(int); struct ip { void go(); }; }\n"
        "int main() { if (xrt::system::enumerate_devices() == 1) return 0;\n"
        "  xrt::mailbox_write(1); xrt::ip().go(); }\n"
    )
    rest = tmp_path / "librest.so"
    assert COMPILER.run("-shared", "-fPIC", library, "-o", rest).ok
    build = cxx_host.Build(libraries=(f"-L{tmp_path}", "-lrest", "-Wl,-z,lazy"))
    program_host.check(cxx_host.program(source, build, COMPILER, xrt()), xrt())
    told = capfd.readouterr().err
    assert "uses what softnpu's XRT lacks" in told
    assert told.rstrip().endswith("xrt::ip::go, xrt::mailbox_write")


def test_the_library_explains_itself_to_a_program_that_was_started_alone(
    program: Path, march: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    environment = {"LD_LIBRARY_PATH": str(xrt().library.parent)}
    folder = march / "passthrough_memtile"
    done = subprocess.run(
        [program, "pass", folder / "final.xclbin", folder / "insts.bin"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "start it by  npuforge run-host PROGRAM ARGUMENTS" in done.stderr
