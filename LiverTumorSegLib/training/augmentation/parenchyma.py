"""The liver's own tissue in a patch: how bright it is, and how it would look where vessels run."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.labels import LIVER, VESSEL
from LiverTumorSegLib.training.augmentation.densities import middle_of
from LiverTumorSegLib.training.samples import Image, Sample

_SIGMA_PER_MAD = 1.4826
_ODD_SIGMAS = 3.0
_SHIFTS, _FARTHEST_SHIFT = 12, 20
_THICK_MM = 3.0
"""Radius from which on a vessel is a trunk."""


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """hu: median. without_vessels: HU of the patch; where a vessel, its edge or something else that is no liver tissue
    lies in the liver, that of liver nearby, with its noise.
    """

    hu: float
    without_vessels: Image


def parenchyma_of(sample: Sample, rng: np.random.Generator) -> Parenchyma | None:
    """None where hardly any liver is labelled."""
    tissue = sample.labels == LIVER.value
    hu = middle_of(sample.hu, tissue)
    if hu is None:
        return None
    vessels = sample.labels == VESSEL.value
    deviation = np.abs(sample.hu - np.float32(hu))
    sigma = _SIGMA_PER_MAD * (middle_of(deviation, tissue) or 0.0)
    usable = tissue & (deviation <= _ODD_SIGMAS * sigma) & ~ndimage.binary_dilation(vessels)
    return Parenchyma(hu, _filled(sample.hu, usable, (tissue | vessels) & ~usable, hu, rng))


def thick_vessels(vessels: Mask, spacing_mm: float) -> Mask:
    """What of the vessels belongs to parts of 3 mm radius or more (opened by a ball); empty stays empty."""
    thick = np.zeros_like(vessels)
    box = bounding_box(vessels)
    if box is None:
        return thick
    inside = vessels[box]
    spacing = (spacing_mm,) * 3
    core = edt.edt(inside, anisotropy=spacing) >= _THICK_MM
    thick[box] = inside & (edt.edt(~core, anisotropy=spacing) < _THICK_MM) if core.any() else core
    return thick


def _filled(hu: Image, usable: Mask, gaps: Mask, middle_hu: float, rng: np.random.Generator) -> Image:
    """Gaps take what lies usable at the end of a random shift, so that noise keeps its grain."""
    out, places = hu.copy(), np.argwhere(gaps)
    shape = np.array(hu.shape)
    for shift in rng.integers(-_FARTHEST_SHIFT, _FARTHEST_SHIFT + 1, (_SHIFTS, 3)):
        there = tuple(((places + shift) % shape).T)
        found = usable[there]
        out[tuple(places[found].T)] = hu[there][found]
        places = places[~found]
    out[tuple(places.T)] = middle_hu
    return out
