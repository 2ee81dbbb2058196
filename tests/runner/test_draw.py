import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.__main__ import main
from runner.draw import find
from runner.errors import RunnerError
from tests.softnpu.inspect.several import write_xclbin

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def built(march: Path, tmp_path: Path) -> Path:
    """A build folder with one design in two variants, and another in one."""
    for place in ("npu1_2col/add/small", "npu1_2col/add/large", "npu1_2col/scale/default"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        for name in ("final.xclbin", "insts.bin"):
            shutil.copy(march / "broadcast_add" / name, folder)
    return tmp_path


def test_a_design_is_found_by_name_with_its_variant_where_there_are_several(built: Path) -> None:
    assert find("scale", built) == built / "npu1_2col/scale/default/final.xclbin"
    assert find("add/large", built) == built / "npu1_2col/add/large/final.xclbin"
    with pytest.raises(RunnerError, match="say which one: add/large, add/small"):
        find("add", built)
    with pytest.raises(RunnerError, match="build it first"):
        find("scales", built)


def test_the_command_writes_a_picture_of_any_xclbin(march: Path, tmp_path: Path) -> None:
    target = tmp_path / "array.svg"
    assert main(["draw", str(march / "broadcast_add/final.xclbin"), "-o", str(target)]) == 0
    assert ElementTree.parse(target).getroot().tag.endswith("svg")


def test_a_file_that_is_no_xclbin_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.xclbin"
    path.write_text("no xclbin")
    assert main(["draw", str(path)]) == 1
    assert f"error: {path}" in capsys.readouterr().err


@pytest.fixture
def both(march: Path, tmp_path: Path) -> Path:
    """An xclbin with a PDI of one column and one of two, which is the kernel's."""
    designs = {7: "broadcast_add", 4: "explicit_dma"}
    return write_xclbin(march, tmp_path / "both.xclbin", designs)


def pictured(xclbin: Path, *options: str) -> ElementTree.Element:
    target = xclbin.with_suffix(".svg")
    assert main(["draw", str(xclbin), *options, "-o", str(target)]) == 0
    return ElementTree.parse(target).getroot()


def test_arrays_of_several_pdis_stand_one_below_the_other(both: Path) -> None:
    picture = pictured(both)
    captions = picture.findall(f"{SVG}text")
    arrays = picture.findall(f"{SVG}svg")
    assert [caption.text for caption in captions] == ["PDI 7", "PDI 4"]
    at = 0.0
    for caption, array in zip(captions, arrays, strict=True):
        top = float(array.attrib["y"])
        assert at < float(caption.attrib["y"]) < top
        at = top + float(array.attrib["height"])
    assert float(picture.attrib["height"]) == at
    assert float(picture.attrib["width"]) == max(float(array.attrib["width"]) for array in arrays)
    assert len(list(picture.iter(f"{SVG}style"))) == 1


def test_one_of_several_pdis_is_drawn_as_if_it_were_alone(
    both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = pictured(both, "--pdi", "4")
    assert not chosen.findall(f"{SVG}svg")
    drawn = [ElementTree.tostring(one) for one in pictured(both).findall(f"{SVG}svg")[1]]
    assert [ElementTree.tostring(one) for one in chosen if one.tag != f"{SVG}style"] == drawn
    assert main(["draw", str(both), "--pdi", "1"]) == 1
    assert "there is no PDI 1; the xclbin has: PDI 7, PDI 4" in capsys.readouterr().err
