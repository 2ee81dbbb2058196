"""Containers, virtual machines and WSL2 get advice of their own."""

from __future__ import annotations

import pytest

from runner.doctor import Status, emulator_ready, examine, hardware_ready
from tests.runner.doctor.machines import Machine

MARKS = {
    "docker": {".dockerenv": ""},
    "podman": {"run/.containerenv": 'engine="podman-5.4.2"\nrootless=1\n'},
    "distrobox": {"run/.containerenv": 'engine="podman-5.4.2"\n'},
    "toolbox": {"run/.containerenv": "", "run/.toolboxenv": ""},
    "lxc": {"run/systemd/container": "lxc\n"},
    "nspawn": {"run/systemd/container": "systemd-nspawn\n"},
    "pod": {
        "proc/1/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-1.scope\n"
    },
    "old docker": {"proc/1/cgroup": "12:devices:/docker/0123456789abcdef\n"},
    "other": {"run/systemd/container": "rkt\n"},
}
ENVIRONMENTS = {"distrobox": {"CONTAINER_ID": "box", "container": "podman"}}

TOLD = {
    "docker": (
        "a docker container",
        "docker run --device /dev/accel/accel0",
        "--ulimit memlock=-1",
    ),
    "podman": ("a podman container", "podman run --device", "--ulimit memlock=-1"),
    "distrobox": ("a distrobox", "--additional-flags", "--ulimit memlock=-1"),
    "toolbox": ("a toolbox", "look on the host", "on the host: printf"),
    "lxc": ("an LXC container", "dev0: /dev/accel/accel0,gid=GID", "lxc.prlimit.memlock"),
    "nspawn": ("a systemd-nspawn container", "--bind=/dev/accel/accel0", "--rlimit=MEMLOCK"),
    "pod": ("a pod of Kubernetes", "hostPath", "LimitMEMLOCK=infinity"),
    "old docker": ("a docker container", "docker run --device", "--ulimit memlock=-1"),
    "other": ("in a container", "with the device /dev/accel/accel0", "without a limit"),
}


def within(machine: Machine, kind: str) -> Machine:
    """The machine's system as a container shows it."""
    for name, text in MARKS[kind].items():
        machine.put(name, text)
    machine.change(environ=ENVIRONMENTS.get(kind, {}))
    return machine


@pytest.mark.parametrize("kind", MARKS)
def test_a_container_is_recognised_and_gets_its_own_commands(laptop: Machine, kind: str) -> None:
    told, node, memlock = TOLD[kind]
    found = within(laptop, kind).check("place")
    assert found.status is Status.OK and told in found.detail
    laptop.remove("dev/accel/accel0")
    laptop.change(memlock=8 << 20)
    assert node in laptop.check("device node").hint
    assert memlock in laptop.check("memlock").hint


@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        ("docker", "--group-add $(stat -c %g /dev/accel/accel0)"),
        ("podman", "--group-add keep-groups"),
        ("distrobox", '"--group-add keep-groups"'),
        ("lxc", "getent group render"),
    ],
)
def test_a_node_that_may_not_be_opened_is_the_containers_matter(
    laptop: Machine, kind: str, opening: str
) -> None:
    within(laptop, kind).change(writable=lambda _: False)
    assert opening in laptop.check("device node").hint


def test_a_missing_driver_and_its_firmware_are_the_hosts(laptop: Machine) -> None:
    within(laptop, "docker").remove("sys/module/amdxdna/*")
    laptop.remove("sys/module/amdxdna")
    assert laptop.check("driver").hint.startswith("on the host: sudo modprobe amdxdna")
    laptop.remove("sys/bus/pci/devices/*/fw_version")
    assert laptop.check("firmware").status is Status.UNSEEN


def test_on_the_machine_itself_nothing_is_said_of_containers(laptop: Machine) -> None:
    found = laptop.check("place")
    assert (found.status, found.detail) == (Status.OK, "on the machine itself")
    laptop.change(writable=lambda _: False, user="eve")
    assert laptop.check("device node").hint.startswith("sudo usermod -aG render")


def in_wsl(machine: Machine) -> None:
    machine.put("proc/sys/kernel/osrelease", "6.6.87.2-microsoft-standard-WSL2\n")
    machine.remove("sys/bus/pci/devices/*/vendor")
    machine.remove("sys/module/amdxdna/*")
    machine.remove("sys/module/amdxdna")
    machine.remove("dev/accel/accel0")


def test_wsl2_has_no_way_to_the_npu_and_no_advice_that_does_not_help(laptop: Machine) -> None:
    in_wsl(laptop)
    checks = examine(laptop.system, [])
    found = {check.name: check for check in checks}
    assert found["place"].status is Status.FAILED
    assert "in WSL2: Windows' kernel for Linux has no driver for the NPU" in found["place"].detail
    assert "the emulator works here: npuforge test_emu" in found["place"].hint
    hints = [c.hint for c in checks if c.hardware and c.hint and c.name != "place"]
    assert hints == [], "neither modprobe nor the BIOS helps there"
    assert emulator_ready(checks) and not hardware_ready(checks)


def test_a_container_in_wsl2_is_told_as_both(laptop: Machine) -> None:
    in_wsl(laptop)
    within(laptop, "docker")
    assert "in WSL2, in a docker container: " in laptop.check("place").detail


def test_a_virtual_machine_is_told_before_its_driver_refuses(laptop: Machine) -> None:
    laptop.put("proc/cpuinfo", "model name\t: AMD Ryzen\nflags\t\t: fpu vme hypervisor lahf_lm\n")
    found = laptop.check("place")
    assert found.status is Status.FAILED
    assert "in a virtual machine: the NPU's driver refuses to work there" in found.detail
