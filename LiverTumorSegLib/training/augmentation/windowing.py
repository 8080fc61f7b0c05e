"""Random windowing: a CT seen through windows that contrast phases and readers vary.

Østmo et al., View it Like a Radiologist: Shifted Windows for Deep Learning Augmentation of CT Images (MLSP 2023), with
the numbers of agnalt/random-windowing; LVT's text has the ranges of width and level the wrong way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.samples import Image

Range = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """HU from level - width / 2 to level + width / 2 can be told apart. Raises InputError for a width of 0 or less."""

    width: float
    level: float

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise InputError(
                found=f"a window {self.width:g} HU wide", expected="more than 0 HU", remedy="Give a width above 0"
            )

    @property
    def low_hu(self) -> float:
        return self.level - self.width / 2

    @property
    def high_hu(self) -> float:
        return self.level + self.width / 2


BASE = Window(217.3, 87.1)
"""-21.55 to 195.75 HU: what inference uses, and most patches in training."""


@dataclass(frozen=True)
class RandomWindowing:
    """Level (shift) and width (scale) are drawn uniformly, each with ``share`` of its own, else they are the base's.

    With 0.163 each, 30 % of the patches are not seen through the base window.
    """

    base: Window = BASE
    width_hu: Range = (141.2, 325.9)
    level_hu: Range = (11.5, 152.9)
    share: float = 0.163

    def draw(self, rng: np.random.Generator) -> Window:
        """A window for one patch."""
        shifted, scaled = rng.random(2) < self.share
        level, width = rng.uniform(*self.level_hu), rng.uniform(*self.width_hu)
        return Window(width if scaled else self.base.width, level if shifted else self.base.level)

    def seen(self, hu: Image, window: Window) -> Image:
        """Raw HU through a window, as the HU that the base window shows as bright: within the base's limits, float32.

        So the network's input is made of them as it is in inference, with the base window as its range of HU.
        """
        share = (np.clip(hu, window.low_hu, window.high_hu) - window.low_hu) / window.width
        return (share * self.base.width + self.base.low_hu).astype(np.float32)
