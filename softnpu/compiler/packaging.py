"""Packing a configuration: the PDI, the xclbin around it, and what AMD's packers read.

The texts are those that aiecc hands to bootgen and xclbinutil (mlir-aie, aiecc.cpp), so that the
same files can be packed by AMD's tools.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.device import Device
from softnpu.arch.standin import CORE_ISA_MARK, ELF_MACHINE_RISCV, STANDIN_ISA
from softnpu.compiler.kernel import DesignKernel
from softnpu.compiler.programs import program_files
from softnpu.dialects.aie import DeviceOp
from softnpu.errors import FormatError, ToolError
from softnpu.formats import xclbin
from softnpu.formats.pdi import from_cdos
from softnpu.formats.xclbin import CdoGroup, Partition, PartitionPdi
from softnpu.formats.xclbin.metadata import GLOBAL, Argument
from softnpu.formats.xclbin.spec import (
    DEFAULT_IDENTITY,
    MEMORIES_JSON,
    PARTITION_JSON,
    PDI_UUID,
    KernelIdentity,
)
from softnpu.passes.sequence_ops import devices, model_of
from softnpu.targets.cdo import PARTS, configuration, file_name
from softnpu.targets.cdo_program import MACHINES, read_elf

XCLBIN = "final.xclbin"
KERNELS_JSON = "kernels_{}.json"
"""What aiecc calls the text of an xclbin's kernels, by the main device's name."""


def write_configuration(module: ModuleOp, elf_dir: Path, out_dir: Path) -> None:
    """Write the three CDO files of each device; its cores' programs lie in `elf_dir`."""
    for device_op in devices(module):
        files = configuration(device_op, elf_dir).files(device_op.sym_name)
        for name, data in files.items():
            (out_dir / name).write_bytes(data)


def write_pdi(folder: Path, design: str) -> None:
    """Pack the CDO files of a device in `folder` into its PDI; bootgen's text beside it."""
    files = [(folder / file_name(design, part)).read_bytes() for part in PARTS]
    (folder / f"{design}_design.bif").write_text(bif(design))
    (folder / f"{design}.pdi").write_bytes(from_cdos(files))


def write_xclbin(
    module: ModuleOp,
    folder: Path,
    elf_dir: Path,
    kernel: DesignKernel,
    identity: KernelIdentity = DEFAULT_IDENTITY,
    extended: Path | None = None,
) -> None:
    """Pack the PDIs of all devices in `folder` into `final.xclbin`.

    Args:
        extended: an xclbin to whose kernels this one is added, with its first PDI.
    """
    made = spec_of(module, folder, elf_dir, kernel, identity)
    if extended is not None:
        made = _added(extended, made)
    (folder / XCLBIN).write_bytes(xclbin.build(made))


def write_texts(
    module: ModuleOp, folder: Path, kernel: DesignKernel, identity: KernelIdentity
) -> None:
    """Write what xclbinutil makes such an xclbin from, wherever it is run: `json_files`."""
    made = spec_of(module, folder, folder, kernel, identity)
    files = pdi_files(module, folder.resolve(), kernel.device)
    for name, text in json_files(made, kernel.device, files).items():
        (folder / name).write_text(text)


def _added(given: Path, new: xclbin.XclbinSpec) -> xclbin.XclbinSpec:
    before = xclbin.parse(given.read_bytes()).spec()
    known = {kernel.name for kernel in before.kernels}
    if twice := known & {kernel.name for kernel in new.kernels}:
        raise ToolError(
            f"{given} has a kernel {twice.pop()} already; --xclbin-kernel-name gives this one"
            " another name, --xclbin-kernel-id another id"
        )
    return replace(
        before,
        partition=replace(before.partition, pdis=(*before.partition.pdis, new.partition.pdis[0])),
        kernels=(*before.kernels, *new.kernels),
        marks=tuple(dict((*before.marks, *new.marks)).items()),
        uuid=None,
    )


def spec_of(
    module: ModuleOp,
    folder: Path,
    elf_dir: Path,
    kernel: DesignKernel,
    identity: KernelIdentity = DEFAULT_IDENTITY,
) -> xclbin.XclbinSpec:
    """The xclbin of a file whose cores have been handed over, with the PDIs in `folder`."""
    every = devices(module)
    chosen = next(device_op for device_op in every if device_op.sym_name == kernel.device)
    elfs = [file for device_op in every for file in program_files(device_op, elf_dir)]
    pdis = {d.sym_name: pdi_file(folder, d).read_bytes() for d in every}
    marks = core_marks(elfs)
    return spec(
        model_of(chosen),
        kernel.device,
        pdis,
        buffers=kernel.buffers,
        identity=identity,
        marks=marks,
    )


def pdi_file(folder: Path, device_op: DeviceOp) -> Path:
    """Where a device's PDI lies: `main.pdi`."""
    return folder / f"{device_op.sym_name}.pdi"


def pdi_files(module: ModuleOp, folder: Path, main: str) -> list[Path]:
    """The PDIs in the order in which the xclbin's partition has them, the main device's first."""
    ordered = sorted(devices(module), key=lambda device_op: device_op.sym_name != main)
    return [pdi_file(folder, device_op) for device_op in ordered]


