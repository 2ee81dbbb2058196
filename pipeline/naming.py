"""What names on the command line stand for: tasks, and artifacts to do them with.

`npuforge TASK:NAME` and `npuforge TASK NAME` are the same, for every task that is done with
artifacts one by one; a name alone stands for those tasks that a command does where none is given. A
task without a name is done with the names of the others: who copies `test_emu:NAME` from a failure
behind `npuforge races` means that artifact. Which artifacts a name means is told by
`runner.labels`, as for the commands that take no task.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from doit.cmdparse import CmdOption, CmdParseError, TaskParse

from pipeline.options import in_plain_words
from pipeline.stages import STAGES
from runner import labels
from runner.labels import UnknownNameError
from softnpu.__main__ import SUBCOMMANDS

DEFAULT = ("build", "test_emu")
"""The tasks of plain `doit`."""

LONG = "long"
"""What a task's meta data say of an artifact whose runs take long."""

NAMES = "names"
"""The positional argument of a task that is one for all artifacts and can be told which."""

WHOLE = {"build": STAGES}
"""Tasks that only stand for others."""

NOTHING_TO_DO = "{} has nothing to do there"

HELP = """
NAME is a design (vector_scale), a variant of one (vector_scale/small) or a
pattern ('vector_*', '*/small'; quoted, or the shell takes it for files). A task
may stand in front: test_emu:NAME is the same as test_emu NAME. A task without a
name is done with all names that stand there.
"""


@dataclass(frozen=True)
class _Asked:
    """A task as a command line asks for it.

    Attributes:
        words: its name, and its own options.
        whole: it stands there without a name of its own.
    """

    words: tuple[str, ...]
    whole: bool = False


