"""Where this runs: on the machine itself, in a container, in a virtual machine, in WSL2.

Driver, firmware and device node are the host's. What mends them here is another command for each
way of starting a container; the driver refuses to work in a virtual machine (amd/xdna-driver,
aie2_pci.c: "Running under hypervisor not supported"), and WSL2's kernel has no such driver.
Sources of the marks: docker and podman (/.dockerenv, /run/.containerenv), distrobox (CONTAINER_ID),
toolbox (/run/.toolboxenv), systemd (CONTAINER_INTERFACE: /run/systemd/container).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.doctor.check import Check, failed, ok
from runner.doctor.system import System
from runner.messages import MEMLOCK_REMEDY, RENDER_REMEDY

NODE = "/dev/accel/accel0"
EMULATOR = "the emulator works here: npuforge test_emu"


@dataclass(frozen=True)
class Place:
    """Where this runs, and what gives it there what an NPU takes.

    Attributes:
        told: "in a docker container".
        node: how the device node gets there; "" where it comes with the driver.
        opening: how this user may open it.
        memlock: how memory may be locked.
    """

    told: str
    node: str = ""
    opening: str = RENDER_REMEDY
    memlock: str = MEMLOCK_REMEDY

    @property
    def is_container(self) -> bool:
        """Whether driver and firmware are another system's, the host's."""
        return bool(self.node)


ITSELF = Place("on the machine itself")

DOCKER = Place(
    "in a docker container",
    f"docker run --device {NODE} ...",
    f"docker run --group-add $(stat -c %g {NODE}) ..., the host's group render by its number",
    "docker run --ulimit memlock=-1 ...",
)
PODMAN = Place(
    "in a podman container",
    f"podman run --device {NODE} ...",
    "podman run --group-add keep-groups ..., as a user who is in the host's group render",
    "podman run --ulimit memlock=-1 ...; without root no more than the host's limit of this user:"
    f" there, {MEMLOCK_REMEDY}",
)
_BOX = "distrobox create --additional-flags"
DISTROBOX = Place(
    "in a distrobox",
    f'it has the host\'s /dev: look on the host; else {_BOX} "--device {NODE}" ...',
    f'{_BOX} "--group-add keep-groups" ..., as a user who is in the host\'s group render',
    f'{_BOX} "--ulimit memlock=-1" ...; on the host, {MEMLOCK_REMEDY}',
)
TOOLBOX = Place(
    "in a toolbox",
    "it has the host's /dev: look on the host",
    f"on the host: {RENDER_REMEDY}",
    f"on the host: {MEMLOCK_REMEDY}",
)
LXC = Place(
    "in an LXC container",
    f"Proxmox: a line dev0: {NODE},gid=GID in /etc/pve/lxc/ID.conf; Incus: incus config device add"
    f" NAME npu unix-char source={NODE} gid=GID; GID is the group render's here",
    "give GID the number of this container's group render (getent group render), and"
    f" {RENDER_REMEDY}",
    "a line lxc.prlimit.memlock: unlimited in the container's configuration (Incus:"
    " limits.kernel.memlock=unlimited)",
)
NSPAWN = Place(
    "in a systemd-nspawn container",
    f"systemd-nspawn --bind={NODE} --property='DeviceAllow={NODE} rw' ...",
    f"on the host: {RENDER_REMEDY}",
    "systemd-nspawn --rlimit=MEMLOCK=infinity ...",
)
POD = Place(
    "in a pod of Kubernetes",
    f"mount {NODE} (hostPath) into a privileged container, or use a device plugin",
    "supplementalGroups with the number of the host's group render",
    "LimitMEMLOCK=infinity for the service of the container runtime on the node",
)
CONTAINER = Place(
    "in a container",
    f"start it with the device {NODE}",
    "start it with the number of the host's group render among its groups",
    "start it without a limit of locked memory",
)
"""One of another kind."""

_BY_SYSTEMD = {
    "docker": DOCKER,
    "podman": PODMAN,
    "lxc": LXC,
    "lxc-libvirt": LXC,
    "systemd-nspawn": NSPAWN,
}
"""By what `container=` says in the first process's environment, as systemd leaves it."""

_BY_CGROUP = (("kubepods", POD), ("docker", DOCKER), ("libpod", PODMAN), ("lxc", LXC))


def place(system: System) -> Place:
    """Where this runs, as far as containers go."""
    environ = system.environ
    if system.path("run/.toolboxenv").exists():
        return TOOLBOX
    if "DISTROBOX_ENTER_PATH" in environ or "CONTAINER_ID" in environ:
        return DISTROBOX
    if "KUBERNETES_SERVICE_HOST" in environ:
        return POD
    if system.path("run/.containerenv").exists():
        return PODMAN
    if system.path(".dockerenv").exists():
        return DOCKER
    named = system.read("run/systemd/container") or environ.get("container", "")
    if named:
        return _BY_SYSTEMD.get(named, CONTAINER)
    groups = system.read("proc/1/cgroup") or ""
    return next((found for mark, found in _BY_CGROUP if f"/{mark}" in groups), ITSELF)


def is_wsl(system: System) -> bool:
    """Whether the kernel is that of Windows' subsystem for Linux."""
    release = system.read("proc/sys/kernel/osrelease") or ""
    return "microsoft" in release.lower()


def is_virtual(system: System) -> bool:
    """Whether a hypervisor is below."""
    flags = re.search(r"^flags\s*:(.*)$", system.read("proc/cpuinfo") or "", re.MULTILINE)
    return flags is not None and "hypervisor" in flags[1].split()


def where(system: System) -> Check:
    """Where this runs, and whether an NPU can be reached from there at all."""
    name = "place"
    found = place(system)
    inside = f", {found.told}" if found.is_container else ""
    if is_wsl(system):
        return failed(
            name,
            f"in WSL2{inside}: Windows' kernel for Linux has no driver for the NPU, and gives it no"
            " device",
            f"start Linux on the machine itself; {EMULATOR}",
        )
    if is_virtual(system):
        return failed(
            name,
            f"in a virtual machine{inside}: the NPU's driver refuses to work there",
            f"run on the machine itself; {EMULATOR}",
        )
    if found.is_container:
        return ok(name, f"{found.told}: driver, firmware and device node are the host's")
    return ok(name, found.told)
