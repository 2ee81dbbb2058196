"""Devices with names of their own, and several in one design, one loaded after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.formats import xclbin
from tests.amd_tools.install import install
from tests.project import Project, make_project

DEVICE = """
  aie.device(npu1_1col) @NAME {
    %shim = aie.tile(0, 0)
    %tile = aie.tile(0, 2)
    aie.objectfifo @NAME_in(%shim, {%tile}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @NAME_out(%tile, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    func.func private @add(memref<16xi32>, memref<16xi32>, i32)
    %core = aie.core(%tile) {
      %value = arith.constant VALUE : i32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %many = arith.constant 0xFFFFFF : index
      scf.for %n = %c0 to %many step %c1 {
        %in = aie.objectfifo.acquire @NAME_in(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
        %x = aie.objectfifo.subview.access %in[0]
          : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
        %out = aie.objectfifo.acquire @NAME_out(Produce, 1)
          : !aie.objectfifosubview<memref<16xi32>>
        %y = aie.objectfifo.subview.access %out[0]
          : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
        func.call @add(%x, %y, %value) : (memref<16xi32>, memref<16xi32>, i32) -> ()
        aie.objectfifo.release @NAME_in(Consume, 1)
        aie.objectfifo.release @NAME_out(Produce, 1)
      }
      aie.end
    } {link_with = "add.o"}
    aie.runtime_sequence @go(%a: memref<16xi32>, %b: memref<16xi32>) {
      aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
        {id = 0 : i64, metadata = @NAME_in} : memref<16xi32>
      aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
        {id = 1 : i64, metadata = @NAME_out, issue_token = true} : memref<16xi32>
      aiex.npu.dma_wait {symbol = @NAME_out}
    }
  }
"""

MAIN = """
  // After aie.device(npu1_1col) @first comes the second.
  aie.device(npu1_1col) @main {
    aie.runtime_sequence @both(%a: memref<32xi32>, %b: memref<32xi32>) {
      aiex.configure @first {
        %a0 = memref.subview %a[0][16][1] : memref<32xi32> to memref<16xi32>
        %b0 = memref.subview %b[0][16][1] : memref<32xi32> to memref<16xi32>
        aiex.run @go(%a0, %b0) : (memref<16xi32>, memref<16xi32>)
      }
      aiex.configure @second {
        %a16 = memref.subview %a[16][16][1]
          : memref<32xi32> to memref<16xi32, strided<[1], offset: 16>>
        %a1 = memref.reinterpret_cast %a16 to offset: [0], sizes: [16], strides: [1]
          : memref<16xi32, strided<[1], offset: 16>> to memref<16xi32>
        %b16 = memref.subview %b[16][16][1]
          : memref<32xi32> to memref<16xi32, strided<[1], offset: 16>>
        %b1 = memref.reinterpret_cast %b16 to offset: [0], sizes: [16], strides: [1]
          : memref<16xi32, strided<[1], offset: 16>> to memref<16xi32>
        aiex.run @go(%a1, %b1) : (memref<16xi32>, memref<16xi32>)
      }
    }
  }
"""

DECLARED = """
import numpy as np

from pipeline import In, Out

parameters = {}


def buffers(p):
    return {"a": In(32, "int32"), "b": Out(32, "int32")}


def reference(p, a):
    return a + np.repeat([2, 3], 16).astype("int32")
"""

KERNEL = """
void add(const unsigned *x, unsigned *y, int value) {
  for (int i = 0; i < 16; i++) y[i] = x[i] + value;
}
"""

FOLDER = Path("build/npu1_1col/turns/default")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A design that adds 2 to one half of its input, and 3 to the other by another device."""
    made = make_project(tmp_path)
    devices = [("first", "2"), ("second", "3")]
    texts = [DEVICE.replace("NAME", name).replace("VALUE", value) for name, value in devices]
    made.write("mlir_templates/turns.mlir", "\n".join(["module {", *texts, MAIN, "}"]))
    made.write("mlir_templates/turns.py", DECLARED)
    made.write("kernels_src/add.c", KERNEL)
    return made


def test_a_design_of_several_devices_is_built_and_passes(project: Project) -> None:
    done = project.doit()
    assert done.returncode == 0, done.stdout
    assert "PASS       turns/default                7 vectors" in done.stdout
    assert "warning" not in done.stdout
    parsed = xclbin.parse((project.root / FOLDER / "final.xclbin").read_bytes())
    pdis = {part.groups[0].pdi_id: part.image for part in parsed.partition.pdis}
    for number, name in enumerate(("first", "second", "main"), start=1):
        assert pdis[number] == (project.root / FOLDER / f"{name}.pdi").read_bytes()
    assert project.tasks_run() == set()


def test_a_hang_is_told_by_the_names_of_the_device_that_hangs(project: Project) -> None:
    project.edit("mlir_templates/turns.mlir", "aie.objectfifo.release @second_out(Produce, 1)", "")
    done = project.doit()
    assert done.returncode == 1
    assert "tile (0,0) S2MM 0 [second_out] waits for data" in done.stdout
    lock = "lock second_out_cons_lock_0 (lock 1 of tile (0,2), objectfifo second_out) ≥ 1 (now 0)"
    assert lock in done.stdout
    assert "core (0,2) could release it, but never has" in done.stdout
    assert "first_" not in done.stdout


def test_amds_packers_make_the_same_of_several_devices(project: Project, tmp_path: Path) -> None:
    assert project.doit("build").returncode == 0
    folder = project.root / FOLDER
    endings = ("_aie_cdo_init.bin", ".pdi")
    names = [f"{name}{end}" for name in ("first", "second") for end in endings]
    ours = {name: (folder / name).read_bytes() for name in names}
    tools = install(tmp_path / "bin")
    asked = {f"NPUFORGE_{stage}": "amd" for stage in ("CDO", "PDI", "XCLBIN")}
    elsewhere = dict.fromkeys(("MLIR_AIE_INSTALL_DIR", "PEANO_INSTALL_DIR", "XILINX_XRT"), "")
    here = Project(project.root, {"PATH": str(tools), **elsewhere, **asked})
    assert here.tasks_run() >= {"cdo", "pdi", "xclbin", "test_emu"}
    assert {name: (folder / name).read_bytes() for name in names} == ours


def test_files_of_a_named_device_have_its_name(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    template = "mlir_templates/vector_add.mlir.j2"
    project.edit(template, "aie.device({{ device }})", "aie.device({{ device }}) @adder")
    done = project.doit()
    assert done.returncode == 0, done.stdout
    assert "PASS       vector_add/default" in done.stdout
    assert (project.root / "build/npu1_1col/vector_add/default/adder.pdi").is_file()
