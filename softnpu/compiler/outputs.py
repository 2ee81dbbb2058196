"""What a compilation has made, by the names under which aiecc is asked for it, and handing it out.

A part is made of the rest when it is asked for: ELF files, control packets, transactions.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from softnpu.compiler.aiecc_options import NAMED, OUTPUTS, PACKETS_ELF_NAME, SENDING_NAME
from softnpu.compiler.file_endings import LOCMAP, PACKETS, SENDING
from softnpu.compiler.words import Words
from softnpu.errors import ToolError

XCLBIN, FULL_ELF, NAMES = "final.xclbin", "full.elf", "names.json"


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


def _locmaps(folder: Path) -> Iterator[tuple[str, Path]]:
    """Where the operations of each sequence's stream come from, by DEVICE_SEQUENCE."""
    for path in sorted(folder.glob(f"insts_*{LOCMAP}")):
        yield path.name.removeprefix("insts_").removesuffix(LOCMAP), path


def _parameters(folder: Path) -> dict[str, Path]:
    """The table of scratchpad parameters, empty if there is none."""
    table = folder / "params.txt"
    table.touch()
    return {"": table}


def _only(name: str) -> Callable[[Path], dict[str, Path]]:
    return lambda folder: {"": folder / name} if (folder / name).is_file() else {}


SOURCES: dict[str, Callable[[Path], Iterator[tuple[str, Path]] | dict[str, Path]]] = {
    "xclbin": _only(XCLBIN),
    "npu-insts": _streams,
    "locmap": _locmaps,
    "pdi": _suffixed("*.pdi", ".pdi"),
    "cdo": _configurations,
    "core-elfs": _suffixed("*_core_*_*.elf", ".elf"),
    "input-with-addresses": _only("input_with_addresses.mlir"),
    "scratchpad-parameters": _parameters,
    "ctrlpkt": _control_packets,
    "txn": _transactions,
    "elf": _stream_elves,
    "full-elf": _full_elf,
}
"""Files in the working folder by what `{0}` stands for in their names."""


# handing out what was made


def deliver(
    wanted: Mapping[str, str], folder: Path, out_dir: Path, words: Words, *, asked: bool = True
) -> list[str]:
    """Puts what is wanted of the working folder into the output folder, under its names.

    Args:
        asked: it was asked for by name, and is to be there.

    Returns:
        The names, with `{0}` in them as they were given.

    Raises:
        ToolError: something is not there.
    """
    handed: list[str] = []
    for name, given in wanted.items():
        find = SOURCES.get(name)
        found = dict(find(folder)) if find else _edge(folder, name)
        if not found and asked:
            raise ToolError(f"--get-{name}: the design has none")
        template = given or _template(name, words)
        _hand_out(found, out_dir, template)
        if found:
            handed.append(template)
    if "ctrlpkt" in wanted:
        _hand_out_sending(folder, out_dir, words, elves="elf" not in wanted)
    return handed


def _template(name: str, words: Words) -> str:
    """The name of an output's files: as the command line says, or aiecc's own."""
    if name == "locmap":  # beside the stream
        return _template("npu-insts", words) + LOCMAP.removeprefix(".bin")
    usual, _ = OUTPUTS.get(name, (name, ""))
    return words.last(NAMED.get(name, ""), usual)


def _hand_out(found: Mapping[str, Path], out_dir: Path, template: str) -> None:
    if len(found) > 1 and "{0}" not in template:
        names = ", ".join(found)
        raise ToolError(f"{template}: there are several ({names}); put {{0}} into the name")
    for key, source in found.items():
        _put(source, out_dir / template.replace("{0}", key))


def _hand_out_sending(folder: Path, out_dir: Path, words: Words, *, elves: bool) -> None:
    """The streams that send control packets; both as ELF files, if nobody asks for these."""
    streams = _suffixed(f"*{SENDING}", SENDING)(folder)
    _hand_out(streams, out_dir, words.last(SENDING_NAME, f"{{0}}{SENDING}"))
    if streams and elves:
        made = dict(_stream_elves(folder))
        _hand_out(made, out_dir, words.last(PACKETS_ELF_NAME, PACKETS_ELF))


PACKETS_ELF = "{0}_ctrlpkt.elf"


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    _copy(source, target)
    if source.name in (XCLBIN, FULL_ELF) and (names := source.with_name(NAMES)).is_file():
        # What the emulator calls things lies beside the file that it runs.
        _copy(names, target.with_name(NAMES))


def _copy(source: Path, target: Path) -> None:
    """IRON's own builds have one folder to work in and for what comes out."""
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)


def _edge(folder: Path, name: str) -> dict[str, Path]:
    """What `--get=NAME` means: an output by the name of its edge, or a file of the working folder.

    Raises:
        ToolError: there is nothing of that name; what there is is listed.
    """
    for output, (template, _) in OUTPUTS.items():
        if name == template:
            return dict(SOURCES[output](folder))
    if (folder / name).is_file():
        return {"": folder / name}
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    edges = [template for template, _ in OUTPUTS.values()]
    raise ToolError(f"--get={name}: there is no such output; {', '.join((*edges, *files))}")
