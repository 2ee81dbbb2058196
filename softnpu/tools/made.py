"""What a compilation has made, by the names under which aiecc is asked for it.

A part is made of the rest when it is asked for: ELF files, control packets, transactions.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from softnpu.compiler.file_endings import PACKETS, SENDING

XCLBIN, FULL_ELF = "final.xclbin", "full.elf"


def _streams(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each sequence's stream by DEVICE_SEQUENCE; the only one by its own names, too."""
    several = sorted(folder.glob("insts_*.bin"))
    for path in several:
        yield path.stem.removeprefix("insts_"), path
    if not several and (only := folder / "insts.bin").is_file():
        yield _only_sequence(folder), only


def _control_packets(folder: Path) -> Iterator[tuple[str, Path]]:
    """Those that sequences send in the stead of loads; else of each device's configuration."""
    from softnpu.compiler import reconfiguration
    from softnpu.compiler.streams import NPU_EXPANDED

    if (folder / NPU_EXPANDED).is_file():
        yield from _suffixed(f"*{PACKETS}", PACKETS)(folder).items()
        return
    for name, packets, _ in reconfiguration.write_control_packets(folder):
        yield name, packets


def _transactions(folder: Path) -> Iterator[tuple[str, Path]]:
    from softnpu.compiler import reconfiguration

    yield from reconfiguration.write_transactions(folder)


def _stream_elves(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each sequence's stream as an ELF file, under the stream's name; with control packets that
    have been made, the stream that sends them."""
    from softnpu.compiler import jobs

    sending = _suffixed(f"*{SENDING}", SENDING)(folder)
    for key, stream in sending.items() or _streams(folder):
        packets = folder / f"{key}{PACKETS}"
        made = stream.with_suffix(".elf")
        made.write_bytes(jobs.beside_xclbin(stream, packets if sending else None))
        yield key, made


def _full_elf(folder: Path) -> dict[str, Path]:
    from softnpu.compiler import jobs

    made = folder / FULL_ELF
    made.write_bytes(jobs.full(folder))
    return {"": made}


def _only_sequence(folder: Path) -> str:
    from softnpu.compiler.modules import read_module
    from softnpu.passes.sequence_ops import devices, sequences

    module = read_module(folder / "input_physical.mlir")
    names = (f"{d.sym_name}_{s.sym_name}" for d in devices(module) for s in sequences(d))
    return next(names, "main")


def _suffixed(pattern: str, suffix: str) -> Callable[[Path], dict[str, Path]]:
    """Files of a pattern by their names without the suffix."""

    def find(folder: Path) -> dict[str, Path]:
        return {path.name.removesuffix(suffix): path for path in sorted(folder.glob(pattern))}

    return find


def _configurations(folder: Path) -> Iterator[tuple[str, Path]]:
    """A folder with the CDO files of each device."""
    for path in sorted(folder.glob("*_aie_cdo_init.bin")):
        device = path.name.removesuffix("_aie_cdo_init.bin")
        gathered = folder / f"cdo_{device}"
        gathered.mkdir(exist_ok=True)
        for part in folder.glob(f"{device}_aie_cdo_*.bin"):
            shutil.copyfile(part, gathered / part.name)
        yield device, gathered


def _only(name: str) -> Callable[[Path], dict[str, Path]]:
    return lambda folder: {"": folder / name} if (folder / name).is_file() else {}


SOURCES: dict[str, Callable[[Path], Iterator[tuple[str, Path]] | dict[str, Path]]] = {
    "xclbin": _only(XCLBIN),
    "npu-insts": _streams,
    "pdi": _suffixed("*.pdi", ".pdi"),
    "cdo": _configurations,
    "core-elfs": _suffixed("*_core_*_*.elf", ".elf"),
    "input-with-addresses": _only("input_with_addresses.mlir"),
    "scratchpad-parameters": _only("params.txt"),
    "ctrlpkt": _control_packets,
    "txn": _transactions,
    "elf": _stream_elves,
    "full-elf": _full_elf,
}
"""Files in the working folder by what `{0}` stands for in their names."""
