"""xclbinutil: an NPU's xclbin from the JSON files that aiecc writes, and what one holds.

The sections that an NPU's xclbin has (MEM_TOPOLOGY, AIE_PARTITION, kernels, key-value pairs) can
be put in and taken out as JSON; other sections are refused by name.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from softnpu.compiler.words import Kind, Option, Words, read
from softnpu.errors import ToolError
from softnpu.formats import xclbin
from softnpu.formats.xclbin import CdoGroup, Partition, PartitionPdi, XclbinSpec
from softnpu.formats.xclbin.metadata import GLOBAL, SCALAR, Argument, Kernel
from softnpu.formats.xclbin.spec import MEMORIES_JSON, PARTITION_JSON, section_name
from softnpu.formats.xclbin.topology import FUNCTIONS, MEMORY_TYPES, SUBTYPES, Memory

HELP = """\
usage: xclbinutil [--input FILE] [OPTIONS] [--output FILE] [--force]

npuforge's own xclbinutil, for an NPU's xclbins:
  --add-replace-section MEM_TOPOLOGY:JSON:FILE   memories (--add-section as well)
  --add-replace-section AIE_PARTITION:JSON:FILE  columns and PDIs
  --add-kernel FILE                              kernels
  --key-value USER:KEY:VALUE                     a key and its value
  --dump-section SECTION:JSON:FILE               one of both sections as such a file
  --info                                         what `npuforge dump` tells
