"""Every golden design runs from what AMD's tools wrote and gives what numpy gives.

The xclbin, its init and enable CDOs and the instruction stream are AMD's. Where a design has
cores, only their programs are ours, since AMD's golden ELF files are dummies.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.report import Outcome
from tests.softnpu.emulator.programs import Cores

I32 = np.int32


def run(context: Context, insts: Path, *arrays: np.ndarray) -> list[np.ndarray]:
    """Runs once; gives the buffers' contents afterwards, with the dtypes of `arrays`."""
    buffers = [context.allocate(a.nbytes, f"argument {i}") for i, a in enumerate(arrays)]
    for buffer, array in zip(buffers, arrays, strict=True):
        buffer.data[:] = array.reshape(-1).view(np.uint8)
    report = context.run(insts.read_bytes(), buffers)
    assert report.outcome is Outcome.COMPLETED, explain(report)
    return [b.data.view(a.dtype).reshape(a.shape) for b, a in zip(buffers, arrays, strict=True)]


def random(*shape: int, dtype: type = I32) -> np.ndarray:
    return np.random.default_rng(7).integers(-1000, 1000, shape).astype(dtype)


def zeros(*shape: int, dtype: type = I32) -> np.ndarray:
    return np.zeros(shape, dtype)


RUNS = 3
"""So that ping and pong buffers both come first once."""


def test_passthrough_memtile(march: Path, golden_context: Callable[..., Context]) -> None:
    context = golden_context("passthrough_memtile")
    for _ in range(RUNS):
        source = random(2048)
        _, out = run(context, march / "passthrough_memtile/insts.bin", source, zeros(2048))
        assert (out == source).all()


def test_transpose_dims(march: Path, golden_context: Callable[..., Context]) -> None:
    context = golden_context("transpose_dims")
    for _ in range(RUNS):
        source = random(64, 64)
        _, out = run(context, march / "transpose_dims/insts.bin", source, zeros(4096))
        blocks = source.reshape(4, 16, 2, 32).transpose(0, 2, 3, 1)
        assert (out == blocks.reshape(-1)).all()


def test_task_sequence(march: Path, golden_context: Callable[..., Context]) -> None:
    context = golden_context("task_sequence")
    for _ in range(RUNS):
        source = random(2048)
        _, out = run(context, march / "task_sequence/insts.bin", source, zeros(2048))
        assert (out == source).all()


def test_packet_routes(march: Path, golden_context: Callable[..., Context]) -> None:
    context = golden_context("packet_routes")
    for _ in range(RUNS):
        source = random(128)
        insts = march / "packet_routes/insts.bin"
        _, first, second = run(context, insts, source, zeros(64), zeros(64))
        assert (first == source[:64]).all()
        assert (second == source[64:]).all()


def test_register_writes(march: Path, golden_context: Callable[..., Context]) -> None:
    context = golden_context("register_writes")
    source = random(64)
    _, out = run(context, march / "register_writes/insts.bin", source, zeros(64))
    assert (out == source).all()
    tile = context.array.tile(0, 2)
    assert [tile.read(1024 + 4 * i) for i in range(4)] == [11, 22, 33, 44]


# with cores; locks 48 and up are the core's own, 0 to 15 those of its southern neighbour


def test_passthrough_core(cores: Cores) -> None:
    design = "passthrough_core"
    program = cores.worker(design, (0, 2), "in_cons_buff", "out_buff", 256, "x")
    context = cores.context(design, {(0, 2): program})
    for _ in range(RUNS):
        source = random(4096, dtype=np.int8)
        _, out = run(context, cores.insts(design), source, zeros(4096, dtype=np.int8))
        assert (out == source).all()


def test_explicit_dma(cores: Cores) -> None:
    design = "explicit_dma"
    source = """
    void program(void) {
      int16_t *to = res;
      for (int half = 0;; half ^= 1) {
        const int16_t *from = half ? in_pong : in_ping;
        acquire(49, -1); acquire(50, -1);
        for (int i = 0; i < 128; i++) to[i] = half ? from[i] + 3 : from[i] * 3;
        release(48, 1); release(51, 1);
      }
    }
    """
    context = cores.context(design, {(0, 2): cores.program(design, (0, 2), source)})
    for _ in range(RUNS):
        data = random(1024, dtype=np.int16)
        _, out = run(context, cores.insts(design), data, zeros(1024, dtype=np.int16))
        lines = data.reshape(4, 2, 128)
        wanted = np.stack([lines[:, 0] * 3, lines[:, 1] + 3], axis=1)
        assert (out == wanted.reshape(-1)).all()


def test_broadcast_add(cores: Cores) -> None:
    design = "broadcast_add"
    programs = {
        (0, 2): cores.worker(design, (0, 2), "shared_0_cons_buff", "out0_buff", 32, "x * 7"),
        (1, 3): cores.worker(
            design, (1, 3), "shared_1_cons_buff", "out1_buff", 32, "x * *(volatile int32_t *)gain"
        ),
    }
    context = cores.context(design, programs)
    for _ in range(RUNS):
        source = random(256)
        insts = cores.insts(design)
        _, first, second = run(context, insts, source, zeros(256), zeros(256))
        assert (first == source * 7).all()
        assert (second == source * 5).all(), "the run-time parameter is 5"


