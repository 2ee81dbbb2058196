"""docs/messages.md: every message that npuforge explains, from the tables in the code.

python -m pipeline.messages_page            # prints it
python -m pipeline.messages_page --write    # writes docs/messages.md
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.amd.hints import HINTS
from runner.kernel_messages import KERNEL_MESSAGES
from runner.messages import XRT_MESSAGES, Message

PAGE = Path(__file__).resolve().parent.parent / "docs" / "messages.md"

HEAD = """# Messages

<!-- python -m pipeline.messages_page --write -->

What XRT, the driver, the kernel and AMD's tools say, what it means and what to do: npuforge shows
the raw message with these words below it. Messages of npuforge's own say what they mean; those of
a hang are explained in [How to read a hang](hangs.md), those of a wrong output in
[the author's guide](guide.md#when-an-output-is-right). What cost others weeks without any message
stands in [mistakes](mistakes.md). `N` stands for a number, `…` for anything.
"""

_REPLACED = (
    (re.compile(r"\(\?![^()]*\)"), ""),
    (re.compile(r"\(\?P<\w+>\(([^()]*)\)[^()]*\)"), r"\1…"),
    (re.compile(r"\(\?P<\w+>\\d\+\)|\\d\+"), "N"),
    (re.compile(r"\(\?P<\w+>[^()]*\)"), "…"),
    (re.compile(r"\(\?:[^()]*\)\?"), ""),
    (re.compile(r"\.\*|\\[SwW]\+|\[\^'\]\*|\[\\d\.\]\+"), "…"),
    (re.compile(r"\\b|-\?"), ""),
    (re.compile(r"\\(.)"), r"\1"),
)
"""From a regular expression to the words that it stands for."""


def page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *_section("From XRT", XRT_MESSAGES), *_kernel(), *_tools()])


def _kernel() -> Iterator[str]:
    yield from _section("In the kernel's log", KERNEL_MESSAGES)


def _section(title: str, table: Iterable[Message]) -> Iterator[str]:
    yield f"## {title}\n"
    for message in table:
        yield _heading(message.pattern)
        hang = " The run has hung." if message.hang else ""
        yield f"Means: {_filled(message.meaning)}.{hang}\n"
        yield f"Do: {_filled(message.remedy)}.\n"


def _tools() -> Iterator[str]:
    yield "## From AMD's tools\n"
    for pattern, hint in HINTS:
        yield _heading(pattern.pattern)
        yield f"Means: {_filled(hint)}.\n"


def _heading(pattern: str) -> str:
    return "### " + " or ".join(_code(words(part)) for part in alternatives(pattern)) + "\n"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def alternatives(pattern: str) -> list[str]:
    """The parts of a regular expression between bars that stand in no parentheses."""
    parts, depth = [""], 0
    for i, character in enumerate(pattern):
        escaped = i > 0 and pattern[i - 1] == "\\"
        depth += {"(": 1, ")": -1}.get(character, 0) if not escaped else 0
        if character == "|" and depth == 0 and not escaped:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def words(pattern: str) -> str:
    """A regular expression as a reader's eye takes it."""
    for expression, replacement in _REPLACED:
        pattern = expression.sub(replacement, pattern)
    return pattern


def _filled(text: str) -> str:
    """Text with the message's own words left open; what Markdown would take for HTML escaped."""
    return re.sub(r"\{\w+\}", "…", text).replace("<", "&lt;").replace("*", "\\*")


def main(arguments: list[str]) -> int:
    """Prints the page, or writes it."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.messages_page", description="Prints docs/messages.md."
    )
    parser.add_argument("--write", action="store_true", help="write the file instead")
    if parser.parse_args(arguments).write:
        PAGE.write_text(page())
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
