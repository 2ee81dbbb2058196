"""bootgen and xclbinutil, played."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from softnpu.arch.device import device
from softnpu.formats import xclbin
from softnpu.formats.pdi import from_cdos
from softnpu.formats.xclbin import CdoGroup, PartitionPdi
from tests.amd_tools.program import Program, Refused


def bootgen(program: Program, arguments: Sequence[str]) -> None:
    values = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word.lstrip("-") not in program.options:
            raise Refused(f"[ERROR]  : unknown option {word}")
        values[word] = "" if word == "-w" else waiting.pop(0)
    if values["-arch"] != "versal" or "-w" not in values:
        raise Refused("[ERROR]  : syntax error")
    files = re.findall(r"file=(\S+)", Path(values["-image"]).read_text())
    if program.mode != "silent":
        Path(values["-o"]).write_bytes(from_cdos([Path(file).read_bytes() for file in files]))
    sys.stdout.write("[INFO]   : Bootimage generated successfully\n")


def xclbinutil(program: Program, arguments: Sequence[str]) -> None:
    values: dict[str, list[str]] = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name = word.removeprefix("--")
        if not word.startswith("--") or name not in program.options:
            raise Refused(f"unrecognised option '{word}'")
        values.setdefault(name, [])
        while waiting and not waiting[0].startswith("--"):
            values[name].append(waiting.pop(0))
    sections = dict(text.split(":JSON:") for text in values["add-replace-section"])
    json.loads(Path(sections["MEM_TOPOLOGY"]).read_text())["mem_topology"]["m_mem_data"]
    json.loads(Path(values["add-kernel"][0]).read_text())["ps-kernels"]["kernels"]
    partition = json.loads(Path(sections["AIE_PARTITION"]).read_text())["aie_partition"]
    columns = partition["partition"]["column_width"]
    pdis = tuple(map(_pdi, partition["PDIs"]))
    marks = [tuple(text.split(":")[1:]) for text in values.get("key-value", [])]
    model = device("npu1" if columns == 4 else f"npu1_{columns}col")
    made = xclbin.spec_for(model, pdis[0].image, marks=marks, timestamp=1234)
    made = replace(made, partition=replace(made.partition, pdis=pdis))
    if program.mode != "silent":
        Path(values["output"][0]).write_bytes(xclbin.build(made))


def _pdi(entry: dict[str, Any]) -> PartitionPdi:

    groups = tuple(
        CdoGroup(tuple(int(k, 0) for k in g["dpu_kernel_ids"]), pdi_id=int(g["pdi_id"], 0))
        for g in entry["cdo_groups"]
    )
    image = Path(entry["file_name"]).read_bytes()
    return PartitionPdi(image, groups, UUID(entry["uuid"]).bytes)
