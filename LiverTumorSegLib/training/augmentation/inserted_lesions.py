"""Synthetic tumours in the liver of a real CT.

After the idea of Hu et al., Label-Free Liver Tumor Segmentation (CVPR 2023), made anew from its description: random
smooth texture, bumpy ellipsoids, blurred edges, drawn on the fly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.training.augmentation.parenchyma import Parenchyma, parenchyma_of, thick_vessels
from LiverTumorSegLib.training.samples import Image, Sample
from LiverTumorSegLib.training.synthesis.lesions import blob
from LiverTumorSegLib.training.synthesis.noise import Field, smooth_field

_RADII_MM = (4.0, 8.0, 16.0, 32.0)
_COUNTS = ((3, 10), (3, 10), (2, 5), (1, 3))
"""Tiny, small, medium, large; so many in a whole liver."""
_LIVER_ML = 1500.0
_DARKER_HU = (65.0, 145.0)
_FLUID_HU, _DARK_AT_HU = 10.0, 200.0
"""In a liver of 200 HU tumours are darker by all of _DARKER_HU, in one as dark as fluid by nothing: a tumour takes up
contrast too, only less, and is never darker than fluid."""
_LEAST_HU = 18.0
_BRIGHT_SHARE, _BRIGHT_SHARE_IN_DARK, _DARK_LIVER_HU = 0.12, 0.5, 45.0
_BRIGHTER_HU, _LEAST_BRIGHT_MM = (15.0, 40.0), 8.0
"""A smaller bright ball would be a vessel seen end on."""
_RIM_SHARE, _NECROSIS_SHARE, _NECROSIS_FROM_MM = 0.25, 0.35, 10.0
_BUMPS_MM, _TEXTURE_MM = 20.0, 6.0
_LEAST_LIVER_ML, _LEAST_VOXELS = 10.0, 8


@dataclass(frozen=True)
class _Look:
    """What the lesions of one patient have in common, in HU relative to the liver. rim_hu: 0 for none."""

    body_hu: float
    texture_hu: float
    rim_hu: float
    rim_mm: float
    edge_mm: float
    has_necrosis: bool


def with_synthetic_lesions(sample: Sample, spacing_mm: float, rng: np.random.Generator) -> Sample:
    """A sample with tumours painted into its liver, and labelled so; those that it had stay as they are. There may be
    none, where all would have met another tumour.

    Thin vessels disappear under a tumour, thick ones it grows up to. Unchanged where liver or tumours are not
    annotated, where there are less than 10 ml of liver, and where its HU cannot be told.
    """
    organ = (sample.labels == LIVER.value) | (sample.labels == VESSEL.value)
    organ_ml = int(organ.sum()) * spacing_mm**3 / 1000
    is_known = sample.annotated.liver > 0 and sample.annotated.tumor > 0
    liver = parenchyma_of(sample, rng) if is_known and organ_ml >= _LEAST_LIVER_ML else None
    if liver is None:
        return sample
    room = organ & ~thick_vessels(sample.labels == VESSEL.value, spacing_mm)
    painted = replace(sample, hu=sample.hu.copy(), labels=sample.labels.copy())
    bumps = smooth_field(organ.shape, _BUMPS_MM / spacing_mm, rng)
    look = _random_look(liver, rng)
    for any_radius_mm in _random_radii_mm(organ_ml, rng):
        radius_mm = any_radius_mm if look.body_hu < 0 else max(_LEAST_BRIGHT_MM, any_radius_mm)
        box, inside = blob(room, bumps, 2 * radius_mm / spacing_mm, rng)
        if _meets_tumor(painted.labels[box], inside):
            continue
        texture = smooth_field(inside.shape, _TEXTURE_MM / spacing_mm, rng)
        _paint(painted, liver, box, inside & room[box], _with_variation(look, rng), texture, spacing_mm)
    return painted


def _meets_tumor(labels: LabelArray, inside: Mask) -> bool:
    """Two looks in one lesion, with a border between them, are what no tumour has."""
    return bool((labels[inside] == TUMOR.value).any())


def _random_radii_mm(organ_ml: float, rng: np.random.Generator) -> list[float]:
    """One or two sizes, as many of each as belong into this part of a liver, one at least; the largest come first."""
    sizes = rng.permutation(len(_RADII_MM))[: 1 if rng.random() < 0.6 else 2]
    whole = [(_RADII_MM[size], int(rng.integers(_COUNTS[size][0], _COUNTS[size][1] + 1))) for size in sizes]
    share = min(1.0, organ_ml / _LIVER_ML)
    radii = [radius for radius, count in whole for _ in range(int(rng.binomial(count, share)))]
    return sorted(radii, reverse=True) or [whole[0][0]]


def _random_look(liver: Parenchyma, rng: np.random.Generator) -> _Look:
    dark_hu = rng.uniform(*_DARKER_HU) * max(0.0, liver.hu - _FLUID_HU) / (_DARK_AT_HU - _FLUID_HU)
    bright_share = _BRIGHT_SHARE_IN_DARK if liver.hu < _DARK_LIVER_HU else _BRIGHT_SHARE
    is_bright = rng.random() < bright_share
    return _Look(
        body_hu=rng.uniform(*_BRIGHTER_HU) if is_bright else -max(_LEAST_HU, dark_hu),
        texture_hu=rng.uniform(2, 12),
        rim_hu=rng.uniform(10, 45) if rng.random() < _RIM_SHARE else 0.0,
        rim_mm=rng.uniform(1.5, 4),
        edge_mm=rng.uniform(0.8, 3.5),
        has_necrosis=rng.random() < _NECROSIS_SHARE,
    )


def _with_variation(look: _Look, rng: np.random.Generator) -> _Look:
    return replace(look, body_hu=look.body_hu * rng.uniform(0.75, 1.25), rim_hu=look.rim_hu * rng.uniform(0.5, 1.2))


def _paint(
    sample: Sample, liver: Parenchyma, box: Box, inside: Mask, look: _Look, texture: Field, spacing_mm: float
) -> None:
    weight = ndimage.gaussian_filter(inside.astype(np.float32), look.edge_mm / spacing_mm / 2)
    tumor = inside & (weight > 0.5)
    if tumor.sum() < _LEAST_VOXELS:
        return
    weight[~np.isin(sample.labels[box], (LIVER.value, VESSEL.value, TUMOR.value))] = 0
    lesion = liver.without_vessels[box] + _relative_hu(inside, look, liver, texture, spacing_mm)
    sample.hu[box] += weight * (lesion - sample.hu[box])
    sample.labels[box][tumor] = TUMOR.value


def _relative_hu(inside: Mask, look: _Look, liver: Parenchyma, texture: Field, spacing_mm: float) -> Image:
    """Of a lesion's inside to the liver: body with texture, a rim along the surface, a core without blood."""
    depth_mm = edt.edt(inside, anisotropy=(spacing_mm,) * 3)
    hu = look.body_hu + look.texture_hu * texture
    hu += look.rim_hu * np.exp(-((depth_mm / look.rim_mm) ** 2))
    deepest_mm = float(depth_mm.max())
    if look.has_necrosis and deepest_mm > _NECROSIS_FROM_MM:
        core = np.clip((depth_mm + texture - 0.4 * deepest_mm) / 3, 0, 1)
        hu += core * (min(look.body_hu, _FLUID_HU + 10 - liver.hu) - look.body_hu)
    return hu.astype(np.float32)
