"""Descriptor chains that repeat themselves, and repeated loads of a device."""

from __future__ import annotations

from softnpu.passes.convert_vector_to_aievec import ConvertVectorToAIEVecPass


def program(lower, *lengths: int, closes: bool = True, to: int = 0) -> list[str]:
    """The lengths of the descriptors that are left of a chain; its last goes on at `to`."""
    blocks = "\n".join(
        f"""
    ^bd{n}:
      aie.dma_bd(%b : memref<8xi32>, 0, {length})
      aie.next_bd ^{f"bd{n + 1}" if n + 1 < len(lengths) else f"bd{to}" if closes else "end"}"""
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
        line.strip().split("len = ")[-1].removesuffix(")")
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


def test_a_chain_that_stops_inside_of_a_period_stays(lower, caplog) -> None:
    """aie-opt drops what is left over, and the channel moves something else."""
    assert program(lower, 4, 2, 4) == ["4", "2", "4"]
    assert program(lower, 4, 2, 4, 2, to=1) == ["4", "2", "4", "2"]
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert (
        "design.mlir:7:12: warning: aie-opt takes this chain of 3 descriptors for one of 2"
        in (told[0])
    )


def test_a_chain_may_go_on_at_the_start_of_any_period(lower, caplog) -> None:
    assert program(lower, 4, 2, 4, 2, to=2) == ["4", "2", "4", "2"]
    assert not caplog.records


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
