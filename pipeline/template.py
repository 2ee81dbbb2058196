"""Renders a design's template and remembers which of its lines each rendered line came from.

MLIR is full of `{%worker}` and `{#attribute}`, which plain jinja would take for its own. In a
template, `{{ n }}` is a value as always; a statement stands on a line of its own behind `%%`
(`%% for c in range(4)`, `%% endfor`) or within `{%% ... %%}`; a comment behind `%%#` or within
`{## ... ##}`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import UndefinedError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from pipeline.errors import PipelineError

MARK = "\x00"
"""Encloses a template's line number while it travels through jinja; no text file holds a NUL."""

_INCLUDE = re.compile(r"^\s*%% include \"([^\"]+)\"", re.MULTILINE)
_MARKED_LINE = re.compile(f"{MARK}(\\d+){MARK}")


@dataclass(frozen=True)
class Rendered:
    """A design's MLIR text; `lines[i]` is the template's line behind text line i + 1."""

    text: str
    lines: tuple[int, ...]

    @property
    def numbering(self) -> str:
        """A digest of `lines`: it changes when lines of the template have moved."""
        return hashlib.sha256(repr(self.lines).encode()).hexdigest()[:12]

    def template_line(self, line: int) -> int:
        """The template's line (from 1) behind the text's line (from 1)."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else line


class _LineMarks(Extension):
    """Puts the template's line number behind every line of plain text in it."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        return (_marked(token) if token.type == "data" else token for token in stream)


def _marked(token: Token) -> Token:
    lines = str(token.value).split("\n")
    marked = [f"{line}{MARK}{token.lineno + i}{MARK}" for i, line in enumerate(lines[:-1])]
    # The last piece has no line end of its own: what follows it on the line carries the mark,
    # or the text ends here.
    return Token(token.lineno, "data", "\n".join([*marked, lines[-1]]))


class _Cache(FileSystemBytecodeCache):
    """Compiled templates, for the next process; where nothing can be written there are none."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@functools.cache
def _environment(folder: Path, cache: Path | None) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        bytecode_cache=_Cache(str(cache)) if cache else None,
        block_start_string="{%%",
        block_end_string="%%}",
        comment_start_string="{##",
        comment_end_string="##}",
        line_statement_prefix="%%",
        line_comment_prefix="%%#",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_LineMarks],
        autoescape=False,  # MLIR, not HTML
    )


def files(path: Path) -> tuple[Path, ...]:
    """A template's file and those that it includes."""
    try:
        included = _INCLUDE.findall(path.read_text(encoding="utf-8"))
    except OSError:
        return (path,)
    return (path, *(file for name in included for file in files(path.parent / name)))


def render(path: Path, parameters: Mapping[str, Any], cache: Path | None = None) -> Rendered:
    """Renders a template file.

    Args:
        cache: a folder in which the compiled template is kept for the next process.

    Raises:
        PipelineError: with the template's line, for bad syntax or a variable that the
            design's parameters do not have.
    """
    try:
        template = _environment(path.parent, cache).get_template(path.name)
        return _unmark(template.render(**parameters))
    except TemplateSyntaxError as error:
        raise PipelineError(f"template: {error.message}", path, error.lineno) from error
    except UndefinedError as error:
        known = ", ".join(sorted(parameters))
        raise PipelineError(
            f"template: {error.message}; the design's parameters are {known}",
            path,
            _failing_line(error, path),
        ) from error
    except (TemplateError, OSError, TypeError, ValueError, ArithmeticError) as error:
        raise PipelineError(f"template: {error}", path, _failing_line(error, path)) from error


def _failing_line(error: BaseException, path: Path) -> int | None:
    """The template line in which rendering stopped (jinja rewrites tracebacks to name it)."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).name == path.name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _unmark(marked: str) -> Rendered:
    pairs = list(_split_marks(marked))
    return Rendered("\n".join(text for text, _ in pairs), tuple(line for _, line in pairs))


def _split_marks(marked: str) -> Iterator[tuple[str, int]]:
    line = 1
    for text in marked.split("\n"):
        if found := _MARKED_LINE.findall(text):
            line = int(found[-1])
        yield _MARKED_LINE.sub("", text), line


def plain(path: Path) -> Rendered:
    """A design written as plain MLIR: each line stands for itself.

    Raises:
        PipelineError: it is no text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PipelineError(f"no text in UTF-8: {error}", path) from error
    return Rendered(text, tuple(range(1, text.count("\n") + 2)))
