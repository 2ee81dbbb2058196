"""`npuforge doctor`: what this machine has of what builds and runs need, and how to mend it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from doit.cmd_base import Command
from doit.cmdparse import CmdParseError

from pipeline.options import FAILED, PlainErrors, json_option
from softnpu.terminal import fitted

if TYPE_CHECKING:
    from pipeline.amd.probing import Prober
    from runner.doctor import Tool


class Doctor(PlainErrors, Command):  # type: ignore[misc]
    """Checks Python, AMD's tools, XRT, the driver and the NPU; one failure hides no other."""

    name = "doctor"
    doc_purpose = "check what builds and runs on the NPU need"
    doc_usage = ""
    doc_description = """
Each line is a check, with what mends it below: of what is needed, and of what the NPU needs beyond
that. Nothing is changed and root is never needed; what cannot be seen from here is told. The exit
code is 0 when builds and npuforge test_emu can work, 1 otherwise; --json tells of the NPU as well.
"""
    cmd_options = (json_option("write the findings as JSON"),)

    def execute(self, opt_values: Mapping[str, Any], pos_args: list[str]) -> int:
        """Examines and tells."""
        if pos_args:
            raise CmdParseError(f"doctor is about the machine and takes no names: {pos_args[0]}")
        from runner.doctor import System, as_json, as_text, emulator_ready, examine

        checks = examine(System(), list(tools(os.environ)))
        text = as_json(checks) if opt_values["json"] else as_text(checks)
        sys.stdout.write(f"{text if opt_values['json'] else fitted(text, sys.stdout)}\n")
        return 0 if emulator_ready(checks) else FAILED


def tools(environment: Mapping[str, str]) -> Iterator[Tool]:
    """AMD's tools as the pipeline finds them."""
    from pipeline.amd.finding import TOOLS
    from pipeline.amd.probing import Prober
    from pipeline.selection import CACHE

    prober = Prober(CACHE)
    for name in TOOLS:
        yield _tool(name, environment, prober)
    prober.save()


def _tool(name: str, environment: Mapping[str, str], prober: Prober) -> Tool:
    from pipeline.amd import finding, probing
    from pipeline.selection import HOW_TO_GET, find
    from runner.doctor import Tool

    needed, remedy = name == finding.PEANO, HOW_TO_GET[name]
    chosen = find(name, environment, prober)
    if not isinstance(chosen, probing.Tool):
        why = [line.strip() for line in chosen.replace(remedy, "").splitlines()]
        told = " ".join([why[0], "; ".join(filter(None, why[1:]))]).rstrip("; ")
        broken = bool(finding.candidates(name, environment))
        return Tool(name, None, reason=told, needed=needed, remedy=remedy, broken=broken)
    others = []
    for candidate in finding.candidates(name, environment):
        other = prober.probe(name, candidate)
        if isinstance(other, probing.Tool) and other.digest != chosen.digest:
            others.append(f"{other.path} ({other.version})")
    return Tool(name, str(chosen.path), chosen.version, chosen.reason, tuple(others), needed)
