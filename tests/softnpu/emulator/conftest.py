"""Fixtures of the emulator's tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.formats import cdo, pdi
from softnpu.formats.xclbin import parse
from tests.softnpu.emulator.designs import Run
from tests.softnpu.emulator.programs import Cores, Segments, compile_program, header, loads


@pytest.fixture(scope="session")
def compile_core(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Segments]:
    """Compiles the C of a core's `void program(void)`; `places` become pointers of that name."""
    made: dict[str, Segments] = {}

    def compile_(source: str, places: Mapping[str, int] | None = None) -> Segments:
        text = "\n".join([*header(places or {}), source])
        if text not in made:
            made[text] = compile_program(text, tmp_path_factory.mktemp("core"))
        return made[text]

    return compile_


@pytest.fixture
def golden_context(march: Path) -> Callable[..., Context]:
    """A context from a golden xclbin: AMD's init and enable CDOs, our programs for the cores."""

    def make(
        design: str, programs: Mapping[tuple[int, int], Segments] | None = None, **options: Any
    ) -> Context:
        folder = march / design
        xclbin = parse((folder / "final.xclbin").read_bytes())
        if programs is None:
            return Context(xclbin, **options)
        image = pdi.from_cdos(
            [
                cdo.build(cdo.from_operations(loads(programs))),
                (folder / "main_aie_cdo_init.bin").read_bytes(),
                (folder / "main_aie_cdo_enable.bin").read_bytes(),
            ]
        )
        partition = xclbin.partition
        xclbin.__dict__["partition"] = replace(
            partition, pdis=(replace(partition.pdis[0], image=image),)
        )
        return Context(xclbin, core_isa="rv32", **options)

    return make


@pytest.fixture
def cores(
    march: Path,
    golden_context: Callable[..., Context],
    compile_core: Callable[..., Segments],
) -> Cores:
    """Golden designs with programs of ours."""
    return Cores(march, golden_context, compile_core)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Compiles a design and runs it on buffers with these contents; gives them back.

    Control packets that the compiler has written lie in one more buffer.

    Unless it `races`, it gives the same in whatever order the array's actors have their turns.
    """

    def compile_and_run(
        text: str,
        *contents: np.ndarray,
        runs: int = 1,
        options: Options | None = None,
        hazard: str = "",
        races: bool = False,
        scratchpad: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        (tmp_path / "design.mlir").write_text(text)
        compile_design(tmp_path / "design.mlir", tmp_path, options)
        found = execute(None, *contents, runs=runs, hazard=hazard, scratchpad=scratchpad)
        for seed in range(0 if races else 3):
            shuffled = execute(seed, *contents, runs=runs, scratchpad=scratchpad)
            assert all((a == b).all() for a, b in zip(found, shuffled, strict=True)), seed
        return found

    def execute(
        seed: int | None,
        *contents: np.ndarray,
        runs: int,
        hazard: str | None = None,
        scratchpad: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        context = Context(parse((tmp_path / "final.xclbin").read_bytes()), seed=seed)
        values = None
        if scratchpad is not None:
            values = context.allocate(scratchpad.nbytes, "scratchpad")
            values.data[:] = scratchpad.view(np.uint8)
        buffers = [context.allocate(a.nbytes, f"argument {i}") for i, a in enumerate(contents)]
        for file in tmp_path.glob("main_*_ctrlpkt.bin"):
            buffers.append(context.allocate(file.stat().st_size, "control packets"))
            buffers[-1].data[:] = np.fromfile(file, np.uint8)
        for _ in range(runs):
            for buffer, array in zip(buffers, contents, strict=False):
                buffer.data[:] = array.reshape(-1).view(np.uint8)
            insts = (tmp_path / "insts.bin").read_bytes()
            report = context.run(insts, buffers, scratchpad=values)
            assert report.completed, explain(report)
            if hazard is not None:
                assert [hazard in h for h in report.hazards] == ([True] if hazard else [])
        pairs = zip(buffers, contents, strict=False)
        return [buffer.data.view(a.dtype).reshape(a.shape) for buffer, a in pairs]

    return compile_and_run
