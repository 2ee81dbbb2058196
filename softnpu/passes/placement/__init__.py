"""Placers: what `aie-place-tiles` chooses from."""

from __future__ import annotations

from typing import Literal, get_args

Placer = Literal["sequential_placer", "sa_placer"]
PLACERS: tuple[Placer, ...] = get_args(Placer)
"""Ways to place logical tiles: one after the other, or by simulated annealing."""
