"""What the author's designs declare.

A design is a template `mlir_templates/<design>.mlir.j2` with `mlir_templates/<design>.py` beside
it, or a plain `mlir_templates/<design>.mlir` with or without one, or an IRON program. The Python
file may hold:

- `design`: the IRON program that prints the MLIR, `iron("saxpy_iron.py")`, where there is neither
  template nor MLIR file;
- `parameters`: a dict of names and default values;
- `variants`: a dict of variant names, each a dict of the parameters that differ;
- `long`: the names of variants whose runs take long: they are done when they are asked for;
- `buffers(p)`: a dict of In, Out and InOut in the order of the runtime sequence's arguments;
- `reference(p, ...)`: the outputs in numpy, from the inputs in the order of `buffers`;
- `checks`: a dict by output of how close it must be (`{"y": ulp(2)}`), where not by its type:
  exact, absolute, relative, ulp, correlation, snr;
- `work`: a dict, or a function of p that gives one, of what a run does, for rates: operations
  (`ops`) and bytes moved (`bytes`, the host's buffers unless given);
- `vectors(p, rng)`: a dict of further inputs by name, each a dict of arrays by buffer name.

What several designs share goes into a module beside them whose name begins with an underscore:
`from ._mel import mel_frames`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipeline import iron_programs, reading, template
from pipeline.buffers import Buffer
from pipeline.errors import PipelineError, shown
from pipeline.iron_programs import Iron, Printed
from pipeline.python_lines import imports, line_of
from pipeline.toolchain import source_version

if TYPE_CHECKING:
    from softnpu.errors import SourceLocation

DEFAULT_DEVICE = "npu1_1col"
TEMPLATES = "mlir_templates"
KERNELS = "kernels_src"
RENDERED = "design.mlir"
"""The file in a variant's folder that holds its rendered text."""

_COMMENT = re.compile(r"//[^\n]*")
_DEVICE = re.compile(
    r"\baie\.device\s*\(\s*(?P<model>\w+)\s*\)"
    r'(?:\s*@(?:"(?P<quoted>[^"]*)"|(?P<name>[\w$.-]+)))?'
)
_LINK_WITH = re.compile(r'\blink_with\s*=\s*"([^"]+)"')
_NAME = re.compile(r"[A-Za-z_]\w*")


