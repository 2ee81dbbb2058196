"""Who does the jobs of a sweep: dask workers, of this machine or of a scheduler that there is.

dask knows each step by its job's content, so that nothing is made twice, and gives the jobs of a
worker that is lost to others. An NPU is a resource of which a worker has one (`NPU=1`): two runs
never share the device.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from distributed import Client, Future, Nanny, Scheduler, SpecCluster, as_completed, get_worker
from distributed.scheduler import KilledWorker

from pipeline.errors import PipelineError
from pipeline.sweeping import jobs
from pipeline.sweeping.jobs import Built, Job
from pipeline.sweeping.results import ERROR, Row
from runner.launch import NPU

RESOURCE = "NPU"
CONNECT_SECONDS = 5


@contextmanager
def client(scheduler: str, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or of workers that end with it.

    Args:
        scheduler: "tcp://host:port"; "" for workers of this machine.
        workers: how many of those; the first one has the NPU, if there is one.

    Raises:
        PipelineError: nobody answers there.
    """
    if scheduler:
        try:
            made = Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise PipelineError(
                f"no dask scheduler answers at {scheduler}: {error}; `dask scheduler` starts one,"
                " and `dask worker` where npuforge is installed joins it (npuforge docs scale)"
            ) from error
        with made:
            yield made
        return
    cluster = _local(workers)
    try:
        with Client(cluster) as made:
            yield made
    finally:
        # Where the machine is busy a worker may be killed later than dask waits for it.
        with suppress(TimeoutError):
            cluster.close()


def _local(workers: int) -> SpecCluster:
    options = {"nthreads": 1, "silence_logs": logging.ERROR, "dashboard": False}
    return SpecCluster(
        scheduler={"cls": Scheduler, "options": {"dashboard": False, "port": 0}},
        workers={
            number: {
                "cls": Nanny,
                "options": {**options, "resources": {} if number else {RESOURCE: 1}},
            }
            for number in range(workers)
        },
        silence_logs=logging.ERROR,
    )


class Field:
    """The jobs that have been given to a client's workers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jobs: dict[str, Job] = {}
        self._done = as_completed()

    def give(self, wanted: Iterable[Job]) -> None:
        """Has workers build and run these, too."""
        for job in wanted:
            built = self._client.submit(_build, job, key=f"build-{job.key}")
            needs = {RESOURCE: 1} if job.run_on == NPU else None
            ran = self._client.submit(_run, job, built, key=f"run-{job.key}", resources=needs)
            self._jobs[ran.key] = job
            self._done.add(ran)

    def rows(self) -> Iterator[tuple[Job, Row]]:
        """Each job with what came of it, in the order in which they are done."""
        for future in self._done:
            job = self._jobs[future.key]
            yield job, _row(job, future)


def _row(job: Job, future: Future) -> Row:
    error = future.exception()
    if error is None:
        found: Row = future.result()
        return found
    if isinstance(error, KilledWorker):
        return Row(job.setting, ERROR, "every worker that took it was lost: out of memory, perhaps")
    return Row(job.setting, ERROR, f"{type(error).__name__}: {error}")


def _folder() -> Path:
    """A folder that goes with the worker."""
    return Path(get_worker().local_directory) / "npuforge"


def _build(job: Job) -> Built:
    return jobs.build(job, _folder())


def _run(job: Job, built: Built) -> Row:
    return jobs.run(job, built, _folder(), str(get_worker().address))
