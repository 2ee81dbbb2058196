"""What a compilation made, as XRT's ELF files: beside the xclbin, or in its stead.

Names, arguments and PDIs as aiecc hands them to aiebu-asm: mlir-aie, aiecc/SidecarFiles.h
(`makeFullElfConfigJson`). What aiebu makes of it: `softnpu.formats.job_stream`, `job_writing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from softnpu.compiler.file_endings import PACKETS
from softnpu.compiler.modules import read_module
from softnpu.compiler.packaging import XCLBIN
from softnpu.compiler.streams import NPU_INSTS
from softnpu.errors import ToolError
from softnpu.formats import job_writing, txn, xclbin
from softnpu.formats.job import MARKS, PDI, ControlCode, Job
from softnpu.formats.job_stream import assembled
from softnpu.formats.operations import AddressPatch
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT
from softnpu.passes.sequence_ops import devices, sequences

_LEAST_ARGUMENTS = 3


def beside_xclbin(insts: Path, packets: Path | None = None) -> bytes:
    """The ELF of an instruction stream, to be run with the xclbin.

    Args:
        packets: control packets that it sends, from the last buffer that it takes.
    """
    stream = insts.read_bytes()
    code = ControlCode(b"", packets=b"" if packets is None else packets.read_bytes())
    last = None if packets is None else _last_buffer(stream)
    return job_writing.write(Job((assembled(stream, FIRST_BUFFER_ARGUMENT, code, last),)))


def _last_buffer(stream: bytes) -> int:
    patches = (o for o in txn.parse(stream).operations if isinstance(o, AddressPatch))
    return max((patch.argument for patch in patches), default=0)


def full(folder: Path) -> bytes:
    """The ELF of all that a compilation has put into `folder`.

    Raises:
        ToolError: there is no sequence, and so no kernel.
    """
    made = xclbin.parse((folder / XCLBIN).read_bytes())
    codes = tuple(_codes(folder))
    if not codes:
        raise ToolError("the design has no aie.runtime_sequence, so a full ELF has no kernel")
    return job_writing.write(
        Job(
            codes,
            made.partition.columns,
            {
                f"{PDI}.{group.pdi_id}": part.image
                for part in made.partition.pdis
                for group in part.groups
            },
            {f"{MARKS}{name}": value.encode() for name, value in made.marks.items()},
        )
    )


def _codes(folder: Path) -> Iterator[ControlCode]:
    """One for each sequence of which there is a stream: the device is the kernel."""
    module = read_module(folder / NPU_INSTS)
    for device_op in devices(module):
        arguments = {s.sym_name: len(s.body.blocks[0].args) for s in sequences(device_op)}
        for name, count in arguments.items():
            key = f"{device_op.sym_name}_{name}"
            stream = next(filter(Path.is_file, _streams(folder, key)), None)
            if stream is None:
                continue
            packets = folder / f"{key}{PACKETS}"
            sent = packets.read_bytes() if packets.is_file() else b""
            code = ControlCode(
                b"",
                packets=sent,
                kernel=device_op.sym_name,
                instance=name,
                arguments=max(_LEAST_ARGUMENTS, *arguments.values()),
            )
            yield assembled(stream.read_bytes(), 0, code, count - 1 if sent else None)


def _streams(folder: Path, key: str) -> tuple[Path, Path]:
    """Where a sequence's stream lies; the only one of a file has no name of its own."""
    return folder / f"insts_{key}.bin", folder / "insts.bin"