def bif(design: str) -> str:
    """The text by which bootgen, run beside the three CDO files, packs them into a PDI.

    aiecc writes absolute paths; bootgen ends a path at a space.
    """
    files = " ".join(f"file={file_name(design, part)}" for part in PARTS)
    return (
        "all:\n{\n  id_code = 0x14ca8093\n  extended_id_code = 0x01\n  image\n  {\n"
        f"    name=aie_image, id=0x1c000000\n    {{ type=cdo {files} }}\n  }}\n}}\n"
    )


def core_marks(elfs: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """The marks that an xclbin with these core programs carries: none for AIE code.

    Raises:
        FormatError: programs of both kinds, or files that are no core programs.
    """
    machines = {read_elf(path).machine: path for path in elfs}
    if len(machines) > 1:
        kinds = ", ".join(f"{path.name} is {MACHINES[m]}" for m, path in machines.items())
        raise FormatError(f"core programs for different machines: {kinds}")
    standin = ELF_MACHINE_RISCV in machines
    return ((CORE_ISA_MARK, STANDIN_ISA),) if standin else ()


def spec(
    target: Device,
    design: str,
    pdis: Mapping[str, bytes],
    *,
    buffers: int = 0,
    identity: KernelIdentity = DEFAULT_IDENTITY,
    marks: Sequence[tuple[str, str]] = (),
) -> xclbin.XclbinSpec:
    """The xclbin of the device called `design`.

    Args:
        pdis: the PDIs of all devices of the file by name, in its order: device n is PDI n,
            counted from 1, which is what `load_pdi` names. The kernel starts on `design`'s.
        buffers: the host buffers that its runtime sequence takes.
        identity: what the kernel is called.
    """
    made = xclbin.spec_for(
        target, pdis[design], design=design, buffers=buffers, identity=identity, marks=marks
    )
    if len(pdis) == 1:
        return made
    first = _entry(pdis, design, (identity.number,))
    others = [_entry(pdis, name, ()) for name in pdis if name != design]
    return replace(made, partition=replace(made.partition, pdis=(first, *others)))


def _entry(pdis: Mapping[str, bytes], name: str, kernels: tuple[int, ...]) -> PartitionPdi:
    number = 1 + list(pdis).index(name)
    return PartitionPdi(pdis[name], (CdoGroup(kernels, pdi_id=number),), PDI_UUID)


# what xclbinutil reads


def json_files(spec: xclbin.XclbinSpec, design: str, pdi_files: Sequence[Path]) -> dict[str, str]:
    """The three JSON files that xclbinutil makes such an xclbin from, by aiecc's names.

    `pdi_files` are the files of the partition's PDIs, in its order.
    """
    parts = {
        MEMORIES_JSON.format(design): _memories(spec),
        KERNELS_JSON.format(design): _kernels(spec),
        PARTITION_JSON.format(design): _partition(spec.partition, pdi_files),
    }
    return {name: json.dumps(value, indent=2) + "\n" for name, value in parts.items()}


def _memories(spec: xclbin.XclbinSpec) -> dict[str, Any]:
    entries = [
        {
            "m_type": "MEM_DRAM",
            "m_used": "1",
            "m_sizeKB": f"{memory.size_kb:#x}",
            "m_tag": memory.tag,
            "m_base_address": f"{memory.base_address:#x}",
        }
        for memory in spec.memories
    ]
    return {"mem_topology": {"m_count": str(len(entries)), "m_mem_data": entries}}


def _kernels(spec: xclbin.XclbinSpec) -> dict[str, Any]:
    kernels = [
        {
            "name": kernel.name,
            "type": kernel.type,
            "extended-data": {
                "subtype": "DPU",
                "functional": str(kernel.functional),
                "dpu_kernel_id": kernel.kernel_id,
            },
            "arguments": [_argument(argument) for argument in kernel.arguments],
            "instances": [{"name": name} for name in kernel.instances],
        }
        for kernel in spec.kernels
    ]
    return {"ps-kernels": {"kernels": kernels}}


def _argument(argument: Argument) -> dict[str, str]:
    memory = {} if argument.memory is None else {"memory-connection": argument.memory}
    return {
        "name": argument.name,
        **memory,
        "address-qualifier": "GLOBAL" if argument.qualifier == GLOBAL else "SCALAR",
        "type": argument.type,
        "offset": argument.offset,
    }


def _partition(partition: Partition, pdi_files: Sequence[Path]) -> dict[str, Any]:
    return {
        "aie_partition": {
            "name": "QoS",
            "operations_per_cycle": str(partition.operations_per_cycle),
            "inference_fingerprint": str(partition.inference_fingerprint),
            "pre_post_fingerprint": str(partition.pre_post_fingerprint),
            "partition": {
                "column_width": partition.columns,
                "start_columns": list(partition.start_columns),
            },
            "PDIs": [_pdi(pdi, file) for pdi, file in zip(partition.pdis, pdi_files, strict=True)],
        }
    }


def _pdi(pdi: PartitionPdi, file: Path) -> dict[str, Any]:
    return {
        "uuid": _uuid(pdi.uuid),
        "file_name": str(file),
        "cdo_groups": [_group(group) for group in pdi.groups],
    }


def _group(group: CdoGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "type": "PRIMARY",
        "pdi_id": f"0x{group.pdi_id:02X}",
        "dpu_kernel_ids": [f"{kernel:#x}" for kernel in group.kernel_ids],
        "pre_cdo_groups": [f"0x{number:X}" for number in group.pre_cdo_groups],
    }


def _uuid(value: bytes) -> str:
    import uuid

    return str(uuid.UUID(bytes=value))
