"""`python -m softnpu.tools PROGRAM ...`: what the programs in a folder of `softnpu tools` call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from softnpu.errors import SoftnpuError, of_the_system
from softnpu.terminal import end_when_the_reader_leaves
from softnpu.tools.folder import PROGRAMS

FAILURE, INTERRUPTED = 1, 130


def main(given: Sequence[str]) -> int:
    """Runs the program that the first word names on the others."""
    program, *others = given
    try:
        return _function(program)(others)
    except SoftnpuError as error:
        told = str(error)
        sys.stderr.write(f"{told}\n" if "error:" in told else f"{program}: error: {told}\n")
    except OSError as error:
        sys.stderr.write(f"{program}: error: {of_the_system(error)}\n")
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILURE


def _function(program: str) -> Callable[[Sequence[str]], int]:
    from importlib import import_module

    module = PROGRAMS[program]
    if module in ("opt", "translate"):
        from softnpu.__main__ import main as softnpu

        return lambda others: softnpu([module, *others])
    function: Callable[[Sequence[str]], int] = import_module(f"softnpu.tools.{module}").main
    return function


if __name__ == "__main__":
    end_when_the_reader_leaves(0)
    sys.exit(main(sys.argv[1:]))
