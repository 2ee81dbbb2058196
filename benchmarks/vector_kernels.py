"""What the library's kernels cost here with the AIE API, beside their scalar forms.

python -m benchmarks.vector_kernels      # of what ./doit built; processor time of a whole run
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipeline.discovery import discover
from runner import artifact, vectors
from runner.estimate import loaded

ROOT = Path(__file__).resolve().parent.parent
SUFFIX = "_aie"
MOST = 40
"""How many times as long as its scalar form a vectorised kernel may take."""
MATRICES = ("matmul_int8_aie", "matmul_bf16_aie")
MOST_MS = 100
"""Processor time that a product of 64 x 64 matrices may take."""
REPETITIONS = 5


def milliseconds(folder: Path) -> float:
    """The shortest run of an artifact, the array set up, in ms of processor time."""
    built = artifact.load(folder)
    inputs = next(iter(vectors.default_vectors(built.arguments))).inputs
    context, buffers = loaded(built, inputs)
    instructions = built.insts.read_bytes()
    times = []
    for _ in range(REPETITIONS + 1):
        start = time.process_time()
        context.run(instructions, buffers)
        times.append(time.process_time() - start)
    return 1000 * min(times[1:])


def main() -> int:
    """Prints a line for each pair; exit code 1 if one takes longer than it may."""
    folders = {variant.label: variant.folder for variant in discover(ROOT).variants}
    slow = False
    for label, folder in folders.items():
        design, _, variant = label.partition("/")
        if not design.endswith(SUFFIX):
            continue
        scalar_of = design.removesuffix(SUFFIX)
        twins = [other for other in folders if other.partition("/")[0] == scalar_of]
        scalar = f"{scalar_of}/{variant}" if f"{scalar_of}/{variant}" in twins else twins[0]
        ours, theirs = milliseconds(folder), milliseconds(folders[scalar])
        print(f"{label:28} {ours:8.1f} ms   {scalar:24} {theirs:8.1f} ms   {ours / theirs:6.1f}")
        slow |= ours > MOST * theirs or (design in MATRICES and ours > MOST_MS)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