class Names:
    """All that can be named.

    Args:
        tasks: doit's tasks (doit.task.Task). Of a broken design there is one only, `render:design`,
            which tells what is wrong with it.
        commands: the names of doit's commands, which may have been meant.
    """

    def __init__(self, tasks: Iterable[Any], commands: Collection[str] = ()) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._targets = {target for task in self._tasks.values() for target in task.targets}
        self._commands = commands
        self._subjects: dict[str, list[str]] = {}
        for name in self._tasks:
            group, colon, subject = name.partition(":")
            if colon:
                self._subjects.setdefault(group, []).append(subject)
        every = (subject for group in self._subjects.values() for subject in group)
        self.labels = list(dict.fromkeys(_label(subject) for subject in every))

    def tasks(self, arguments: Iterable[str], otherwise: Sequence[str] = ()) -> list[str]:
        """The tasks that a command line asks for, each with its own options behind it.

        Args:
            arguments: tasks, targets, names, and options behind the task that takes them.
            otherwise: what is done with names where no task is given; () for all that there is.

        Raises:
            UnknownNameError: one of them stands for nothing.
            CmdParseError: an option that its task does not have, or that is none's here, or a name
                that its task takes as an option.
        """
        found: list[_Asked] = []
        artifacts: dict[str, None] = {}
        behind: dict[str, None] = {}
        waiting = list(arguments)
        while waiting:
            word = waiting.pop(0)
            behind.update(dict.fromkeys(self._meant(word)))
            if word in self._tasks:
                found.append(_Asked((word, *self._options(word, waiting)), whole=":" not in word))
            elif word in self._targets:
                found.append(_Asked((word,)))
            elif word.startswith("-"):
                raise CmdParseError(f"option {word} stands in front of tasks and names")
            elif ":" in word:
                found += [_Asked((task,)) for task in self._pattern(word)]
            elif meant := labels.matching(word, self.labels):
                artifacts.update(dict.fromkeys(meant))
            elif found and self._is_named(task := found[-1].words[0]):
                raise CmdParseError(
                    f"{task} takes a name as an option: npuforge {task} --name {word}"
                )
            else:
                found += [_Asked((task,), whole=True) for task in self._whole(word)]
        if artifacts and not any(asked.whole and asked.words[0] in labels.TASKS for asked in found):
            tasks = [asked.words for asked in found]
            tasks += [
                (one,) for task in otherwise or self._subjects for one in self._of(task, artifacts)
            ]
        else:
            named = {**artifacts, **behind}
            tasks = [words for asked in found for words in self._restricted(asked, named)]
        return [word for words in dict.fromkeys(tasks) for word in words]

    def everyday(self) -> tuple[list[str], list[str]]:
        """The tasks of a command line without any, and the artifacts that these leave out as long.

        Where all are long none is left out.
        """
        tests = {label: self._tasks.get(f"{DEFAULT[-1]}:{label}") for label in self.labels}
        long = [label for label, task in tests.items() if task and (task.meta or {}).get(LONG)]
        others = [label for label in self.labels if label not in long]
        if not long or not others:
            return list(DEFAULT), []
        return self.tasks(others, DEFAULT), long

    def chosen(self, task: str) -> list[str]:
        """The labels that a task which takes NAMES was told by `tasks`; [] for all."""
        return list(self._tasks[task].pos_arg_val or ())

    def whole_task(self, name: str) -> Any:
        """The task of that name, for `task:name` too; None if it is none's."""
        return self._tasks.get(name.partition(":")[0])

    def _is_named(self, name: str) -> bool:
        """Whether a task has an option for a name that nothing else has."""
        task = self._tasks.get(name)
        return task is not None and any(option["name"] == "name" for option in task.params)

    def _options(self, name: str, waiting: list[str]) -> list[str]:
        """Takes away what stands behind a task and is its own."""
        task = self._tasks[name]
        if task.pos_arg and task.pos_arg != NAMES:
            own, waiting[:] = list(waiting), []
            return own
        try:
            _, rest = TaskParse([CmdOption(option) for option in task.params]).parse_only(waiting)
        except CmdParseError as error:
            raise CmdParseError(in_plain_words(str(error), name)) from None
        own = waiting[: len(waiting) - len(rest)]
        waiting[:] = rest
        return own

    def _pattern(self, word: str) -> list[str]:
        """The tasks of `task:name`."""
        group, _, rest = word.partition(":")
        meant = self._meant(word)
        groups = [group] if group in labels.TASKS else self._like_group(group)
        found = [task for one in groups for task in self._of(one, meant)] if meant else []
        if ":" in rest:
            found = [task for task in found if fnmatchcase(task.partition(":")[2], rest)]
        if not found:
            raise (
                UnknownNameError(word, NOTHING_TO_DO.format(group))
                if meant and groups
                else (self._unknown(word))
            )
        return found

    def _meant(self, word: str) -> list[str]:
        """The artifacts of `task:name`; none of a word without a colon."""
        return labels.matching(_label(word.partition(":")[2]), self.labels)

    def _like_group(self, pattern: str) -> list[str]:
        return [group for group in self._subjects if fnmatchcase(group, pattern)]

    def _whole(self, pattern: str) -> list[str]:
        found = [name for name in self._public() if fnmatchcase(name, pattern)]
        if not found:
            raise self._unknown(pattern)
        return found

    def _public(self) -> Iterator[str]:
        """Whole tasks that are for users."""
        return (name for name in self._tasks if ":" not in name and not name.startswith("_"))

    def _restricted(self, asked: _Asked, artifacts: Collection[str]) -> list[tuple[str, ...]]:
        """A task with its options, for some artifacts alone if there are any."""
        name, task = asked.words[0], self._tasks.get(asked.words[0])
        if task is not None and task.pos_arg == NAMES and not artifacts:
            task.pos_arg_val = task.pos_arg_val or []
        if not artifacts or not asked.whole or name not in labels.TASKS:
            return [asked.words]
        if not (found := self._of(name, artifacts)):
            raise UnknownNameError(f"{name}:{next(iter(artifacts))}", NOTHING_TO_DO.format(name))
        return [(one,) for one in found]

    def _of(self, name: str, artifacts: Collection[str]) -> list[str]:
        """The tasks of a group for some artifacts; for a broken design the one that tells why."""
        if name in WHOLE:
            return [task for part in WHOLE[name] for task in self._of(part, artifacts)]
        task = self._tasks.get(name)
        if task is not None and task.pos_arg == NAMES:
            task.pos_arg_val = [*(task.pos_arg_val or ()), *artifacts]
            task.task_dep = [
                one
                for need in task.task_dep
                for one in (self._of(need, artifacts) if need in self._subjects else [need])
            ]
            return [name]
        found = [f"{name}:{s}" for s in self._subjects.get(name, ()) if _label(s) in artifacts]
        broken = (f"render:{label}" for label in artifacts if "/" not in label)
        return list(dict.fromkeys([*found, *(task for task in broken if task in self._tasks)]))

    def _unknown(self, word: str) -> UnknownNameError:
        known = [*self._subjects, *self._public(), *self._commands]
        if ":" in word:
            return UnknownNameError(word, labels.designs(self.labels), self._likely(word))
        told = f"{labels.designs(self.labels)}; `npuforge help` lists tasks and commands"
        likely = labels.nearest(word, self.labels)
        if word in SUBCOMMANDS:
            likely = [f"npuforge {word}"]
        head, slash, tail = word.partition("/")
        if slash and head in labels.TASKS and labels.matching(tail, self.labels):
            likely = [f"{head}:{tail}"]
        return UnknownNameError(word, told, likely or labels.like(word, known))

    def _likely(self, word: str) -> list[str]:
        """What may have been meant by `task:name`."""
        group, _, rest = word.partition(":")
        groups = [group] if group in labels.TASKS else labels.like(group, labels.TASKS)
        names = [rest] if self._meant(word) else labels.nearest(_label(rest), self.labels)
        found = [f"{one}:{name}" for one in groups for name in names]
        return [one for one in found if one != word]


def _label(subject: str) -> str:
    """The artifact of a task's subject: a kernel's, `design/variant:kernel`, is its variant's."""
    return subject.partition(":")[0]
