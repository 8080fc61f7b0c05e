"""What every set of augmentations can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from LiverTumorSegLib.training.augmentation.placement import Placement, Size
from LiverTumorSegLib.training.samples import Image, Sample


@runtime_checkable  # so that the tests can check annotations
class Augmentation(Protocol):
    """First where a patch lies, before it is cut out of its volume; then how bright it is. Labels only move along."""

    def placement(self, size: Size, rng: np.random.Generator) -> Placement:
        """Where a patch of that size lies around its place in the volume."""
        ...

    def changed_hu(self, sample: Sample, spacing_mm: float, rng: np.random.Generator) -> Image:
        """HU of a sample as another scan would show it; the sample is left as it is."""
        ...
