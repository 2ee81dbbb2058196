"""XRT, its NPU plugin and pyxrt: there, of one version, and for this Python.

Sources: XRT, module_loader.cpp (the plugin must lie beside libxrt_core and end in the same major
version), version.json.in; amd/xdna-driver, CMake/pkg.cmake (plugin and XRT of one minor version).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.doctor.check import Check, failed, ok, unseen, warning
from runner.doctor.system import System
from runner.errors import RunnerError
from runner.npu import locate
from runner.npu.generation import generation

PLUGIN, CORE = "libxrt_driver_xdna.so", "libxrt_coreutil.so"
LIBRARY_FOLDERS = (
    "opt/xilinx/xrt/lib",
    "opt/xilinx/xrt/lib64",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib64",
    "usr/lib",
)
INSTALL = "see npuforge docs hardware (Ubuntu: packages libxrt2, libxrt-npu2 and libxrt-utils-npu)"


@dataclass(frozen=True)
class Installation:
    """An XRT: the folder of its libraries, and its version as "2.21.75" or "" if it has none."""

    folder: Path
    version: str


def installations(system: System) -> list[Installation]:
    """Every XRT on the machine, the one that XILINX_XRT names first."""
    found = {}
    for folder in _library_folders(system):
        version = _version(folder, CORE)
        if version is not None and folder.resolve() not in found:
            own = _from_json(folder.parent / "version.json")
            found[folder.resolve()] = Installation(folder, own or version)
    return list(found.values())


def _library_folders(system: System) -> Iterator[Path]:
    if home := system.environ.get("XILINX_XRT"):
        yield Path(home) / "lib"
    for name in LIBRARY_FOLDERS:
        yield system.path(name)


def _version(folder: Path, library: str) -> str | None:
    """The version in a library's file names, as in libxrt_coreutil.so.2.21.75; None without."""
    versions = [p.name[len(library) + 1 :] for p in folder.glob(f"{library}.*") if p.name]
    return max(versions, key=len, default=None)


def _from_json(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["BUILD_VERSION"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def xrt(system: System) -> Check:
    """XRT's libraries and their version."""
    found = installations(system)
    home = system.environ.get("XILINX_XRT")
    if home and not (Path(home) / "lib").is_dir() and not found:
        return failed("XRT", f"XILINX_XRT is {home}, where there is none", INSTALL)
    if not found:
        return failed("XRT", "not installed", INSTALL)
    told = ", ".join(f"{i.version} in {i.folder}" for i in found)
    if len({_minor(i.version) for i in found}) > 1:
        return warning(
            "XRT",
            f"two of different versions: {told}",
            "remove one, or source the setup.sh of the one that is meant before each use",
        )
    return ok("XRT", told)


def plugin(system: System) -> Check:
    """The NPU plugin, beside XRT's libraries and of their version."""
    name = "XRT plugin"
    found = installations(system)
    if not found:
        return unseen(name, "no XRT that it could belong to")
    owner = found[0]
    version = _version(owner.folder, PLUGIN)
    if version is None:
        elsewhere = [f for f in _library_folders(system) if _version(f, PLUGIN) is not None]
        where = f"; there is one in {elsewhere[0]}" if elsewhere else ""
        return failed(
            name,
            f"{PLUGIN} is not beside XRT's libraries in {owner.folder}{where}: XRT sees no NPU",
            "install XRT and its plugin from one source; " + INSTALL,
        )
    if _minor(version) != _minor(owner.version) and "." in version and "." in owner.version:
        return failed(
            name,
            f"the plugin is of version {version}, XRT of {owner.version}",
            "install both in one version, from one source",
        )
    driver = system.read("sys/module/amdxdna/version") or ""
    if re.match(r"2\.\d+", driver) and _minor(driver) != _minor(version):
        return warning(
            name,
            f"{version}, but the driver was built with {driver.split(',')[0]}: calls that the older"
            " one lacks fail with Operation not supported",
            "install driver and plugin from one source (amd/xdna-driver builds both)",
        )
    return ok(name, f"{version} in {owner.folder}")


def _minor(version: str) -> str:
    """ "2.21" of "2.21.75"."""
    match = re.match(r"\d+\.\d+", version)
    return match[0] if match else version


def pyxrt(system: System) -> Check:
    """XRT's Python module, for the Python that runs this; and whether it sees the NPU."""
    name = "pyxrt"
    try:
        found = locate.find(system.environ, system.root, system.python_path)
    except RunnerError as error:
        first, *rest = str(error).splitlines()
        remedies = [line.strip() for line in rest if line.startswith("  ")]
        listed = [line.removeprefix("- ") for line in rest if line.startswith("- ")]
        detail = first.rstrip(":") + (f": {', '.join(listed)}" if listed else "")
        return failed(name, detail, " or ".join(remedies) or INSTALL)
    try:
        device = system.probe(found)
    except RunnerError as error:
        first, *rest = str(error).splitlines()
        known = [line.strip() for line in rest if line.startswith("  ")]
        meaning = "; ".join(k.removeprefix("means: ") for k in known if k.startswith("means"))
        remedy = "; ".join(k.removeprefix("do: ") for k in known if k.startswith("do"))
        detail = f"{found.path} loads no NPU: {first}" + (f" ({meaning})" if meaning else "")
        return failed(name, detail, remedy or "see the checks before this one")
    sort = generation(device)
    return ok(name, f"{found.path} sees {device}" + (f" ({sort})" if sort else ""))
