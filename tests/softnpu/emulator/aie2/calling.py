"""Small functions in assembly, called as C calls them."""

from __future__ import annotations

from collections.abc import Callable

import softnpu.core

NOPS = "\n".join(["nop"] * 5)
RETURN = f"ret lr\n{NOPS}"

Call = Callable[..., softnpu.core.Done]
"""Calls a function `f` that is given as assembly, with arguments; what is left."""
