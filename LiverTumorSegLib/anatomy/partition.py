"""Eight segments that share out a liver exactly, from a network's opinions on a coarser grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.parts import in_one_part_each
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.volume import Volume

SIGMA_VOXELS = 1.5
"""Borders are meant as planes; ripples of a voxel of 4 mm look like fingers where a slice runs along one. Dice is the
same with and without (docs/models/anatomy.md)."""


def even(opinions: Sequence[Volume], sigma_voxels: float = SIGMA_VOXELS) -> list[Volume]:
    """Opinions, 0 outside an organ on all of them, without their ripples; the organ's border does not count."""
    inside = (np.maximum.reduce([one.array for one in opinions]) > 0).astype(np.float32)
    share = ndimage.gaussian_filter(inside, sigma_voxels) + np.float32(np.finfo(np.float32).tiny)
    return [one.with_array(ndimage.gaussian_filter(one.array, sigma_voxels) / share) for one in opinions]


def partition(organ: Volume, opinions: Sequence[Volume]) -> LabelArray:
    """uint8 (i, j, k) on the organ's grid: values 1 to n inside the organ, 0 outside.

    organ: a mask. opinions: of value 1, 2, ... on one grid that need not be the organ's; the highest wins. Each value
    is one part whose voxels hang together by their faces, as far as the organ itself does; a value may be absent.
    """
    labels = np.zeros(organ.shape, np.uint8)
    box = bounding_box(organ.array)
    if box is not None:
        inside = organ.crop(box)
        labels[box] = in_one_part_each(_highest(inside, opinions), inside.array != 0)
    return labels


def _highest(organ: Volume, opinions: Sequence[Volume]) -> LabelArray:
    """One after the other, so that no more than two opinions are ever held on the fine grid."""
    best = np.full(organ.shape, -np.inf, np.float32)
    labels = np.zeros(organ.shape, np.uint8)
    for value, opinion in enumerate(opinions, start=1):
        here = resample(opinion, Grid.of(organ), outside=0.0).array
        higher = here > best
        labels[higher] = value
        np.maximum(best, here, out=best)
    return labels
