"""Tasks side by side, in processes forked from this one: the same on every version of Python.

Processes, since the stages compute in Python, the emulator's settings are a process's own, and a
fault in a native library is then one failed task. Forked, since an action is a function of a
loaded design, which is there at once in a fork and could not be pickled. doit's own runner starts
processes as Python does by default, which is no fork since 3.14; its queues have threads, which a
process that forks must not have; and it waits for ever for a process that has died.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from doit.exceptions import BaseFail, InvalidTask, TaskError
from doit.runner import FAILURE
from doit.runner import Runner as DoitRunner

from pipeline.ending import INTERRUPTED
from softnpu.terminal import LEFT

FORK = multiprocessing.get_context("fork")

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a worker: `Worker.stop`, and what a terminal sends to all of its processes."""

END_SECONDS = 5.0
"""What a worker that is to end gets for ending the compilers that it has started."""

CAUSES = {"SIGKILL": "by hand, or by the system for want of memory"}
"""Why a process may be ended by a signal."""

HOLD_ON = "hold on"
"""What doit's dispatcher says when all that is left waits for what is running."""


class Runner(DoitRunner):  # type: ignore[misc]
    """doit's runner; a failure forgets what has failed, and nothing of what comes behind it.

    Args:
        sources: what the author's files held before they were read (pipeline.memory).

    Attributes:
        saved: those of them that somebody has saved since, and that a task may have read before.
    """

    def __init__(self, *given: Any, sources: Mapping[str, Any]) -> None:
        super().__init__(*given)
        self._sources = sources
        self.saved: set[str] = set()

    def process_task_result(self, node: Any, base_fail: BaseFail | None) -> None:
        """As doit's, which would take a file that is saved while a task reads it for read."""
        super().process_task_result(node, base_fail)
        if node.run_status != "successful":
            return
        memory, name = self.dep_manager.backend, node.task.name
        for path in self._sources.keys() & node.task.file_dep:
            if memory.get(name, path)[-1] != self._sources[path][-1]:
                memory.set(name, path, self._sources[path])
                self.saved.add(path)

    def _handle_task_error(self, node: Any, base_fail: BaseFail) -> None:
        """As doit's, which forgets the last success of all tasks behind one that failed, too.

        When what kept them from starting is mended, the content of their inputs decides.
        """
        begun = node.run_status == "run"
        node.run_status = "failure"
        if begun:
            self.dep_manager.remove_success(node.task)
        self.reporter.add_failure(node.task, base_fail)
        self.final_result = FAILURE
        if not self.continue_:
            self._stop_running = True


class Worker:
    """A process that works on one task at a time.

    Attributes:
        pipe: where its result comes from.
        node: doit's node of the task that it works on; None while it has none.
    """

    def __init__(self, tasks: Mapping[str, Any], stream: Any, others: Iterable[Worker]) -> None:
        self.pipe, theirs = FORK.Pipe()
        self.node: Any = None
        ours = [self.pipe, *(other.pipe for other in others)]
        # Held back until the child has its own handlers and this process knows of the child.
        with _held(ENDING), theirs:
            self._process = FORK.Process(
                target=_work, args=(theirs, ours, tasks, stream), daemon=True
            )
            self._process.start()

    def begin(self, node: Any) -> None:
        """Hands it a task, with what doit has found out of it since the fork."""
        self.node = node
        with suppress(OSError):  # it has died: `end_task` tells
            self.pipe.send((node.task.name, node.task.pickle_safe_dict()))

    def end_task(self) -> tuple[Any, BaseFail | None]:
        """The node of the task that has ended, with its values and output, and why it failed.

        Raises:
            KeyboardInterrupt, SystemExit: the worker was interrupted, or nobody reads the output.
        """
        node, self.node = self.node, None
        try:
            failure, state, outputs = self.pipe.recv()
        except (EOFError, OSError):
            return node, self._death()
        node.task.update_from_pickle(state)
        for action, (out, err) in zip(node.task.actions, outputs, strict=True):
            action.out, action.err = out, err
        return node, failure

    def _death(self) -> BaseFail:
        self._process.join()
        code = self._process.exitcode or 0
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code == LEFT:
            raise SystemExit(LEFT)
        if code >= 0:
            return TaskError(f"the process that worked on it ended with {code}")
        name = signal.Signals(-code).name
        cause = CAUSES.get(name, "a fault in npuforge or in a library that it uses")
        return TaskError(f"the process that worked on it was ended by {name}: {cause}")

    def is_free(self) -> bool:
        """Whether it can take a task."""
        return self.node is None and self._process.is_alive()

    def stop(self) -> None:
        """Tells it to end, with what it has started."""
        self._process.terminate()

    def wait(self) -> None:
        """Waits for its end, which comes by force if it takes too long."""
        self._process.join(END_SECONDS)
        self._process.kill()
        self._process.join()
        self.pipe.close()


