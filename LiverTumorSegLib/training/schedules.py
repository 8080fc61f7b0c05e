"""How the learning rate goes from its highest value, 1, to the end of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

Schedule = Callable[[float], float]
"""Done share of the run (0..1) -> share of the highest rate."""

_LOWEST = 0.01


def constant(_done: float) -> float:
    """For a run of which later ones begin: it can go on for as long as it helps."""
    return 1.0


def cosine(done: float) -> float:
    """Half a period, from 1 down to a hundredth."""
    return _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * done))


def poly(done: float) -> float:
    """(1 - done)^0.9, as nnU-Net has it; 0 at the end."""
    return float((1 - done) ** 0.9)


RATES: Mapping[str, Schedule] = {"constant": constant, "cosine": cosine, "poly": poly}
