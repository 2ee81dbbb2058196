"""`python -m runner`: runs artifacts by hand."""

from __future__ import annotations

import argparse
import sys

from runner import draw, execute, replay, trace, whisper_budget
from runner.errors import RunnerError
from softnpu.terminal import check_command, end_when_the_reader_leaves

EXAMPLES = """examples:
  python -m runner draw vector_scale/small -o array.svg    the array that a built design configures
  python -m runner replay build/bundles/BUNDLE.zip         what `doit bundle` packed, run and judged
  python -m runner trace vector_scale_trace --summary      what a design's trace units saw
  python -m runner exec --xclbin final.xclbin --insts insts.bin \\
      --arg in:a.npy --arg out:int32:4096:b.npy            an artifact that was built elsewhere

`python -m runner COMMAND --help` tells the options of a command.
"""


FAILURE, INTERRUPTED = 1, 130


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m runner",
        description="Runs artifacts on the emulator or the NPU.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    execute.add_parser(commands)
    draw.add_parser(commands)
    replay.add_parser(commands)
    trace.add_parser(commands)
    whisper_budget.add_parser(commands)
    given = sys.argv[1:] if arguments is None else arguments
    check_command(parser, given, commands.choices)
    options = parser.parse_args(given)
    try:
        return int(options.run(options))
    except RunnerError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(
            f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        )
    except KeyboardInterrupt:
        return INTERRUPTED


def _failed(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return FAILURE


if __name__ == "__main__":
    end_when_the_reader_leaves()
    sys.exit(main())
