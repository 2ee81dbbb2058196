"""tools/drift.py: what a newer mlir-aie has is named, and what this one has is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.project import ROOT

KNOWN = """
// def AIE_CommentedOp: AIE_Op<"commented"> {}
def AIE_LockOp: AIE_Op<"lock", [TileElement]> {
  let summary = [{ def AIE_ProseOp: AIE_Op<"prose"> is no definition }];
  let arguments = (
    ins Index:$tile,
        OptionalAttr<I32Attr>:$lockID
  );
}
def DMA : I32EnumAttrCase<"DMA", 1>;
def AIE1 : I32EnumAttrCase<"AIE1", 1>;
def AIEPlaceTiles : Pass<"aie-place-tiles", "DeviceOp"> {
  let options = [
    Option<"clCoresPerCol", "cores-per-col", "int", "-1", "cores in a column">
  ];
}
def AIENpuToCert : Pass<"aie-npu-to-cert", "mlir::ModuleOp"> {}
"""

NEW = """
def AIE_PortalOp: AIE_Op<"portal"> {}
def AIEX_NpuWaitOp: AIEX_Op<"npu.wait_long"> {}
def AIE_BufferOp: AIE_Op<"buffer"> {
  let arguments = (
    ins Index:$tile,
        OptionalAttr<I32Attr>:$temperature
  );
}
def Portal : I32EnumAttrCase<"Portal", 99>;
def AIEPlaceTiles : Pass<"aie-place-tiles", "DeviceOp"> {
  let options = [ Option<"clLuck", "luck", "int", "7", "how much of it"> ];
}
def AIEDream : Pass<"aie-dream", "DeviceOp"> {}
"""


@pytest.fixture(scope="module")
def drift() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drift", ROOT / "tools/drift.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tree(path: Path, text: str) -> str:
    folder = path / "include/aie/Dialect/AIE/IR"
    folder.mkdir(parents=True)
    (folder / "AIE.td").write_text(text)
    return str(path)


def test_nothing_is_missing_where_everything_is_known(
    drift: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift.main([tree(tmp_path, KNOWN)]) == 0
    assert capsys.readouterr().out == "nothing is missing\n"


def test_what_is_new_is_named(
    drift: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift.main([tree(tmp_path, KNOWN + NEW)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "op aie.portal",
        "op aiex.npu.wait_long",
        "argument temperature of aie.buffer",
        "option luck of pass aie-place-tiles",
        "pass aie-dream",
        "enum case Portal",
        "6 things are missing",
    ]


def test_a_folder_without_dialects_is_an_error(
    drift: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift.main([str(tmp_path)]) == 2
    assert "holds no TableGen files" in capsys.readouterr().out
    assert drift.main([]) == 2
    assert "usage: tools/drift.py" in capsys.readouterr().out
