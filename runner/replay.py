"""`npuforge replay`: runs a bundle and judges it as its author does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from runner import bundle, judge, launch, mismatch_files
from runner.report import verdict_lines


def add_parser(commands: Any) -> None:
    """Adds the sub-command `replay`."""
    parser = commands.add_parser(
        "replay",
        help="run a bundle made by `npuforge bundle`",
        description="Checks a bundle's hashes, runs its artifact on its inputs, and judges it.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.zip")
    parser.add_argument("--device", choices=(launch.EMULATOR, launch.NPU), default=launch.EMULATOR)
    parser.add_argument(
        "--mismatches",
        type=Path,
        metavar="FOLDER",
        help="write all there is to say of wrong outputs there",
    )
    parser.set_defaults(run=replay)


def replay(options: argparse.Namespace) -> int:
    """Runs every vector; the exit code is 1 unless all pass.

    Raises:
        RunnerError: the file is no sound bundle.
    """
    with bundle.opened(options.bundle) as found:
        sys.stdout.write(f"{found.artifact.label}, every file as it was packed\n")
        for name, value in found.made.items():
            sys.stdout.write(f"  packed with {name} {value}\n")
        outcome = judge.judge(
            found.artifact,
            lambda artifact: launch.open_artifact(artifact, options.device),
            found.vectors,
            found.expected,
        )
    told = {**outcome.as_json(), "run_on": options.device}
    if options.mismatches is not None:
        options.mismatches.mkdir(parents=True, exist_ok=True)
        mismatch_files.write(told, outcome.runs, options.mismatches)
    sys.stdout.write("".join(f"{line}\n" for line in verdict_lines(told)))
    return 0 if outcome.verdict in (judge.Verdict.PASS, judge.Verdict.NOT_JUDGED) else 1
