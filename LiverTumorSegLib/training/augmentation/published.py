"""The augmentations of "Towards clinical application of liver, vessel, and tumor segmentation ..." (LVT, A.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from LiverTumorSegLib.training.augmentation.placement import Placement, Size
from LiverTumorSegLib.training.augmentation.windowing import RandomWindowing, Range
from LiverTumorSegLib.training.samples import Image, Sample


@dataclass(frozen=True)
class PublishedAugmentation:
    """In this order: crop and resize, rotation, flips, Random windowing; the first three are one resampling.

    crop_scale: edge of the crop that fills the patch, in patches: above 1 things look smaller. turn_degrees: largest
    angle; as in nnU-Net, whose ranges these are, a patch that turns does so about all three axes. flip_share: of each
    axis.
    """

    crop_share: float = 0.2
    crop_scale: Range = (0.7, 1.4)
    turn_share: float = 0.2
    turn_degrees: float = 30.0
    flip_share: float = 0.5
    windowing: RandomWindowing = field(default_factory=RandomWindowing)

    def placement(self, size: Size, rng: np.random.Generator) -> Placement:  # noqa: ARG002
        """Scale, turn and flips of one patch."""
        is_cropped, is_turned = rng.random(2) < (self.crop_share, self.turn_share)
        scale = rng.uniform(*self.crop_scale)
        angles = rng.uniform(-self.turn_degrees, self.turn_degrees, 3)
        matrix = np.eye(3) * (scale if is_cropped else 1.0)
        if is_turned:
            matrix = matrix @ Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        return Placement(matrix @ np.diag(np.where(rng.random(3) < self.flip_share, -1.0, 1.0)))

    def changed_hu(self, sample: Sample, spacing_mm: float, rng: np.random.Generator) -> Image:  # noqa: ARG002
        """HU between the limits of the base window."""
        return self.windowing.seen(sample.hu, self.windowing.draw(rng))