def test_distribute_join(cores: Cores) -> None:
    design = "distribute_join"
    tiles = ((0, 2), (0, 3), (1, 2), (1, 3))
    programs = {
        tile: cores.worker(
            design, tile, f"in{i}_cons_buff", f"out{i}_buff", 64, f"x + {10 * i + 10}"
        )
        for i, tile in enumerate(tiles)
    }
    context = cores.context(design, programs)
    for _ in range(RUNS):
        source = random(1024)
        _, out = run(context, cores.insts(design), source, zeros(1024))
        added = np.repeat([10, 20, 30, 40], 64)
        assert (out == (source.reshape(4, 256) + added).reshape(-1)).all()


def test_neighbour_memory(cores: Cores) -> None:
    design = "neighbour_memory"
    first = """
    void program(void) {
      int32_t *mid[] = {mid_buff_0, mid_buff_1, mid_buff_2};
      for (int i = 0, half = 0;; i = (i + 1) % 3, half ^= 1) {
        const int32_t *from = half ? in_cons_buff_1 : in_cons_buff_0;
        acquire(49, -1); acquire(50, -1);
        for (int j = 0; j < 64; j++) mid[i][j] = from[j] + from[j];
        release(48, 1); release(51, 1);
      }
    }
    """
    second = """
    void program(void) {
      int32_t *mid[] = {mid_buff_0, mid_buff_1, mid_buff_2};
      for (int i = 0, half = 0;; i = (i + 2) % 3, half ^= 1) {
        int32_t *to = half ? out_buff_1 : out_buff_0;
        acquire(3, -2); acquire(48, -1);
        for (int j = 0; j < 64; j++) to[j] = mid[i][j] + mid[(i + 1) % 3][j];
        release(2, 2); release(49, 1);
      }
    }
    """
    programs = {
        (0, 2): cores.program(design, (0, 2), first),
        (0, 3): cores.program(design, (0, 3), second),
    }
    context = cores.context(design, programs)
    for _ in range(RUNS):
        source = random(384)
        _, out = run(context, cores.insts(design), source, zeros(192))
        pairs = 2 * source.reshape(3, 2, 64)
        assert (out == (pairs[:, 0] + pairs[:, 1]).reshape(-1)).all()


def test_initial_data(cores: Cores) -> None:
    design = "initial_data"
    source = """
    void program(void) {
      const int32_t *w = weights, *t = table_cons_buff_0;
      acquire(49, -1);
      for (int half = 0;; half ^= 1) {
        const int32_t *from = half ? in_cons_buff_1 : in_cons_buff_0;
        int32_t *to = half ? out_buff_1 : out_buff_0;
        acquire(51, -1); acquire(52, -1);
        for (int i = 0; i < 8; i++) to[i] = from[i] * w[i] + t[i];
        release(50, 1); release(53, 1);
      }
    }
    """
    context = cores.context(design, {(0, 2): cores.program(design, (0, 2), source)})
    for _ in range(RUNS):
        data = random(64)
        _, out = run(context, cores.insts(design), data, zeros(64))
        weights = np.arange(1, 9, dtype=I32)
        assert (out == (data.reshape(8, 8) * weights + weights * 100).reshape(-1)).all()


def test_cascade_pair(cores: Cores) -> None:
    design = "cascade_pair"
    top = """
    void program(void) {
      for (int half = 0;; half ^= 1) {
        acquire(49, -1);
        put_cascade(half ? in_0_cons_buff_1 : in_0_cons_buff_0);
        release(48, 1);
      }
    }
    """
    bottom = """
    void program(void) {
      for (int half = 0;; half ^= 1) {
        const int32_t *from = half ? in_1_cons_buff_1 : in_1_cons_buff_0;
        int32_t *to = half ? out_buff_1 : out_buff_0;
        acquire(49, -1); acquire(50, -1);
        get_cascade(to);
        for (int i = 0; i < 16; i++) to[i] = 10 * to[i] + from[i];
        release(48, 1); release(51, 1);
      }
    }
    """
    programs = {
        (0, 3): cores.program(design, (0, 3), top),
        (0, 2): cores.program(design, (0, 2), bottom),
    }
    context = cores.context(design, programs)
    for _ in range(RUNS):
        source = random(64)
        _, out = run(context, cores.insts(design), source, zeros(64))
        assert (out == 11 * source).all()


def test_npu2_two_columns(cores: Cores) -> None:
    design = "npu2_two_columns"
    program = cores.worker(design, (0, 2), "in_cons_buff", "mid_buff", 64, "100 - x")
    context = cores.context(design, {(0, 2): program})
    for _ in range(RUNS):
        source = random(256)
        _, out = run(context, cores.insts(design), source, zeros(256))
        assert (out == 100 - source).all()
