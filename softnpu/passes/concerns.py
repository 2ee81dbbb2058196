"""What passes are about: a pass that lists the classes of ops that it does something for, as
`concerns`, is passed over where a design has none of them (see `compiler.pipelines.run`).

Most designs have few of the ops that there are passes for, and looking for them in a long sequence
takes each pass as long as its work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.dialects.walking import classes_in

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

Concerns: TypeAlias = tuple[type[Operation], ...]


class Met:
    """The classes of ops in a module, looked at anew when a pass may have changed them."""

    def __init__(self, module: ModuleOp) -> None:
        self._module = module
        self._classes: set[type[Operation]] | None = None

    def concern(self, one: ModulePass) -> bool:
        """Whether a pass may have anything to do."""
        concerns: Concerns | None = getattr(one, "concerns", None)
        if concerns is None:
            return True
        if self._classes is None:
            self._classes = classes_in(self._module)
        return any(issubclass(cls, concerns) for cls in self._classes)

    def forget(self) -> None:
        """A pass has changed the module."""
        self._classes = None
