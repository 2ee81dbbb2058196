"""Programs of cores that are compiled once: those of random designs are often alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from softnpu.compiler import core_build
from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.targets.core_c import core_source
from softnpu.targets.ldscript import linker_script
from softnpu.targets.standin.core import compile_core

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@contextmanager
def shared() -> Iterator[None]:
    """Has cores with the same C and linker script share one program meanwhile."""
    made: dict[str, bytes] = {}

    def compile_once(
        device_op: DeviceOp, core: CoreOp, objects: Mapping[str, Path], out_dir: Path
    ) -> Path:
        col, row = core.position
        source = _COMMENT.sub("", core_source(device_op, core).text)
        parts = (source, linker_script(device_op, core), repr(sorted(objects.items())))
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        elf = out_dir / f"{device_op.sym_name}_core_{col}_{row}.elf"
        if key not in made:
            made[key] = compile_core(device_op, core, objects, out_dir).read_bytes()
        else:
            elf.write_bytes(made[key])
        return elf

    with patch.object(core_build, "compile_core", compile_once):
        yield