class Parameters(Mapping[str, Any]):
    """A variant's parameters: `p["n"]` and `p.n` alike.

    Raises:
        AttributeError: for a name that is no parameter, with the nearest one.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(_unknown(name, self._values))
        return self._values[name]


@dataclass(frozen=True)
class Variant:
    """One artifact to be: a design with all of its parameters fixed."""

    design: Design
    name: str
    parameters: Parameters

    @property
    def label(self) -> str:
        """How tasks and reports call it: `<design>/<variant>`."""
        return f"{self.design.name}/{self.name}"

    @property
    def is_long(self) -> bool:
        """Whether the design says that its runs take long."""
        return self.name in self.design.long

    @cached_property
    def rendered(self) -> template.Rendered:
        """The design's MLIR text with this variant's parameters in it.

        Raises:
            PipelineError: it cannot be rendered; NoIronError where the Python for that is missing.
        """
        if self.design.program is not None:
            return template.Rendered(self.printed.text, ())
        if self.design.is_template:
            return template.render(self.design.source, self.parameters, self.design.template_cache)
        return template.plain(self.design.source)

    @cached_property
    def printed(self) -> Printed:
        """What the design's IRON program prints for this variant; see `iron_programs.printed`."""
        program = self.design.program
        assert program is not None
        try:
            arguments = program.command_line(self.parameters)
        except ValueError as error:
            line = self.design.line_of("design")
            raise PipelineError(str(error), self.design.python, line) from error
        return iron_programs.printed(self.design.root, self.design.source, arguments)

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that the MLIR text is made from."""
        if self.design.program is not None:
            return tuple(self.design.root / path for path in self.printed.read)
        return template.files(self.design.source)

    def told(self, place: SourceLocation) -> str:
        """What a place in the rendered design is called: file and line, the template's if known."""
        if place.file.name != RENDERED or self.design.program is not None:
            return f"{place.file.name}:{place.line}"
        return f"{self.design.source.name}:{self.rendered.template_line(place.line)}"

    @cached_property
    def template_parameters(self) -> tuple[str, ...]:
        """The parameters that the template mentions; all of them, of a program."""
        if self.design.program is not None:
            return tuple(self.parameters)
        texts = (path.read_text() for path in template.files(self.design.source))
        words = {word for text in texts for word in _NAME.findall(text)}
        return tuple(name for name in self.parameters if name in words)

    @cached_property
    def device(self) -> str:
        """The device that the MLIR text names, e.g. "npu1_1col"."""
        return next(iter(self._devices.values()))

    @property
    def device_names(self) -> tuple[str, ...]:
        """What the files of each device begin with: the name behind the @, or "main"."""
        return tuple(self._devices)

    @cached_property
    def _devices(self) -> dict[str, str]:
        """The devices of the design, name -> model."""
        text = _COMMENT.sub("", self.rendered.text)
        found = {d["quoted"] or d["name"] or "main": d["model"] for d in _DEVICE.finditer(text)}
        if not found:
            raise PipelineError("no aie.device(...) in the design", self.design.source)
        return found

    @cached_property
    def folder(self) -> Path:
        """Where everything generated for it goes."""
        return self.design.root / "build" / self.device / self.design.name / self.name

    @cached_property
    def kernels(self) -> tuple[Path, ...]:
        """The C files behind the objects that the design's cores link (`link_with`).

        Raises:
            PipelineError: when there is no C file of that name, at the `link_with`.
        """
        text = self.rendered.text
        sources: dict[Path, None] = {}
        for found in _LINK_WITH.finditer(text):
            line = self.rendered.template_line(text.count("\n", 0, found.start()) + 1)
            known = None if self.design.program is not None else line
            sources[self._kernel_source(found.group(1), known)] = None
        return tuple(sources)

    def _kernel_source(self, linked: str, line: int | None) -> Path:
        folder = self.design.root / KERNELS
        stem = Path(linked).stem
        for suffix in (".c", ".cc", ".cpp"):
            if (source := folder / f"{stem}{suffix}").is_file():
                return source
        near = get_close_matches(stem, [p.stem for p in folder.glob("*.c*")], n=1)
        hint = f"; the nearest name there is {near[0]}.c" if near else ""
        if self.design.program is not None:
            hint += " (what an ExternalFunction names, iron.jit alone compiles: npuforge docs iron)"
        raise PipelineError(
            f'link_with = "{linked}" asks for {KERNELS}/{stem}.c, which is missing{hint}',
            self.design.source,
            line,
        )

    @cached_property
    def buffers(self) -> dict[str, Buffer] | None:
        """The declared buffers in argument order, or None for a bare design."""
        function = self.design.function("buffers")
        if function is None:
            return None
        declared = self.design.call(function, self.parameters)
        if not isinstance(declared, dict) or not all(
            isinstance(b, Buffer) for b in declared.values()
        ):
            raise PipelineError(
                "buffers(p) must return a dict of In, Out and InOut by name",
                self.design.python,
                self.design.line_of("buffers"),
            )
        return declared


