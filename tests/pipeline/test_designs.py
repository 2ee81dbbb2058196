"""Discovery of the author's files, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.designs import Variant
from pipeline.discovery import Discovery, discover
from pipeline.errors import PipelineError

MLIR = """module {
  aie.device(npu1_1col) {
    aie.runtime_sequence(%a: memref<4xi32>) {}
  }
}
"""


class House:
    """A project folder to put an author's files in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("mlir_templates", "kernels_src"):
            (root / name).mkdir()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def discover(self) -> Discovery:
        return discover(self.root)

    def only_variant(self) -> Variant:
        found = self.discover()
        assert not found.broken, found.broken
        (variant,) = found.variants
        return variant

    def only_error(self) -> PipelineError:
        ((_, error),) = self.discover().broken.items()
        return error


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_plain_mlir_file_alone_is_a_design(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    variant = house.only_variant()
    assert variant.label == "foo/default"
    assert variant.folder == house.root / "build/npu1_1col/foo/default"
    assert variant.buffers is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("aie.device(npu1_1col) {}", ("main",)),
        ("aie.device(npu2) @scale {}", ("scale",)),
        ('aie.device (npu2) @"two words" {}', ("two words",)),
        ("aie.device(npu2) @a {} aie.device(npu2)\n  @b {}", ("a", "b")),
        ("// aie.device(npu1) @old {}\naie.device(npu2) {}", ("main",)),
    ],
)
def test_files_are_called_by_the_devices_names(
    house: House, text: str, names: tuple[str, ...]
) -> None:
    house.write("mlir_templates/foo.mlir", text)
    variant = house.only_variant()
    assert variant.device_names == names
    assert variant.device == ("npu1_1col" if "npu1_1col" in text else "npu2")


def test_each_variant_overrides_the_defaults(house: House) -> None:
    house.write("mlir_templates/foo.mlir.j2", MLIR.replace("4x", "{{ n }}x"))
    house.write(
        "mlir_templates/foo.py",
        "parameters = {'n': 4, 'k': 1}\nvariants = {'small': {}, 'large': {'n': 64}}\n",
    )
    small, large = house.discover().variants
    assert "memref<4xi32>" in small.rendered.text
    assert "memref<64xi32>" in large.rendered.text
    assert large.parameters.k == 1


def test_the_objects_come_from_link_with(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR + '// {link_with = "bar.o"}\n')
    house.write("kernels_src/bar.c", "")
    assert house.only_variant().kernels == (house.root / "kernels_src/bar.c",)


def test_a_missing_kernel_is_an_error_at_its_link_with(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR + '// {link_with = "bra.o"}\n')
    house.write("kernels_src/bar.c", "")
    error = house.only_error()
    assert error.file == house.root / "mlir_templates/foo.mlir"
    assert error.line == 6
    assert "kernels_src/bra.c, which is missing; the nearest name there is bar.c" in str(error)


def test_a_template_without_its_python_file_is_an_error(house: House) -> None:
    house.write("mlir_templates/foo.mlir.j2", MLIR)
    assert "mlir_templates/foo.py is missing" in str(house.only_error())


def test_a_python_file_without_its_template_is_an_error(house: House) -> None:
    house.write("mlir_templates/foo.py", "")
    assert "mlir_templates/foo.mlir.j2 is missing" in str(house.only_error())


def test_a_missing_module_is_told_as_the_author_wrote_it(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write("mlir_templates/foo.py", "from .bar import parameters\n")
    error = house.only_error()
    assert error.line == 1
    assert error.message == "ModuleNotFoundError: No module named '.bar'"


def test_an_unknown_parameter_in_a_variant_is_an_error_at_its_line(house: House) -> None:
    house.write("mlir_templates/foo.mlir.j2", MLIR)
    house.write(
        "mlir_templates/foo.py",
        "parameters = {'factor': 4}\nvariants = {\n    'small': {\n        'facter': 1},\n}\n",
    )
    error = house.only_error()
    assert error.line == 4
    assert "did you mean factor?" in error.message


def test_an_unknown_parameter_in_buffers_is_an_error_at_its_line(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write(
        "mlir_templates/foo.py",
        "from pipeline import In\nparameters = {'n': 4}\n\n"
        "def buffers(p):\n    return {'a': In(p.m, 'int32')}\n",
    )
    error = house.only_error()
    assert error.line == 5
    assert "'m' is not one of the design's parameters; they are device, n" in error.message


def test_a_dtype_that_is_none_is_an_error_at_its_line(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write(
        "mlir_templates/foo.py",
        "from pipeline import In\n\ndef buffers(p):\n    return {'a': In(4, 'i32')}\n",
    )
    error = house.only_error()
    assert error.line == 4
    assert "dtype 'i32' is none of int8," in error.message


def test_designs_share_a_module_that_begins_with_an_underscore(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write("mlir_templates/foo.py", "from ._sizes import n\nparameters = {'n': n}\n")
    house.write("mlir_templates/_sizes.py", "from . import _more\nn = _more.n + 1\n")
    house.write("mlir_templates/_more.py", "n = 6\n")
    variant = house.only_variant()
    assert variant.parameters.n == 7
    names = [path.name for path in variant.design.declarations]
    assert names == ["foo.py", "_sizes.py", "_more.py"]


def test_an_error_in_a_shared_module_is_shown_where_it_is(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write("mlir_templates/foo.py", "from ._sizes import n\n")
    for text in ("\n\nn = 1 / 0\n", "\n\nn = (\n"):
        house.write("mlir_templates/_sizes.py", text)
        error = house.only_error()
        assert error.file is not None
        assert (error.file.name, error.line) == ("_sizes.py", 3)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("assert n > 3", "AssertionError: assert n > 3"),
        ("return f(n)", "RecursionError: "),
    ],
)
def test_whatever_an_authors_function_raises_is_told_with_its_line(
    house: House, body: str, told: str
) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write("mlir_templates/foo.py", f"def f(n):\n    {body}\n")
    design = house.only_variant().design
    function = design.function("f")
    assert function is not None
    with pytest.raises(PipelineError, match=told) as failure:
        design.call(function, 3)
    assert failure.value.line == 2


def test_a_function_that_takes_other_arguments_is_told_at_its_head(house: House) -> None:
    house.write("mlir_templates/foo.mlir", MLIR)
    house.write("mlir_templates/foo.py", "\ndef f(a, b):\n    return a\n")
    design = house.only_variant().design
    function = design.function("f")
    assert function is not None
    with pytest.raises(
        PipelineError, match="missing 1 required positional argument: 'b'"
    ) as failure:
        design.call(function, 3)
    assert failure.value.line == 2


def test_a_broken_design_hides_no_other(house: House) -> None:
    house.write("mlir_templates/bad.py", "parameters = {\n")
    house.write("mlir_templates/bad.mlir.j2", MLIR)
    house.write("mlir_templates/good.mlir", MLIR)
    found = house.discover()
    assert [v.label for v in found.variants] == ["good/default"]
    assert found.broken["bad"].file == house.root / "mlir_templates/bad.py"
    assert found.broken["bad"].line == 1
