"""How a reader's outline departs from the truth: smoothly, here outwards and there inwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.shapes import Field, Positions

WAVES = 6
WAVELENGTHS_MM = (12.0, 40.0)
FARTHEST_MM = 1.9
"""Outlines of lesions that lie 4 mm apart or more stay apart."""


@dataclass(frozen=True)
class Hand:
    """deviation_mm: standard deviation of the outline's distance from the truth, 0 to 1.5. seed: of one drawing."""

    deviation_mm: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.deviation_mm <= 1.5:
            raise InputError(
                found=f"outlines {self.deviation_mm} mm off",
                expected="0 to 1.5 mm, so that neighbouring lesions stay apart",
                remedy="Ask for a steadier hand",
            )

    def outwards_mm(self, p: Positions) -> Field:
        """How far outside the true surface the outline runs; a single 0 for a hand that makes no mistake."""
        if not self.deviation_mm:
            return np.zeros((1, 1, 1), np.float32)
        rng = np.random.Generator(np.random.PCG64([self.seed, 3]))
        directions = rng.standard_normal((WAVES, 3))
        directions *= 2 * np.pi / (rng.uniform(*WAVELENGTHS_MM, WAVES) * np.linalg.norm(directions, axis=1))[:, None]
        total: Field = np.zeros((1, 1, 1), np.float32)
        for (a, b, c), phase in zip(directions.astype(np.float32), rng.uniform(0, 2 * np.pi, WAVES), strict=True):
            total = total + np.sin(a * p.x + b * p.y + c * p.z + np.float32(phase))
        return np.clip(total * np.float32(self.deviation_mm * np.sqrt(2 / WAVES)), -FARTHEST_MM, FARTHEST_MM)
