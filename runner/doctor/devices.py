"""The NPU itself: PCI device, driver, firmware, device node, power mode, contexts in use.

Sources: amd/xdna-driver, drivers/accel/amdxdna (amdxdna_pci_drv.c: PCI ids and firmware names;
amdxdna_sysfs.c: files), src/shim/pcidrv.cpp (device nodes), CMake/config/postinst.in (udev rule).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.doctor.check import Check, failed, ok, unseen, warning
from runner.doctor.place import place
from runner.doctor.system import System, find_key
from runner.messages import RELOAD_DRIVER

AMD = "0x1022"
NPUS = {
    ("0x1502", "0x00"): "npu1: Phoenix or Hawk Point",
    ("0x17f0", "0x10"): "npu2: Strix",
    ("0x17f0", "0x11"): "npu2: Strix Halo",
    ("0x17f0", "0x20"): "npu2: Krackan",
}
"""By PCI device and revision."""
NPU_DEVICES = {device for device, _ in NPUS}
UNKNOWN_REVISION = "an NPU of a revision that npuforge does not know"

DRIVER = "amdxdna"
FIRST_KERNEL = (6, 14)
"""The first kernel that has the driver in its tree (amd/xdna-driver, README)."""
OLDEST_KERNEL = (6, 10)
"""The oldest that the driver can be built for."""
MODULE_PLACES = ("kernel/drivers/accel/amdxdna", "updates", "updates/dkms", "extra")
"""Where a kernel's module lies: in its tree, or built with DKMS."""

CONTEXTS = {"0x1502": 6, "0x17f0": 16}
"""Hardware contexts that there are for all programs together, by PCI device (hwctx_limit in
npu1_regs.c, npu4_regs.c, npu5_regs.c, npu6_regs.c)."""


@dataclass(frozen=True)
class PciDevice:
    """An NPU on the bus.

    Attributes:
        address: as "0000:c5:00.1".
        folder: its folder in sysfs.
    """

    address: str
    device: str
    revision: str
    folder: Path

    @property
    def name(self) -> str:
        """Which NPU it is."""
        return NPUS.get((self.device, self.revision), UNKNOWN_REVISION)


def find(system: System) -> list[PciDevice]:
    """The NPUs on the bus, whether or not a driver serves them."""
    found = []
    for folder in system.glob("sys/bus/pci/devices/*"):
        vendor, device, revision = (
            _text(folder / name) for name in ("vendor", "device", "revision")
        )
        if vendor == AMD and device in NPU_DEVICES:
            found.append(PciDevice(folder.name, device, revision, folder))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def npu(system: System) -> Check:
    """Whether there is an NPU."""
    if not system.path("sys/bus/pci/devices").is_dir():
        return unseen("NPU", "/sys/bus/pci cannot be read")
    devices = find(system)
    if devices:
        return ok("NPU", ", ".join(f"{d.name} (PCI {d.address})" for d in devices))
    model = re.search(r"^model name\s*:\s*(.*)$", system.read("proc/cpuinfo") or "", re.MULTILINE)
    cpu = f"; the processor is {model[1]}" if model else ""
    return failed(
        "NPU",
        f"no NPU on the PCI bus{cpu}",
        "on a Ryzen AI machine: update the BIOS and turn the NPU (IPU) on in it; it is not there"
        " in most virtual machines",
    )


def driver(system: System) -> Check:
    """Whether the driver amdxdna is loaded and serves the NPU, and its version."""
    module = system.path(f"sys/module/{DRIVER}")
    release = system.read("proc/sys/kernel/osrelease") or "unknown"
    if not module.is_dir():
        return failed(
            "driver", f"{DRIVER} is not loaded (kernel {release})", _loading_hint(system, release)
        )
    version = system.read(f"sys/module/{DRIVER}/version")
    told = f"version {version}" if version else "without a version of its own"
    devices = find(system)
    unserved = [d.address for d in devices if not _served(d)]
    if unserved:
        return failed(
            "driver",
            f"{DRIVER} is loaded ({told}) and has not taken PCI {', '.join(unserved)}",
            "sudo dmesg | grep amdxdna tells why: mostly firmware that does not fit, or an IOMMU"
            " that is off",
        )
    return ok("driver", f"{DRIVER} {told}, kernel {release}")


def _served(device: PciDevice) -> bool:
    link = device.folder / "driver"
    return link.exists() and link.resolve().name.startswith(DRIVER)


def _loading_hint(system: System, release: str) -> str:
    if place(system).is_container:
        return (
            f"on the host: sudo modprobe {DRIVER}; if it is not there, see npuforge docs hardware"
        )
    modules = f"lib/modules/{release}"
    if any(system.glob(f"{modules}/{place}/{DRIVER}.ko*") for place in MODULE_PLACES):
        return f"sudo modprobe {DRIVER}; if it refuses, Secure Boot may: sudo dmesg | tail"
    number = _kernel(release)
    if number and number < OLDEST_KERNEL:
        return (
            f"the driver needs a kernel from {_dotted(OLDEST_KERNEL)} on; those from"
            f" {_dotted(FIRST_KERNEL)} on bring it: see npuforge docs hardware"
        )
    return (
        "install it: see npuforge docs hardware (Ubuntu: package amdxdna-dkms of ppa:amd-team/xrt)"
    )


