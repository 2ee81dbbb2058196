"""What XRT and the driver say to a program when something is wrong, and what it means.

The raw message is always shown; a row of the table adds the meaning and the remedy. Sources: XRT
(xrt_kernel.cpp, xrt_bo.cpp, hw_queue.cpp, module_loader.cpp, system_linux.cpp, pyxrt.cpp), the
plugin and the driver of amd/xdna-driver (src/shim, drivers/accel/amdxdna), and its issues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

RELOAD_DRIVER = "sudo modprobe -r amdxdna && sudo modprobe amdxdna"
MEMLOCK_LINES = "printf '* soft memlock unlimited\\n* hard memlock unlimited\\n'"
MEMLOCK_REMEDY = (
    f"{MEMLOCK_LINES} | sudo tee /etc/security/limits.d/99-amdxdna.conf, then log out and in"
)
RENDER_REMEDY = "sudo usermod -aG render $USER, then log out and in"
CONTEXTS_LEFT = "npu1 has 6, npu2 16, for all programs together"
FREE_CONTEXTS = "end other programs that use the NPU: npuforge doctor lists them"


@dataclass(frozen=True)
class Message:
    """One message that is known.

    Attributes:
        pattern: a regular expression that is found in the raw text; its named groups can be used
            in `meaning` and `remedy`.
        meaning: what it says about the design, the runner or the machine.
        remedy: what to do.
        hang: it means that a run was started and did not end.
    """

    pattern: str
    meaning: str
    remedy: str
    hang: bool = False

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.pattern, re.IGNORECASE)

    def explain(self, match: re.Match[str]) -> Explanation:
        """The meaning and the remedy, with the groups of a match of `expression` in them."""
        groups = match.groupdict()
        return Explanation(self.meaning.format(**groups), self.remedy.format(**groups), self.hang)


@dataclass(frozen=True)
class Explanation:
    """A known message in plain words."""

    meaning: str
    remedy: str
    hang: bool


XRT_MESSAGES = (
    Message(
        r"no compute units with connectivity required for global argument at index (?P<index>\d+)"
        r"\. The argument is allocated in bank (?P<bank>\d+), the compute unit is connected to bank"
        r" (?P<connected>131071|65535)\b",
        "argument {index} of the kernel is a scalar (bank {connected} stands for none), and a"
        " buffer was passed there: the arguments are out of order",
        "pass opcode 3, the instruction buffer, its size, then bo0, bo1 … in order",
    ),
    Message(
        r"no compute units with connectivity required for global argument at index (?P<index>\d+)"
        r"\. The argument is allocated in bank (?P<bank>\d+), the compute unit is connected to bank"
        r" (?P<connected>(?!131071\b|65535\b)\d+)",
        "the buffer of argument {index} was allocated in group {bank}, the kernel wants group"
        " {connected}: it works on a copy, and the buffer stays as it is",
        "allocate each buffer with kernel.group_id of its own argument",
    ),
    Message(
        r"exec_buf: Operation not supported",
        "a buffer was passed where the kernel has a scalar or another memory; firmware and XRT are"
        " not at fault",
        "see the warning about connectivity before it: the arguments are out of order",
    ),
    Message(
        r"ERT_CMD_STATE_TIMEOUT",
        "the run did not end: a lock that nobody releases, a core that was not loaded or never"
        " finishes, or a DMA that was never started",
        "run the same design on the emulator (npuforge test_emu), which names what waits for what;"
        " `npuforge docs hangs` tells how to read it",
        hang=True,
    ),
    Message(
        r"qds_device::wait\(\) unexpected command state",
        "the driver's watchdog (2 seconds unless changed) ended the job before it was done",
        "it hangs, or needs longer: see what the emulator says; a job that is slow and right needs"
        " a longer watchdog (module parameter timeout_in_sec or tdr_timeout_ms of amdxdna)",
        hang=True,
    ),
    Message(
        r"ERT_CMD_STATE_ABORT",
        "the driver took the job off the NPU: its watchdog fired, or firmware and driver do not"
        " fit together",
        "if every design ends so, check the firmware (npuforge doctor); if only this one does, it"
        " hangs: see what the emulator says",
        hang=True,
    ),
    Message(
        r"ERT_CMD_STATE_NORESPONSE",
        "the NPU's firmware does not answer",
        f"reload the driver: {RELOAD_DRIVER}",
        hang=True,
    ),
    Message(
        r"ERT_CMD_STATE_ERROR",
        "the firmware refused the command: no opcode, no instruction buffer, or an instruction"
        " stream that it cannot execute",
        "check what the preflight says; build the pair again (npuforge build)",
    ),
    Message(
        r"load_axlf: Operation not supported",
        "device.load_xclbin is for FPGAs; an NPU takes register_xclbin and hw_context",
        "change the host program",
    ),
    Message(
        r"No module associated with run object",
        "run.get_ctrl_scratchpad_bo() asks for the values of scratchpad parameters, which XRT has"
        " for a kernel of a full ELF alone, not of an xclbin",
        "write the values by aiex.npu.rtp_write, or pack a full ELF (aiecc --get-full-elf)",
    ),
    Message(
        r"Bad BO flags \(err=-?95\)|unsupported buffer type: none flag",
        "the NPU has no buffers of this kind (device_only, p2p or no flag)",
        "use bo.host_only for data and bo.cacheable for instructions",
    ),
    Message(
        r"incompatible constructor arguments",
        "a constructor of pyxrt was given arguments that it does not take; for a buffer: flags"
        " that are a plain number",
        "use bo(device, bytes, bo.host_only, kernel.group_id(n))",
    ),
    Message(
        r"CREATE_HWCTX IOCTL failed \(err=-?2\)",
        f"there is no hardware context left ({CONTEXTS_LEFT})",
        FREE_CONTEXTS,
    ),
    Message(
        r"CREATE_HWCTX IOCTL failed \(err=-?28\)",
        "the context has no room: the xclbin has more columns than the NPU, or the 64 MB that the"
        " firmware reaches are full of instruction buffers and contexts",
        "compare the design's device with this NPU; keep fewer instruction buffers;"
        f" {FREE_CONTEXTS}",
    ),
    Message(
        r"CREATE_HWCTX IOCTL failed \(err=-?22\)",
        f"the firmware refused the context: none is left ({CONTEXTS_LEFT}), the partition does not"
        " fit this NPU, or the firmware is in a bad state",
        f"{FREE_CONTEXTS}; check that the design's device is this NPU's; else reload the driver:"
        f" {RELOAD_DRIVER}",
    ),
    Message(
        r"CREATE_HWCTX IOCTL failed \(err=-?(5|62|110)\)",
        "the firmware does not answer; after a hang it may be in a bad state",
        f"reload the driver: {RELOAD_DRIVER}",
    ),
    Message(
        r"CONFIG_HWCTX IOCTL failed",
        "the firmware could not set the array up from the xclbin's PDI; after a hang it may be in a"
        " bad state",
        f"reload the driver: {RELOAD_DRIVER}; if it stays, look into the xclbin:"
        " npuforge dump FILE",
    ),
    Message(
        r"EXEC_CMD IOCTL failed",
        "the driver refused to start the run; the context has been lost, mostly by a job that hung"
        " before",
        "run again; if it stays, reload the driver: " + RELOAD_DRIVER,
    ),
    Message(
        r"No valid DPU kernel found in xclbin",
        "the xclbin has no EMBEDDED_METADATA section, which names its kernel",
        "it was packed without --add-kernel; build it again (npuforge build)",
    ),
    Message(
        r"no PDI nodes in the AIE Partition section|PDI for kernel ID \w+ not found",
        "the xclbin's AIE_PARTITION section holds no PDI for the kernel",
        "it was packed with an empty partition; build it again (npuforge build)",
    ),
    Message(
        r"No such kernel '(?P<name>[^']*)'",
        "the xclbin has no kernel called {name}",
        "npuforge dump shows which it has",
    ),
    Message(
        r"SET_STATE IOCTL failed \(err=-?13\)(?:: Permission denied)?",
        "only root may change the NPU's state: its power mode, its logs",
        "sudo xrt-smi configure --pmode ..., or leave the state as it is: runs do not need it",
    ),
    Message(
        r"IOCTL failed \(err=-?95\)",
        "the driver does not know this call, or not for this NPU: XRT is newer than the driver",
        "install driver and XRT from one source (npuforge doctor shows both versions)",
    ),
    Message(
        r"IOCTL failed \(err=-?13\)",
        "the driver lets root alone do this, or the owner of what is asked about",
        "run that command with sudo",
    ),
    Message(
        r"/dev/accel/accel\d+ failed|/dev/accel/accel\d+.*Permission denied"
        r"|Permission denied: '/dev/accel",
        "this user may not open the NPU's device node",
        RENDER_REMEDY,
    ),
    Message(
        r"CREATE_BO IOCTL failed \(err=-?28\)",
        "the 64 MB that the firmware reaches are full of instruction buffers and contexts",
        "keep fewer instruction buffers: one for each stream, not one for each run",
    ),
    Message(
        r"CREATE_BO IOCTL failed \(err=-?22\)",
        "there can be no buffer of this size: one for instructions must fit into 64 MB",
        "only instructions go into cacheable buffers; data goes into bo.host_only",
    ),
    Message(
        r"mmap\(.*failed|CREATE_BO IOCTL failed|failed to allocate BO|Lock limit exceeded"
        r"|mmap_(range|alloc)\(len=\d+\) failed",
        "a buffer could not be pinned in memory: mostly the limit of locked memory (memlock)",
        MEMLOCK_REMEDY,
    ),
    Message(
        r"No such device with index",
        "XRT sees no NPU: the driver is not loaded, or XRT's NPU plugin is missing",
        "npuforge doctor tells which",
    ),
    Message(
        r"No such library '(?P<name>[^']*)'",
        "XRT does not find its own library {name}: XILINX_XRT names a place where XRT is not",
        "source the setup.sh of the XRT that is installed, or unset XILINX_XRT",
    ),
    Message(
        r"Failed to open library '(?P<name>[^']*)'",
        "XRT could not load {name}: a plugin that was built for another version of XRT",
        "install XRT and its NPU plugin of one version",
    ),
    Message(
        r"compiled for Python (?P<built>[\d.]+)",
        "this pyxrt was built for Python {built}, and only that one can load it",
        "make an environment with it: in a checkout rm -r .venv; NPUFORGE_PYTHON=python{built}"
        " ./doit, elsewhere python{built} -m venv, and pip install npuforge there",
    ),
    Message(
        r"(?P<name>lib[\w.+-]+\.so[\w.]*): cannot open shared object file",
        "the library {name}, which pyxrt needs, is not where the loader looks",
        "source XRT's setup.sh (it sets LD_LIBRARY_PATH), or install XRT again",
    ),
    Message(
        r"version `(?P<name>(GLIBCXX|GLIBC|CXXABI)_[\d.]+)' not found",
        "pyxrt needs a newer C++ or C library ({name}) than this Python brings",
        "use the system's Python rather than a conda one",
    ),
    Message(
        r"undefined symbol: (?P<name>\w+)",
        "pyxrt and the libraries that were found beside it are of different versions ({name})",
        "install one version of XRT only, and source its setup.sh",
    ),
)
"""What reaches the host program: exceptions, states, and warnings on its console."""


def explanations(text: str, table: Iterable[Message] = XRT_MESSAGES) -> list[Explanation]:
    """What the known messages in a text mean, in the order of the table.

    Words that one row takes are not looked at by those after it: particular rows stand first.
    """
    found = []
    rest = text
    for row in table:
        if match := row.expression.search(rest):
            found.append(row.explain(match))
            rest = row.expression.sub(_blank, rest)
    return found


def _blank(match: re.Match[str]) -> str:
    """As much that means nothing: what stands around it stays as far apart."""
    return "\0" * len(match[0])


def explained(text: str, table: Iterable[Message] = XRT_MESSAGES) -> str:
    """The raw text, with the meaning and the remedy of each known message in it."""
    lines = [text.strip()]
    for item in explanations(text, table):
        lines += [f"  means: {item.meaning}", f"  do: {item.remedy}"]
    return "\n".join(lines)


def is_hang(text: str) -> bool:
    """Whether a message says that a run was started and did not end."""
    return any(item.hang for item in explanations(text))
