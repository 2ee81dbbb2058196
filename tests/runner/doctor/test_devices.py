from __future__ import annotations

import pytest

from runner.doctor import Status, examine, hardware_ready
from tests.runner.doctor.machines import DEVICE, KERNEL, Machine


def test_a_laptop_on_which_all_is_well_is_ready(laptop: Machine) -> None:
    checks = examine(laptop.system, [])
    assert [c.name for c in checks if c.status is not Status.OK] == []
    assert hardware_ready(checks)


def test_a_machine_without_an_npu_is_told_with_its_processor(laptop: Machine) -> None:
    laptop.put(f"{DEVICE}/device", "0x1234\n")
    found = laptop.check("NPU")
    assert found.status is Status.FAILED
    assert "AMD Ryzen 9 7940HS" in found.detail and "BIOS" in found.hint


@pytest.mark.parametrize(
    ("device", "revision", "name"),
    [
        ("0x1502", "0x00", "Phoenix"),
        ("0x17f0", "0x11", "Strix Halo"),
        ("0x17f0", "0x77", "of a revision"),
    ],
)
def test_the_generation_is_read_from_the_bus(
    laptop: Machine, device: str, revision: str, name: str
) -> None:
    laptop.put(f"{DEVICE}/device", device)
    laptop.put(f"{DEVICE}/revision", revision)
    assert name in laptop.check("NPU").detail


def without_driver(laptop: Machine) -> None:
    laptop.remove("sys/module/amdxdna/*")
    laptop.remove("sys/module/amdxdna")
    laptop.remove(f"{DEVICE}/driver")


def test_a_driver_that_is_installed_and_not_loaded_is_to_be_loaded(laptop: Machine) -> None:
    without_driver(laptop)
    laptop.put(f"lib/modules/{KERNEL}/updates/dkms/amdxdna.ko.zst")
    found = laptop.check("driver")
    assert found.status is Status.FAILED
    assert found.hint.startswith("sudo modprobe amdxdna")


def test_a_driver_that_is_not_installed_is_to_be_installed(laptop: Machine) -> None:
    without_driver(laptop)
    assert "amdxdna-dkms" in laptop.check("driver").hint


def test_a_kernel_too_old_for_the_driver_is_named(laptop: Machine) -> None:
    without_driver(laptop)
    laptop.put("proc/sys/kernel/osrelease", "5.15.0-100-generic")
    found = laptop.check("driver")
    assert "5.15.0" in found.detail and "kernel from 6.10 on" in found.hint


def test_a_driver_that_did_not_take_the_npu_is_told(laptop: Machine) -> None:
    laptop.remove(f"{DEVICE}/driver")
    found = laptop.check("driver")
    assert found.status is Status.FAILED and "has not taken PCI 0000:c5:00.1" in found.detail


def test_a_driver_of_the_kernels_tree_has_no_version_and_is_fine(laptop: Machine) -> None:
    laptop.remove("sys/module/amdxdna/version")
    found = laptop.check("driver")
    assert found.status is Status.OK and f"kernel {KERNEL}" in found.detail


def test_a_kernel_that_was_started_without_iommu_is_told(laptop: Machine) -> None:
    laptop.put("proc/cmdline", "quiet amd_iommu=off\n")
    found = laptop.check("IOMMU")
    assert found.status is Status.FAILED and "amd_iommu=off" in found.detail


def test_an_iommu_that_the_bios_keeps_off_is_told(laptop: Machine) -> None:
    laptop.remove("sys/class/iommu/ivhd0/name")
    laptop.remove("sys/class/iommu/ivhd0")
    assert "BIOS" in laptop.check("IOMMU").hint


def test_missing_firmware_is_told_with_the_folder_that_it_belongs_in(laptop: Machine) -> None:
    laptop.remove(f"{DEVICE}/fw_version")
    found = laptop.check("firmware")
    assert found.status is Status.FAILED and "amdnpu/1502_00" in found.detail
    assert "linux-firmware" in found.hint


def test_firmware_on_the_disk_that_does_not_run_is_not_taken_for_running(laptop: Machine) -> None:
    laptop.remove(f"{DEVICE}/fw_version")
    laptop.put("usr/lib/firmware/amdnpu/1502_00/npu.sbin.zst")
    found = laptop.check("firmware")
    assert found.status is Status.UNSEEN and "npu.sbin.zst" in found.detail


def test_a_closed_device_node_asks_for_the_group_render(laptop: Machine) -> None:
    laptop.change(writable=lambda _: False, user="bob")
    found = laptop.check("device node")
    assert found.status is Status.FAILED and "/dev/accel/accel0" in found.detail
    assert found.hint.startswith("sudo usermod -aG render")


def test_a_membership_of_the_group_that_is_too_new_asks_to_log_out(laptop: Machine) -> None:
    laptop.change(writable=lambda _: False, groups=frozenset({1000}))
    assert "log out and in" in laptop.check("device node").hint
    assert "usermod" not in laptop.check("device node").hint


def test_a_missing_device_node_is_told(laptop: Machine) -> None:
    laptop.remove("dev/accel/accel0")
    assert laptop.check("device node").status is Status.FAILED


def test_another_makers_accelerator_is_not_taken_for_the_npu(laptop: Machine) -> None:
    laptop.put(f"{DEVICE}/vendor", "0x8086\n")
    assert laptop.check("device node").status is Status.FAILED


def test_power_saving_is_a_warning_since_it_changes_times(laptop: Machine) -> None:
    laptop.reports["platform"] = {"status": {"power_mode": "powersaver"}}
    found = laptop.check("power mode")
    assert found.status is Status.WARNING and "--pmode" in found.hint


def test_without_xrt_smi_power_mode_and_contexts_are_unseen_and_not_fine(laptop: Machine) -> None:
    laptop.remove("usr/bin/xrt-smi")
    for name in ("power mode", "contexts"):
        found = laptop.check(name)
        assert found.status is Status.UNSEEN and "xrt-smi" in found.detail


def contexts(count: int) -> dict[str, object]:
    used = [{"pid": str(100 + n), "process_name": "llm"} for n in range(count)]
    return {"partitions": [{"start_col": "1", "hw_contexts": used}]}


def test_contexts_in_use_are_told_with_their_processes(laptop: Machine) -> None:
    laptop.reports["aie-partitions"] = contexts(2)
    found = laptop.check("contexts")
    assert found.status is Status.OK and "2 in use: llm (pid 100), llm (pid 101)" in found.detail


@pytest.mark.parametrize(("device", "revision", "limit"), [("1502", "00", 6), ("17f0", "11", 16)])
def test_no_context_left_is_a_failure_that_names_who_holds_them(
    laptop: Machine, device: str, revision: str, limit: int
) -> None:
    laptop.put(f"{DEVICE}/device", f"0x{device}\n")
    laptop.put(f"{DEVICE}/revision", f"0x{revision}\n")
    laptop.reports["aie-partitions"] = contexts(limit - 1)
    assert laptop.check("contexts").status is Status.OK
    laptop.reports["aie-partitions"] = contexts(limit)
    found = laptop.check("contexts")
    assert found.status is Status.FAILED
    assert f"all {limit} are in use: llm (pid 100)" in found.detail


def test_without_reports_the_processes_that_hold_the_node_are_told(laptop: Machine) -> None:
    laptop.reports.clear()
    laptop.link("proc/4711/fd/7", "/dev/accel/accel0")
    laptop.put("proc/4711/comm", "python3\n")
    assert "held open by python3 (pid 4711)" in laptop.check("contexts").detail
