"""Machines made up of files: /sys, /dev, /proc and installed packages below a folder."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.doctor import Check, System, examine

ADDRESS = "0000:c5:00.1"
DEVICE = f"sys/bus/pci/devices/{ADDRESS}"
KERNEL = "6.17.0-5-generic"
PYTHON_TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}-x86_64-linux-gnu"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PYXRT = f"usr/lib/python3/dist-packages/pyxrt.{PYTHON_TAG}.so"

HEALTHY = {
    f"{DEVICE}/vendor": "0x1022\n",
    f"{DEVICE}/device": "0x1502\n",
    f"{DEVICE}/revision": "0x00\n",
    f"{DEVICE}/fw_version": "1.5.5.391\n",
    f"{DEVICE}/accel/accel0/dev": "261:0\n",
    "dev/accel/accel0": "",
    "sys/class/iommu/ivhd0/name": "",
    "sys/module/amdxdna/version": "2.21.75\n",
    "proc/sys/kernel/osrelease": KERNEL,
    "proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet splash\n",
    "proc/cpuinfo": "processor : 0\nmodel name\t: AMD Ryzen 9 7940HS\n",
    "etc/group": "root:x:0:\nrender:x:992:ada\n",
    f"{LIBRARIES}/libxrt_coreutil.so.2.21.75": "",
    f"{LIBRARIES}/libxrt_driver_xdna.so.2.21.75": "",
    "usr/bin/xrt-smi": "",
    PYXRT: "",
}

REPORTS: dict[str, Any] = {
    "platform": {"devices": [{"platforms": [{"status": {"power_mode": "default"}}]}]},
    "aie-partitions": {"devices": [{"aie_partitions": {"partitions": []}}]},
}


@dataclass
class Machine:
    """A Ryzen AI laptop on which all is well, until a test breaks it."""

    root: Path
    system: System
    reports: dict[str, Any] = field(default_factory=lambda: dict(REPORTS))

    def put(self, name: str, text: str = "") -> None:
        """Writes a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def link(self, name: str, target: str) -> None:
        """Makes a symbolic link."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def remove(self, pattern: str) -> None:
        """Takes files away."""
        for path in sorted(self.root.glob(pattern), reverse=True):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()

    def change(self, **settings: Any) -> None:
        """Sets what is no file: limits, rights, answers."""
        self.system = replace(self.system, **settings)

    def check(self, name: str) -> Check:
        """What the doctor says of one thing; every other check is made too."""
        found = {check.name: check for check in examine(self.system, [])}
        return found[name]


def healthy(root: Path) -> Machine:
    """The laptop."""
    machine = Machine(root, System())
    for name, text in HEALTHY.items():
        machine.put(name, text)
    (root / "sys/bus/pci/drivers/amdxdna").mkdir(parents=True)
    machine.link(f"{DEVICE}/driver", "../../drivers/amdxdna")
    machine.change(
        root=root,
        environ={},
        python_path=(),
        writable=lambda _: True,
        memlock=None,
        groups=frozenset({992, 1000}),
        user="ada",
        probe=lambda _: "NPU Phoenix",
        run=lambda _: "[   1.0] amdxdna 0000:c5:00.1: enabling device\n",
        report=lambda _program, name, _device: json.loads(json.dumps(machine.reports.get(name))),
    )
    return machine
