"""Stand-in cores: kernels and core bodies compiled for RV32, in place of Peano's AIE2 code.

The compiler is clang, the linker lld, both as they are inside the `ziglang` wheel. The code is
linked at the AIE core's own addresses by mlir-aie's own linker script, so that everything but
the instructions is as on the array (see softnpu.arch.standin for how it talks to the array).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softnpu.targets.linking.stack import StackNeed
from softnpu.targets.standin.compile import compile_ir, compile_kernel
from softnpu.targets.standin.stack import stack_need
from softnpu.targets.standin.toolchain import compiler_version
from softnpu.targets.standin_runtime import KERNEL_INCLUDE

if TYPE_CHECKING:
    from softnpu.targets.standin.core import compile_core, core_name

__all__ = [
    "KERNEL_INCLUDE",
    "StackNeed",
    "compile_core",
    "compile_ir",
    "compile_kernel",
    "compiler_version",
    "core_name",
    "stack_need",
]


def __getattr__(name: str) -> object:
    """`compile_core` and `core_name` need the dialects, which compiling a kernel does not."""
    if name in ("compile_core", "core_name"):
        from softnpu.targets.standin import core

        return getattr(core, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
