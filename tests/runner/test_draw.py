import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.__main__ import main
from runner.draw import find
from runner.errors import RunnerError


@pytest.fixture
def built(golden: Path, tmp_path: Path) -> Path:
    """A build folder with one design in two variants, and another in one."""
    for place in ("npu1_2col/add/small", "npu1_2col/add/large", "npu1_2col/scale/default"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        for name in ("final.xclbin", "insts.bin"):
            shutil.copy(golden / "broadcast_add" / name, folder)
    return tmp_path


def test_a_design_is_found_by_name_with_its_variant_where_there_are_several(built: Path) -> None:
    assert find("scale", built) == built / "npu1_2col/scale/default/final.xclbin"
    assert find("add/large", built) == built / "npu1_2col/add/large/final.xclbin"
    with pytest.raises(RunnerError, match="say which one: add/large, add/small"):
        find("add", built)
    with pytest.raises(RunnerError, match="build it first"):
        find("scales", built)


def test_the_command_writes_a_picture_of_any_xclbin(golden: Path, tmp_path: Path) -> None:
    target = tmp_path / "array.svg"
    assert main(["draw", str(golden / "broadcast_add/final.xclbin"), "-o", str(target)]) == 0
    assert ElementTree.parse(target).getroot().tag.endswith("svg")


def test_a_file_that_is_no_xclbin_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.xclbin"
    path.write_text("no xclbin")
    assert main(["draw", str(path)]) == 1
    assert f"error: {path}" in capsys.readouterr().err