def _kernel(release: str) -> tuple[int, int] | None:
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def iommu(system: System) -> Check:
    """Whether the kernel was told to leave the IOMMU off, which the driver needs."""
    line = system.read("proc/cmdline")
    if line is None:
        return unseen("IOMMU", "/proc/cmdline cannot be read")
    off = [word for word in line.split() if word in ("iommu=off", "amd_iommu=off")]
    if off:
        return failed(
            "IOMMU",
            f"the kernel was started with {' '.join(off)}",
            "remove it from the kernel's command line (GRUB_CMDLINE_LINUX_DEFAULT), then reboot",
        )
    if find(system) and not system.glob("sys/class/iommu/*"):
        return failed(
            "IOMMU", "none is active", "turn the IOMMU on in the BIOS (SVM and IOMMU settings)"
        )
    return ok("IOMMU", "not turned off")


def firmware(system: System) -> Check:
    """The version of the firmware that runs."""
    devices = find(system)
    if not devices:
        return unseen("firmware", "no NPU that could tell")
    version = _text(devices[0].folder / "fw_version")
    if version and version != "0.0.0.0":
        return ok("firmware", f"version {version}")
    if place(system).is_container:
        return unseen("firmware", "the driver does not tell its version; the files are the host's")
    name = f"{devices[0].device[2:]}_{devices[0].revision[2:]}"
    files = system.glob(f"lib/firmware/amdnpu/{name}/*npu*") + system.glob(
        f"usr/lib/firmware/amdnpu/{name}/*npu*"
    )
    if not files:
        return failed(
            "firmware",
            f"no file in /lib/firmware/amdnpu/{name}, and none runs",
            "install the package linux-firmware, or the plugin package of amd/xdna-driver; then"
            f" {RELOAD_DRIVER}",
        )
    return unseen(
        "firmware",
        f"the driver does not tell its version; on the disk lies {files[0].name}",
        "see the driver's check",
    )


def node(system: System) -> Check:
    """The device node, and whether this user may open it."""
    nodes = list(_nodes(system))
    if not nodes:
        return failed(
            "device node",
            "/dev/accel has no node of the NPU",
            place(system).node or f"it comes with the driver: see its check; {RELOAD_DRIVER}",
        )
    path = nodes[0]
    shown = "/" + str(path.relative_to(system.root))
    if system.writable(path):
        return ok("device node", f"{shown} can be opened")
    return failed("device node", f"{shown} may not be opened by this user", _opening_hint(system))


def _nodes(system: System) -> Iterator[Path]:
    """The nodes of the NPUs; all of /dev/accel when sysfs does not tell whose they are.

    Other makers' accelerators have nodes there too.
    """
    npus = find(system)
    named = [entry.name for device in npus for entry in device.folder.glob("accel/accel*")]
    for name in named:
        if (path := system.path(f"dev/accel/{name}")).exists():
            yield path
    untold = bool(npus) and not named
    if untold or not system.path("sys/bus/pci/devices").is_dir():
        yield from system.glob("dev/accel/accel*")


def _opening_hint(system: System) -> str:
    found = place(system)
    if found.is_container:
        return found.opening
    for line in (system.read("etc/group") or "").splitlines():
        name, _, number, members = [*line.split(":"), "", "", "", ""][:4]
        if name == "render" and system.user and system.user in members.split(","):
            if number.isdigit() and int(number) not in system.groups:
                return "you are in the group render since this session began: log out and in"
            return "you are in the group render, yet the node is closed: ls -l /dev/accel"
    return found.opening


def power_mode(system: System) -> Check:
    """The NPU's power mode, which times depend on."""
    trees = _report(system, "platform")
    if isinstance(trees, Check):
        return trees
    modes = [str(mode) for mode in find_key(trees, "power_mode")]
    if not modes:
        return unseen("power mode", "xrt-smi does not tell it")
    if modes[0].lower() == "powersaver":
        return warning(
            "power mode",
            "powersaver: runs take longer, times cannot be compared",
            "sudo xrt-smi configure --pmode default (or performance)",
        )
    return ok("power mode", modes[0])


def contexts(system: System) -> Check:
    """Hardware contexts in use, and by whom."""
    trees = _report(system, "aie-partitions")
    holders = _holders(system)
    if isinstance(trees, Check):
        if holders:
            return ok("contexts", f"{trees.detail}; the node is held open by {', '.join(holders)}")
        return Check("contexts", trees.status, trees.detail, trees.hint)
    lists = [entry for entry in find_key(trees, "hw_contexts") if isinstance(entry, list)]
    used = [context for entry in lists for context in entry if isinstance(context, dict)]
    told = ", ".join(f"{c.get('process_name', 'process')} (pid {c.get('pid', '?')})" for c in used)
    limit = next((CONTEXTS[d.device] for d in find(system) if d.device in CONTEXTS), None)
    if limit is not None and len(used) >= limit:
        return failed("contexts", f"all {limit} are in use: {told}", "end some of these processes")
    return ok("contexts", f"{len(used)} in use" + (f": {told}" if told else ""))


def _report(system: System, name: str) -> Any:
    """A report of xrt-smi, or the check that says why there is none."""
    title = {"platform": "power mode", "aie-partitions": "contexts"}[name]
    devices = find(system)
    program = system.smi()
    if not devices:
        return unseen(title, "no NPU that could tell")
    if program is None:
        return unseen(title, "only xrt-smi tells, and it is not installed", "install XRT's tools")
    tree = system.report(program, name, devices[0].address)
    return unseen(title, f"xrt-smi gives no report '{name}'") if tree is None else tree


def _holders(system: System) -> list[str]:
    """The processes that have a node open, as far as this user may look."""
    found = []
    for link in system.glob("proc/[0-9]*/fd/*"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if "/dev/accel/accel" in target:
            pid = link.parent.parent.name
            found.append(f"{system.read(f'proc/{pid}/comm') or 'process'} (pid {pid})")
    return list(dict.fromkeys(found))
