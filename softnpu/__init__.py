"""The NPU and its tools in software: compiler stages, packers, array and host API."""

from softnpu import late

__version__ = "0.1.0"

late.make_dataclass_methods_late()