class Workers(Runner):
    """Runs tasks in workers.

    Args:
        most: how many at a time; the other arguments are the runner's.
    """

    def __init__(self, *given: Any, most: int, sources: Mapping[str, Any]) -> None:
        super().__init__(*given, sources=sources)
        self._most = most
        self._workers: list[Worker] = []

    def run_tasks(self, task_dispatcher: Any) -> None:
        """Works until nothing is left, or, without `continue`, until something has failed."""
        try:
            self._run(task_dispatcher)
        finally:
            for worker in self._workers:
                worker.stop()
            for worker in self._workers:
                worker.wait()

    def _run(self, dispatcher: Any) -> None:
        ended: list[Any] = []
        while True:
            busy = [worker for worker in self._workers if worker.node is not None]
            while len(busy) < self._most and (node := self._next(dispatcher, ended)) is not None:
                busy.append(self._begin(node, dispatcher.tasks))
            if not busy:
                break
            ready = wait([worker.pipe for worker in busy])
            for worker in busy:
                if worker.pipe in ready:
                    node, failure = worker.end_task()
                    self.process_task_result(node, failure)
                    ended.append(node)
        if dispatcher.waiting and not self._stop_running:
            names = ", ".join(sorted(node.task.name for node in dispatcher.waiting))
            raise InvalidTask(f"these tasks wait for each other: {names}")

    def _next(self, dispatcher: Any, ended: list[Any]) -> Any:
        """The node of the next task that has to be run; None if there is none now, or no more.

        Args:
            ended: nodes that are done with, of which the dispatcher is told here.
        """
        while not self._stop_running:
            try:
                node = dispatcher.generator.send(ended.pop() if ended else None)
            except StopIteration:
                return None
            if node == HOLD_ON:
                if not ended:
                    return None
            elif self.select_task(node, dispatcher.tasks):
                return node
            else:
                ended.append(node)
        return None

    def _begin(self, node: Any, tasks: Mapping[str, Any]) -> Worker:
        worker = next((w for w in self._workers if w.is_free()), None)
        if worker is None:
            worker = Worker(tasks, self.stream, self._workers)
            self._workers.append(worker)
        if node.task.teardown:
            self.teardown_list.append(node.task)
        self.reporter.execute_task(node.task)
        worker.begin(node)
        return worker


@contextmanager
def _held(signals: Iterable[int]) -> Iterator[None]:
    """Signals come after this, not within."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    pipe: Connection, others: Iterable[Connection], tasks: Mapping[str, Any], stream: Any
) -> None:
    """A worker's life: tasks by name, until the other side of the pipe is closed.

    Args:
        others: what belongs to the process that this one was forked from; an end of a pipe that
            more than one process holds would not be seen to close.
    """
    for end in others:
        end.close()
    try:
        _heed()
        while job := _received(pipe):
            name, state = job
            task = tasks[name]
            task.update_from_pickle(state)
            failure = task.execute(stream)
            outputs = [(action.out, action.err) for action in task.actions]
            pipe.send((failure, task.pickle_safe_dict(), outputs))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(LEFT)


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        return None


def _heed() -> None:
    """From now on the first signal that is to end this process interrupts it.

    But not one that this process was told to ignore, as a shell's background jobs are Ctrl-C.
    """

    ended = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal ended
        del number, frame
        if not ended:
            ended = True
            raise KeyboardInterrupt

    for number in ENDING:
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
