"""`npuforge`: what runs artifacts by hand; `python -m runner` is the same."""

from __future__ import annotations

import sys

from runner.errors import RunnerError
from softnpu.subcommands import CommandLine, Subcommand
from softnpu.terminal import end_when_the_reader_leaves

SUBCOMMANDS: dict[str, Subcommand] = {
    "exec": Subcommand("runner.execute", "execute an xclbin with its insts.bin"),
    "draw": Subcommand("runner.draw", "draw the configured array of a design as SVG"),
    "replay": Subcommand("runner.replay", "run a bundle made by `bundle`"),
    "trace": Subcommand(
        "runner.trace", "read what trace units have written: events by tile, in the design's names"
    ),
    "whisper-budget": Subcommand(
        "runner.whisper_budget", "add up what a Whisper encoder would take"
    ),
}

EXAMPLES = """examples:
  npuforge draw vector_scale/small -o array.svg    the array that a built design configures
  npuforge replay build/bundles/BUNDLE.zip         what `npuforge bundle` packed, run and judged
  npuforge trace vector_scale_trace --summary      what a design's trace units saw
  npuforge exec --xclbin final.xclbin --insts insts.bin \\
      --arg in:a.npy --arg out:int32:4096:b.npy            an artifact that was built elsewhere

`npuforge COMMAND --help` tells the options of a command.
"""

COMMAND_LINE = CommandLine("Runs artifacts on the emulator or the NPU.", EXAMPLES, SUBCOMMANDS)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return COMMAND_LINE.main(arguments, RunnerError)


if __name__ == "__main__":
    end_when_the_reader_leaves()
    sys.exit(main())
