"""A liver as the anatomy network sees it: its shape and its vessels on one small grid, and nothing of the image.

Masks are what every data set with Couinaud segments has, whatever its scanner and phase; and a mask that a reader has
corrected is looked at in the same way.
"""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Box
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, grown_box, resample, smoothed, upright_grid
from LiverTumorSegLib.volume import Volume

SPACING_MM = 4.0
"""Of the grid, along the patient's axes."""
OUTSIDE, ALL_LIVER, ALL_VESSEL = 0.0, 1.0, 2.0
"""Between the last two: the share of a voxel that is vessel."""
_MARGIN_MM = 4.0
_MOSTLY = 0.499
"""Half, whichever way rounding goes: how voxels are stored must not matter."""


def shape_image(organ: Volume, vessel: Volume) -> Volume:
    """float32 on an upright grid of SPACING_MM just around the organ.

    organ, vessel: masks (anything but 0 is inside) on one grid of any spacing and direction; the organ holds its
    vessels. An empty vessel mask is a liver whose vessels nobody knows. Raises InputError for an empty organ, and
    ValueError on different grids.
    """
    if not organ.same_grid(vessel):
        message = f"masks on {organ.describe_grid()} and on {vessel.describe_grid()}"
        raise ValueError(message)
    box = organ_box(organ)
    mask = organ.crop(box)
    grid = shape_grid(mask)
    inside = share_of(mask, grid).array > _MOSTLY
    share = share_of(vessel.crop(box), grid).array
    return Volume(np.where(inside, ALL_LIVER + share, OUTSIDE).astype(np.float32), grid.affine)


def organ_box(organ: Volume) -> Box:
    """Of an organ, and a little more. Raises InputError where it is empty."""
    box = bounding_box(organ.array)
    if box is None:
        raise InputError(
            found="a segmentation without liver", expected="a liver", remedy="Segment or draw the liver first"
        )
    return grown_box(box, _MARGIN_MM, organ)


def shape_grid(volume: Volume) -> Grid:
    """On which a volume is seen."""
    return upright_grid(volume, (SPACING_MM,) * 3)


def share_of(mask: Volume, grid: Grid) -> Volume:
    """How much of each voxel of a coarser grid is inside a mask, 0 to 1."""
    inside = mask.with_array((mask.array != 0).astype(np.float32))
    found = resample(smoothed(inside, (SPACING_MM,) * 3), grid, outside=0.0)
    return found.with_array(np.clip(found.array, 0.0, 1.0))