"""

OPTIONS = {
    **dict.fromkeys(("add-replace-section", "add-section"), Option(Kind.VALUE)),
    **dict.fromkeys(("add-kernel", "key-value", "dump-section"), Option(Kind.VALUE)),
    **dict.fromkeys(("input", "i", "output", "o"), Option(Kind.VALUE)),
    **dict.fromkeys(("force", "quiet", "q", "info", "help", "h", "version"), Option(Kind.SWITCH)),
}

MEMORIES, PARTITION = "MEM_TOPOLOGY", "AIE_PARTITION"


def main(given: Sequence[str]) -> int:
    """Packs or tells as the words of a command line say; SoftnpuError for whatever is wrong."""
    words = read(given, OPTIONS)
    if not given or words.on("help") or words.on("h"):
        sys.stdout.write(HELP)
        return 0
    if words.on("version"):
        sys.stdout.write("npuforge's xclbinutil\n")
        return 0
    spec = _changed(_given(words), words)
    for wanted in words.values.get("dump-section", ()):
        _dump(spec, wanted, force=words.on("force"))
    if words.on("info"):
        _tell(words)
    if target := words.last("output") or words.last("o"):
        _write(Path(target), xclbin.build(spec), force=words.on("force"))
    return 0


def _given(words: Words) -> XclbinSpec:
    name = words.last("input") or words.last("i")
    if name:
        return xclbin.parse(Path(name).read_bytes()).spec()
    return XclbinSpec(Partition(0, (), ()), kernels=(), memories=())


def _changed(spec: XclbinSpec, words: Words) -> XclbinSpec:
    """The xclbin with what is to be added; its uuid follows from its content."""
    changes = [*words.values.get("add-section", ()), *words.values.get("add-replace-section", ())]
    kernels, pairs = words.values.get("add-kernel", ()), words.values.get("key-value", ())
    if not changes and not kernels and not pairs:
        return spec
    spec = replace(spec, uuid=None)
    for change in changes:
        section, path = _section(change)
        named = section_name(path.name)
        value = json.loads(path.read_text())
        if section == MEMORIES:
            spec = replace(spec, memories=_memories(value), memory_section=named)
        else:
            spec = replace(spec, partition=_partition(value), partition_section=named)
    for name in kernels:
        spec = replace(spec, kernels=(*spec.kernels, *_kernels(json.loads(Path(name).read_text()))))
    return replace(spec, marks=(*spec.marks, *map(_pair, pairs)))


def _section(text: str) -> tuple[str, Path]:
    section, _, rest = text.partition(":")
    form, _, path = rest.partition(":")
    if section not in (MEMORIES, PARTITION) or form != "JSON" or not path:
        raise ToolError(
            f"{text}: it is {MEMORIES}:JSON:FILE or {PARTITION}:JSON:FILE; an NPU's xclbin has no"
            " other section that is given so"
        )
    return section, Path(path)


def _pair(text: str) -> tuple[str, str]:
    domain, _, rest = text.partition(":")
    key, colon, value = rest.partition(":")
    if domain != "USER" or not colon:
        raise ToolError(f"--key-value {text}: it is USER:KEY:VALUE")
    return key, value


def _write(target: Path, data: bytes, *, force: bool) -> None:
    if target.exists() and not force:
        raise ToolError(f"{target} is there already; --force writes over it")
    target.write_bytes(data)


# JSON as aiecc writes it


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(str(value), 0)


def _memories(value: Any) -> tuple[Memory, ...]:
    with _fields(MEMORIES):
        return tuple(
            Memory(
                one["m_tag"],
                _number(one["m_sizeKB"]),
                _number(one["m_base_address"]),
                MEMORY_TYPES.index(one["m_type"]),
                bool(_number(one["m_used"])),
            )
            for one in value["mem_topology"]["m_mem_data"]
        )


def _kernels(value: Any) -> tuple[Kernel, ...]:
    with _fields("kernels"):
        return tuple(
            Kernel(
                one["name"],
                tuple(instance["name"] for instance in one["instances"]),
                one["extended-data"]["dpu_kernel_id"],
                tuple(map(_argument, one["arguments"])),
                SUBTYPES.index(one["extended-data"]["subtype"]),
                _function(one["extended-data"]["functional"]),
                one.get("type", "dpu"),
            )
            for one in value["ps-kernels"]["kernels"]
        )


def _function(value: Any) -> int:
    return FUNCTIONS.index(value) if value in FUNCTIONS else _number(value)


def _argument(one: Any) -> Argument:
    qualifier = GLOBAL if one["address-qualifier"] == "GLOBAL" else SCALAR
    memory = one.get("memory-connection") or None
    return Argument(one["name"], one["type"], one["offset"], qualifier, memory)


def _partition(value: Any) -> Partition:
    with _fields(PARTITION):
        found = value["aie_partition"]
        return Partition(
            _number(found["partition"]["column_width"]),
            tuple(map(_number, found["partition"]["start_columns"])),
            tuple(map(_pdi, found["PDIs"])),
            _number(found["operations_per_cycle"]),
            _number(found["inference_fingerprint"]),
            _number(found["pre_post_fingerprint"]),
        )


def _pdi(one: Any) -> PartitionPdi:
    image = Path(one["file_name"]).read_bytes()
    return PartitionPdi(image, tuple(map(_group, one["cdo_groups"])), uuid.UUID(one["uuid"]).bytes)


def _group(one: Any) -> CdoGroup:
    return CdoGroup(
        tuple(map(_number, one.get("dpu_kernel_ids", ()))),
        one["name"],
        pdi_id=_number(one["pdi_id"]),
        pre_cdo_groups=tuple(map(_number, one.get("pre_cdo_groups", ()))),
    )


class _fields:  # noqa: N801 (a context manager of one use)
    """What is missing or none in a JSON file becomes an error that names it."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, KeyError | ValueError | TypeError):
            told = f"the JSON of {self._what} is not as aiecc writes it: {error!r}"
            raise ToolError(told) from error


def _dump(spec: XclbinSpec, wanted: str, *, force: bool) -> None:
    """One section as JSON; of a partition the PDIs as files beside it."""
    from softnpu.compiler.packaging import json_files

    section, path = _section(wanted)
    pdis = [path.with_name(f"{path.stem}_{n}.pdi") for n in range(len(spec.partition.pdis))]
    name = MEMORIES_JSON if section == MEMORIES else PARTITION_JSON
    text = json_files(spec, "dumped", pdis)[name.format("dumped")]
    _write(path, text.encode(), force=force)
    if section == PARTITION:
        for file, pdi in zip(pdis, spec.partition.pdis, strict=True):
            _write(file, pdi.image, force=force)


def _tell(words: Words) -> None:
    from softnpu.__main__ import main as softnpu

    softnpu(["dump", words.last("input") or words.last("i")])