@dataclass(frozen=True)
class Design:
    """The author's files for one design.

    Attributes:
        root: the project's folder.
        source: the template, the plain MLIR file or the IRON program.
        python: the declarations, or None for a bare design.
    """

    root: Path
    name: str
    source: Path
    python: Path | None

    @property
    def template_cache(self) -> Path:
        """Where compiled templates are kept, apart for each version of what compiles them."""
        version = source_version("pipeline/template.py")
        return self.root / "build" / ".cache" / f"templates-{version}"

    @property
    def program(self) -> Iron | None:
        """The IRON program that prints the design, None where a file holds it."""
        if self.source.suffix != ".py":
            return None
        declared = getattr(self.module, "design", None) if self.python else None
        return declared if isinstance(declared, Iron) else Iron(self.source.name, ())

    @property
    def is_template(self) -> bool:
        """Whether the MLIR text comes out of jinja."""
        return self.source.suffix == ".j2"

    @cached_property
    def module(self) -> ModuleType | None:
        """The declarations, executed.

        Raises:
            PipelineError: with the line, for whatever goes wrong in that file.
        """
        if self.python is None:
            return None
        name = f"{_package(self.python.parent)}.{self.name}"
        spec = importlib.util.spec_from_file_location(name, self.python)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        self.call(spec.loader.exec_module, module)
        return module

    @cached_property
    def declarations(self) -> tuple[Path, ...]:
        """The Python file and the shared modules that it imports, directly or not."""
        found: dict[Path, None] = {}
        waiting = [self.python] if self.python else []
        while waiting:
            file = waiting.pop()
            if file not in found and file.is_file():
                found[file] = None
                waiting.extend(file.with_name(f"{name}.py") for name in imports(file))
        return tuple(found)

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """All variants; one named "default" where none are declared."""
        defaults = {"device": DEFAULT_DEVICE, **self._dict("parameters")}
        named = self._dict("variants") or {"default": {}}
        return tuple(self._variant(name, values, defaults) for name, values in named.items())

    @cached_property
    def long(self) -> tuple[str, ...]:
        """The variants that are done only when they are asked for.

        Raises:
            PipelineError: one of them is none.
        """
        named, known = getattr(self.module, "long", ()), self._dict("variants")
        for name in (named,) if isinstance(named, str) else named:
            if name not in known:
                told = f"long takes the names of variants, {', '.join(known)}; not {name!r}"
                raise PipelineError(told, self.python, self.line_of("long"))
        return tuple(named)

    def _variant(self, name: str, values: object, defaults: Mapping[str, Any]) -> Variant:
        line = self.line_of("variants", name)
        if not _NAME.fullmatch(name):
            raise PipelineError(f"variant name {name!r} is no plain word", self.python, line)
        if not isinstance(values, dict):
            raise PipelineError(f"variant {name!r} must be a dict", self.python, line)
        for parameter in values:
            if parameter not in defaults:
                raise PipelineError(
                    _unknown(parameter, defaults),
                    self.python,
                    self.line_of("variants", name, parameter),
                )
        return Variant(self, name, Parameters({**defaults, **values}))

    def _dict(self, name: str) -> dict[str, Any]:
        value = getattr(self.module, name, {})
        if not isinstance(value, dict):
            raise PipelineError(f"{name} must be a dict", self.python, self.line_of(name))
        return value

    def function(self, name: str) -> Callable[..., Any] | None:
        """A function of the Python file, or None when it has none of that name."""
        found = getattr(self.module, name, None)
        return found if callable(found) else None

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls into the Python file; what goes wrong there becomes an error with its line."""
        try:
            return function(*arguments)
        except PipelineError:
            raise
        except SyntaxError as error:
            file = self._own(error.filename or "") or self.python
            raise PipelineError(error.msg, file, error.lineno) from error
        except (Exception, SystemExit) as error:
            raise self._failed(function, error) from error

    def _failed(self, function: Callable[..., Any], error: BaseException) -> PipelineError:
        """The error at the last of the author's lines on its way, or at the function."""
        text = str(error).replace(_package(self.source.parent), "")
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if file := self._own(frame.filename):
                told = f"{type(error).__name__}: {text or frame.line}"
                return PipelineError(told, file, frame.lineno)
        line = self.line_of(getattr(function, "__name__", ""))
        return PipelineError(f"{type(error).__name__}: {text}", self.python, line)

    def _own(self, name: str) -> Path | None:
        """A file as one of the author's, None for one that lies elsewhere."""
        path = Path(name)
        if self.python is None or path.parent != self.python.parent.absolute():
            return None
        return path

    def place_of(self, name: str) -> str:
        """Where a top-level name stands in the Python file, "mlir_templates/saxpy.py:12"."""
        return "" if self.python is None else f"{shown(self.python)}:{self.line_of(name)}"

    def line_of(self, name: str, *keys: str) -> int | None:
        """Where a top-level name, or a key within its dict, stands in the Python file."""
        if self.python is None:
            return None
        return line_of(self.python, name, *keys)


def _package(folder: Path) -> str:
    """The name of the package that a folder of designs is, so that they can import shared modules.

    Each folder has its own name: a process may meet several, as the tests do.
    """
    name = f"npuforge_designs_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    reading.watch(folder)
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"they are {', '.join(sorted(known))}"
    return f"{name!r} is not one of the design's parameters; {hint}"
