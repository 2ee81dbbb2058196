"""Descriptor chains that repeat themselves, and repeated loads of a device."""

from __future__ import annotations

from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass


def program(lower, *lengths: int, closes: bool = True) -> list[str]:
    blocks = "\n".join(
        f"""
    ^bd{n}:
      aie.dma_bd(%b : memref<8xi32>, 0, {length})
      aie.next_bd ^{f"bd{n + 1}" if n + 1 < len(lengths) else "bd0" if closes else "end"}"""
        for n, length in enumerate(lengths)
    )
    text = lower(
        f"""
module {{
  aie.device(npu1_1col) {{
    %w = aie.tile(0, 2)
    %b = aie.buffer(%w) {{sym_name = "b"}} : memref<8xi32>
    %mem = aie.mem(%w) {{
      %0 = aie.dma_start(S2MM, 0, ^bd0, ^end)
{blocks}
    ^end:
      aie.end
    }}
  }}
}}
""",
        ConvertVectorToAIEVecPass(),
    )
    return [
        line.strip().split(", ")[-1].removesuffix(")")
        for line in text.splitlines()
        if "dma_bd" in line
    ]


def test_a_chain_is_cut_to_one_period(lower) -> None:
    assert program(lower, 4, 2, 4, 2, 4, 2) == ["4", "2"]


def test_a_chain_of_equal_descriptors_is_one(lower) -> None:
    assert program(lower, 4, 4, 4) == ["4"]


def test_a_chain_without_period_stays(lower) -> None:
    assert program(lower, 4, 2, 8) == ["4", "2", "8"]
    assert program(lower, 4, 2, 4, 8) == ["4", "2", "4", "8"]


def test_a_chain_that_ends_stays(lower) -> None:
    assert program(lower, 4, 4, closes=False) == ["4", "4"]


def test_of_two_equal_loads_in_a_row_one_is_left(lower) -> None:
    text = lower(
        """
module {
  aie.device(npu1_1col) @one {
    aie.runtime_sequence @run() {
      aiex.npu.load_pdi {device_ref = @one}
      aiex.npu.load_pdi {device_ref = @one}
    }
  }
}
""",
        ConvertVectorToAIEVecPass(),
    )
    assert text.count("aiex.npu.load_pdi") == 1
