"""Structure that no design may break."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context

from softnpu.dialects.text import parse_text, verify
from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("aie.flow(%t, DMA : 0, %core, DMA : 0)\n%t = aie.tile(0, 4)", "is used before"),
        ("%c = aie.core(%core) { aie.event(0) }", "core (0, 2): this block does not end"),
        (
            '%a = aie.lock(%core) {sym_name = "x"}\n%b = aie.lock(%core) {sym_name = "x"}',
            "'x' is defined twice",
        ),
        ("aie.runtime_sequence() { }\naie.runtime_sequence() { }", "'sequence' is defined twice"),
        (
            "%l = aie.lock(%core)\n%m = aie.lock(%l)",
            "'aie.lock': tile must be an aie.tile, not 'aie.lock'",
        ),
        ("%c = aie.core(%core) { aie.connect<DMA : 0, DMA : 1>\n aie.end }", "stands directly in"),
        (
            "%c = aie.core(%core) { %i = arith.constant 0 : index\n"
            "cf.br ^b\n^a: %j = arith.addi %i, %i : index\n cf.br ^b\n"
            "^b: %k = arith.addi %j, %j : index\n aie.end }",
            "is not defined on every way to this op",
        ),
        (
            "func.func @f() { %l = aie.lock(%core)\n return }",
            "is defined outside of 'func.func', which is isolated",
        ),
        (
            "%c = aie.core(%core) { %m = memref.alloc() : memref<2x2xi32>\n"
            "%i = arith.constant 0 : index\n%v = memref.load %m[%i] : memref<2x2xi32>\n aie.end }",
            "1 indices into a memref of 2 dimensions",
        ),
        (
            "aie.switchbox(%core) { aie.connect<South : 0, DMA : 0>\n aie.end\n^b: aie.end }",
            "switchbox (0, 2) must have one block, found 2",
        ),
        (
            "aie.packet_flow(1) { aie.end\n^b: aie.end }",
            "'aie.packet_flow' must have one block, found 2",
        ),
        ('%s = "aie.switchbox"(%core) ({}) : (index) -> index', "must have one block, found 0"),
    ],
)
def test_what_is_broken_is_said(body: str, message: str, refusal: Refusal) -> None:
    error = refusal(body)
    assert message in error.message
    assert error.location is not None


def test_a_value_of_another_region_is_out_of_sight(mlir: Context) -> None:
    text = """module {
      aie.device(npu1_1col) {
        %t = aie.tile(0, 2)
        %u = aie.tile(0, 3)
        %c = aie.core(%t) { %y = arith.addi %x, %x : i32
          aie.end }
        %d = aie.core(%u) { %x = arith.constant 1 : i32
          aie.end }
      }
    }"""
    with pytest.raises(DesignError):
        parse_text(text, "f", mlir)


@pytest.mark.parametrize("seed", range(60))
def test_broken_text_gives_no_other_error(seed: int, mlir: Context, golden) -> None:  # type: ignore[no-untyped-def]
    import random
    import re

    rng = random.Random(seed)
    path = rng.choice(sorted(golden.glob("*/design.mlir")))
    tokens = re.findall(r"\s+|[%@^]?\w[\w.]*|\"[^\"]*\"|.", path.read_text())
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(tokens))
        tokens[start : start + rng.randint(0, 4)] = rng.sample(tokens, rng.randint(0, 2))
    try:
        parse_text("".join(tokens), "f", mlir)
    except DesignError as error:
        assert error.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aie.device(npu1) { %t = aie.tile(0, 2)\n ^b: aie.end }", 2),
        ('"aie.device"() <{device = 4 : i32, sym_name = "main"}> ({}) : () -> ()', 0),
    ],
)
def test_a_device_is_one_block(mlir: Context, text: str, found: int) -> None:
    with pytest.raises(DesignError, match=f"device 'main' must have one block, found {found}"):
        parse_text(f"module {{ {text} }}", "design.mlir", mlir)


BARE = {
    "in the module": "module {{ {} }}",
    "in a device": "module {{ aie.device(npu1_1col) {{ %t = aie.tile(0, 2)\n{} }} }}",
    "in a core": "module {{ aie.device(npu1_1col) {{ %t = aie.tile(0, 2)\n"
    "aie.core(%t) {{ {}\n aie.end }} }} }}",
}
FORMS = (
    '"{}"() : () -> ()',
    '"{}"() ({{ }}) : () -> ()',
    '"{}"(%t) ({{ }}) : (index) -> index',
    '"{}"(%t, %t) ({{ aie.end }}) : (index, index) -> ()',
    '"{}"(%t, %t, %t) ({{ ^b(%i: index): }}, {{ }}) : (index, index, index) -> index',
)


@pytest.mark.parametrize("place", BARE)
def test_an_op_without_its_parts_is_refused_by_name(place: str, mlir: Context) -> None:
    for name in ("memref", "arith", "scf", "cf", "func", "math", "vector", "affine", "index"):
        mlir.get_optional_op(f"{name}.constant")
    refused = 0
    for op in list(mlir.loaded_ops):
        for form in FORMS:
            if "%t" in form and place == "in the module":
                continue
            try:
                parse_text(BARE[place].format(form.format(op.name)), "design.mlir", mlir)
            except DesignError as error:
                refused += 1
                assert error.location is not None
                assert "not valid as it stands" not in error.message
    assert refused > 500


def test_a_symbol_is_found_as_soon_as_it_is_there(mlir: Context) -> None:
    text = "module {{ aie.device(npu1_1col) {{ {}\n aie.runtime_sequence() {{ {} }} }} }}"
    defined = 'memref.global "private" constant @words : memref<1xi32> = dense<[1]>'
    used = "%0 = memref.get_global @words : memref<1xi32>"
    with_words = parse_text(text.format(defined, ""), "design.mlir", mlir)
    module = parse_text(text.format("", used), "design.mlir", mlir, check=False)
    with pytest.raises(DesignError, match=r"there is no memref\.global '@words'"):
        verify(module)
    words = next(op for op in with_words.walk() if op.name == "memref.global")
    device = module.body.block.first_op
    assert device is not None
    device.regions[0].block.insert_op_before(words.clone(), device.regions[0].block.first_op)
    verify(module)
