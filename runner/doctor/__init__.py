"""The doctor: what this machine has of what builds and runs need, and how to mend it.

Independent checks, none of which needs root or changes anything; what cannot be seen is told.
"""

from runner.doctor.check import Check, Status
from runner.doctor.examine import emulator_ready, examine, hardware_ready
from runner.doctor.report import as_json, as_text
from runner.doctor.system import System
from runner.doctor.tools import Tool

__all__ = [
    "Check",
    "Status",
    "System",
    "Tool",
    "as_json",
    "as_text",
    "emulator_ready",
    "examine",
    "hardware_ready",
]
