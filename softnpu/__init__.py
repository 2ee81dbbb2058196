"""The NPU and its tools in software: compiler stages, packers, array and host API."""

__version__ = "0.1.0"
