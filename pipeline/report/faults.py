"""What failed: what stopped a build or its runs, and all of it in the order it happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.checks import RUN_ON
from pipeline.report import spans
from pipeline.stages import STAGES
from pipeline.timings import Worked


@dataclass(frozen=True)
class Fault:
    """Something that failed.

    Attributes:
        label: the variant's; a design's name where it has come to no variant.
        task: what failed, e.g. "kernels:mel" or "test_emu".
        where: the same in words.
        message: all that was said; its first line says what is wrong.
        at: when, in seconds since 1970; 0 for what is found before anything is built.
        alike: other variants that failed in the very same way.
    """

    label: str
    task: str
    where: str
    message: str
    at: float = 0.0
    alike: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All that failed so."""
        return (self.label, *self.alike)

    @property
    def headline(self) -> str:
        """What is wrong, in a line."""
        return self.message.partition("\n")[0]

    @property
    def more(self) -> str:
        """What stands below the headline."""
        return self.message.partition("\n")[2]


def of_build(label: str, kernels: Iterable[str], timings: Mapping[str, Worked]) -> Fault | None:
    """The first stage of a variant, in their order, that failed when it was last tried.

    Stages behind it wait for it, so what is noted of them may be of an earlier try.

    Args:
        kernels: the variant's, by the names that their tasks have; others may have left notes.
    """
    known = set(kernels)
    found = [
        (STAGES.index(stage), worked, task.replace(f":{label}", ""))
        for task, worked in spans.of(label, timings)
        if worked.failed and (stage := task.partition(":")[0]) in STAGES
        if stage != "kernels" or task.rpartition(":")[2] in known
    ]
    if not found:
        return None
    _, worked, task = min(found, key=lambda one: (one[0], one[1].start))
    stage, _, kernel = task.partition(":")
    where = f"stage {stage} of the build" + (f", {kernel}" if kernel else "")
    return Fault(label, task, where, worked.failed, worked.start + worked.seconds)


def of_check(label: str, check: str, timings: Mapping[str, Worked]) -> Fault | None:
    """What a check said that failed; None if it did not, or has not been tried."""
    worked = timings.get(f"{check}:{label}")
    if worked is None or not worked.failed:
        return None
    where = f"on the {RUN_ON[check]}"
    return Fault(label, check, where, worked.failed, worked.start + worked.seconds)


def of_design(name: str, message: str) -> Fault:
    """A design's files say nothing that could be built."""
    return Fault(name, "render", "before anything is built", message)


def of_tools(problems: Sequence[str]) -> Iterator[Fault]:
    """The tools that were asked for are not there: nothing was built, whatever lies there."""
    if problems:
        told = "\n".join([*problems, "What the page shows is of earlier builds."])
        yield Fault("toolchain", "_toolchain", "before anything is built", told)


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """The first that happened first; those that are alike are one."""
    return list(_merged(sorted(faults, key=lambda fault: fault.at)))


def _merged(faults: Iterable[Fault]) -> Iterator[Fault]:
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.task, fault.message), []).append(fault)
    for first, *others in groups.values():
        yield replace(first, alike=tuple(fault.label for fault in others))
