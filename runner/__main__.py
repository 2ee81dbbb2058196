"""`python -m runner`: runs artifacts by hand."""

from __future__ import annotations

import argparse
import sys

from runner import draw, execute, replay, whisper_budget
from runner.errors import RunnerError
from softnpu.terminal import end_when_the_reader_leaves


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m runner", description="Runs artifacts on the emulator or the NPU."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    execute.add_parser(commands)
    draw.add_parser(commands)
    replay.add_parser(commands)
    whisper_budget.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except RunnerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    end_when_the_reader_leaves()
    sys.exit(main())
