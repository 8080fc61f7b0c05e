"""For fine-tuning on very few real CTs: each patch as another patient on another scanner in another phase."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from LiverTumorSegLib.training.augmentation.bending import Bending, bent
from LiverTumorSegLib.training.augmentation.densities import Contrasts, Densities
from LiverTumorSegLib.training.augmentation.placement import Placement, Size
from LiverTumorSegLib.training.samples import Image, Sample
from LiverTumorSegLib.training.synthesis.scanner import blurred, grained


@dataclass(frozen=True)
class Scanner:
    """blur_share: of the patches, blurred by up to so many voxels (sigma). slices_mm: thickness of slices, one of them
    in those patches. noise_hu: mean of what is added to the CT's own noise; grain_voxels: its greatest grain (sigma).
    """

    blur_share: float = 0.4
    blur_voxels: float = 0.7
    slices_mm: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0)
    noise_hu: float = 7.0
    grain_voxels: float = 0.8

    def seen(self, hu: Image, spacing_mm: float, rng: np.random.Generator) -> Image:
        """As another scanner would show it."""
        if rng.random() < self.blur_share:
            in_plane, across = rng.uniform(0, self.blur_voxels, 2)
            hu = blurred(hu, float(in_plane), float(across), float(rng.choice(self.slices_mm)) / spacing_mm)
        noise = rng.standard_normal(hu.shape, dtype=np.float32)
        grain = rng.uniform(0, self.grain_voxels)
        return hu + np.float32(rng.gamma(2.0, self.noise_hu / 2)) * grained(noise, grain, grain / 2)


@dataclass(frozen=True)
class HeavyAugmentation:
    """Turned, scaled differently along the axes and bent; other contrasts, densities, sharpness and noise.

    flip_axes: each of them half of the time; none by default, as there is no patient whose liver lies on the left.
    contrast_share: of the patches, whose vessels and tumours stand out more or less; it needs labels.
    """

    bending: Bending = field(default_factory=lambda: Bending(turn_degrees=10.0, log_scale=0.16, elastic_voxels=5.0))
    flip_axes: tuple[int, ...] = ()
    contrast_share: float = 0.5
    contrasts: Contrasts = field(default_factory=Contrasts)
    densities: Densities = field(default_factory=Densities)
    scanner: Scanner = field(default_factory=Scanner)

    def placement(self, size: Size, rng: np.random.Generator) -> Placement:
        """Of one patch."""
        placement = bent(size, self.bending, rng)
        signs = np.ones(3)
        for axis in self.flip_axes:
            signs[axis] = rng.choice((-1.0, 1.0))
        return Placement(placement.matrix * signs, placement.elastic)

    def changed_hu(self, sample: Sample, spacing_mm: float, rng: np.random.Generator) -> Image:
        """HU, not clipped."""
        hu = sample.hu
        if rng.random() < self.contrast_share:
            hu = self.contrasts.changed(hu, sample.labels, rng)
        return self.scanner.seen(self.densities.changed(hu, rng), spacing_mm, rng)
