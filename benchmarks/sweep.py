"""How a sweep grows with workers: sixty settings by one and by two.

usage: python -m benchmarks.sweep [--design NAME] [--count N]

Prints the wall time of each, and the processor time that workers and dask's scheduler took; then
what two take of one's. In processor time two take half of all that both cores have to do, and one
what its worker does: what they would on a machine where nobody else computes. Takes what
requirements-sweep.txt lists.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from pipeline.discovery import discover
from pipeline.selection import Request, resolve
from pipeline.sweeping import cluster, jobs


def spent() -> float:
    """Processor time of this process and of what it has started, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--design", default="vector_scale")
    parser.add_argument("--count", type=int, default=60)
    asked = parser.parse_args()
    chain = resolve(Request("embedded"), os.environ)
    variant = next(v for v in discover(Path()).variants if v.design.name == asked.design)
    taken: dict[int, float] = {}
    computed: dict[int, float] = {}
    for workers in (1, 2):
        # Another parameter each time: nothing that one has made is there for the other.
        settings = [{"factor": 3 + 2 * n + workers} for n in range(asked.count)]
        wanted = [jobs.job(variant, setting, "emulator", chain) for setting in settings]
        with cluster.client("", workers) as client:
            before, ours = client.run(spent), spent()
            began = time.perf_counter()
            field = cluster.Field(client)
            field.give(wanted)
            verdicts = [row.verdict for _, row in field.rows()]
            taken[workers] = time.perf_counter() - began
            each = [now - before[name] for name, now in client.run(spent).items()]
            ours = spent() - ours
        computed[workers] = each[0] if workers == 1 else (sum(each) + ours) / 2
        print(
            f"{workers} workers: {taken[workers]:.1f} s, {verdicts.count('PASS')} passed;"
            f" processor time: {' + '.join(f'{one:.1f}' for one in each)} s,"
            f" {ours:.1f} s of the scheduler"
        )
    print(
        f"two take {taken[2] / taken[1]:.2f} of one's time,"
        f" {computed[2] / computed[1]:.2f} in processor time"
    )


if __name__ == "__main__":
    main()
