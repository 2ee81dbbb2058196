"""Where the stand-in cores' runtime lies: headers for kernels and cores, sources."""

from pathlib import Path

RUNTIME = Path(__file__).parent
KERNEL_INCLUDE = RUNTIME / "include"
"""The folder of `npu_core.h`, for stand-in cores and AIE cores alike."""
STANDIN_INCLUDE = RUNTIME / "standin"
CXX_INCLUDE = RUNTIME / "standin_cxx"
SOURCES = RUNTIME / "source"
