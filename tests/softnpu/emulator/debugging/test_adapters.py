"""Debuggers as editors drive them, with the launch.json of docs/debugging.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.softnpu.emulator.debugging.adapters import Editor, adapter, editor
from tests.softnpu.emulator.debugging.artifacts import Built, build, line_of
from tests.softnpu.emulator.debugging.test_gdb import RIGHT, attached

PAGE = Path("docs/debugging.md")
KINDS = ("gdb", "lldb-dap")
ELF = "build/npu1_1col/saxpy/default/debug/main_core_0_2.elf"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("built"))


def documented(kind: str) -> dict[str, Any]:
    """The configuration of that type in the page's launch.json."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shown = [c for block in blocks for c in json.loads(block)["configurations"]]
    (found,) = (one for one in shown if one["type"] == kind)
    return dict(found)


def configured(kind: str, built: Built, port: int, *, old: bool) -> dict[str, Any]:
    """The same for a design of the tests.

    Args:
        old: for lldb before LLVM 18, as the page has it.
    """
    text = json.dumps(documented(kind))
    if old:
        instead = re.search(r"Before LLVM 18, `(.*?)`", PAGE.read_text())
        assert instead is not None
        text = text.replace('"gdb-remote-port": 3333', instead[1])
    for shown, here in (
        (f"${{workspaceFolder}}/{ELF}", str(built.folder / "main_core_0_2.elf")),
        ("${workspaceFolder}", str(built.folder)),
        ("3333", str(port)),
    ):
        text = text.replace(shown, here)
    return dict(json.loads(text))


def debugging(
    kind: str, built: Built, look: Callable[[Editor, Callable[[], int]], None], line: int = 0
) -> Callable[[int], None]:
    """A client that attaches, with a breakpoint in the kernel from the start, and looks around.

    `look` is given what goes on to the next stop and tells its thread.
    """
    command = adapter(kind)
    if command is None:
        pytest.skip(f"no debug adapter of type {kind} is installed")
    old = "lldb-vscode" in command[0]

    def talk(port: int) -> None:
        with editor(command, built.folder) as at:
            attaching = at.send("attach", **configured(kind, built, port, old=old))
            at.event("initialized")
            source = {"path": str(built.folder / "kernel.c")}
            at.ask("setBreakpoints", source=source, breakpoints=[{"line": line}] if line else [])
            at.ask("configurationDone")
            at.answer(attaching)

            def stop() -> int:
                return int(at.event("stopped")["body"]["threadId"])

            if kind == "gdb" or old:  # these show where they have attached
                at.ask("continue", threadId=stop())
            look(at, stop)

    return talk


def frames(at: Editor, thread: int) -> list[dict[str, Any]]:
    """The stack."""
    found = at.ask("stackTrace", threadId=thread, startFrame=0, levels=20)["stackFrames"]
    return list(found)


def variables(at: Editor, frame: dict[str, Any]) -> dict[str, str]:
    """Arguments and locals of a frame, by name."""
    found = {}
    for scope in at.ask("scopes", frameId=frame["id"])["scopes"]:
        if scope["name"] in ("Arguments", "Locals"):
            told = at.ask("variables", variablesReference=scope["variablesReference"])
            found |= {one["name"]: one["value"] for one in told["variables"]}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_stops_in_a_kernel_sees_its_callers_and_steps(kind: str, built: Built) -> None:
    line = line_of("int32_t doubled")

    def look(at: Editor, stop: Callable[[], int]) -> None:
        thread = stop()
        inner, outer, *_ = frames(at, thread)
        assert (inner["name"], inner["line"]) == ("twice", line)
        assert (outer["name"], outer["line"]) == ("scale", line_of("out[i] = twice"))
        assert outer["source"]["path"] == str(built.folder / "kernel.c")
        assert variables(at, inner)["value"] == "100"
        assert variables(at, outer)["i"] == "0"
        asked = at.ask("evaluate", expression="in[3] + i", frameId=outer["id"], context="watch")
        assert asked["result"] == "103"
        at.ask("next", threadId=thread)
        assert frames(at, stop())[0]["line"] == line + 1
        at.ask("stepOut", threadId=thread)
        assert frames(at, stop())[0]["name"] == "scale"
        source = {"path": str(built.folder / "kernel.c")}
        at.ask("setBreakpoints", source=source, breakpoints=[])
        at.ask("continue", threadId=thread)
        assert at.event("exited")["body"]["exitCode"] == 0

    report, output = attached(built, debugging(kind, built, look, line))
    assert report.completed
    assert (output == RIGHT).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_is_shown_where_a_core_faults(kind: str, tmp_path: Path) -> None:
    wrong = build(
        tmp_path,
        "void put(int *b, int i) { b[i] = 1; }\n"
        "void scale(const int *a, int *b) {\n    put(b, 0);\n    put(b, 16);\n}\n"
        "void add(const int *a, int *b) {}\n",
    )

    def look(at: Editor, stop: Callable[[], int]) -> None:
        found = frames(at, stop())
        assert [(one["name"], one["line"]) for one in found[:2]] == [("put", 1), ("scale", 4)]
        assert variables(at, found[0])["i"] == "16"
        at.ask("continue", threadId=1)
        at.event("exited")

    report, _ = attached(wrong, debugging(kind, wrong, look), check=True)
    assert report.fault is not None
