"""Where the liver is: the whole-liver network on the whole volume at 3 mm.

Follows the publisher's preprocessing (1.5 mm, median 3, 3 mm, HU window, zero padding, one window centred on the body's
box); several windows only where a scan is longer or wider than one can see.
"""

from __future__ import annotations

import cc3d
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray, Mask
from LiverTumorSegLib.engines.network import Network
from LiverTumorSegLib.geometry.resample import median_filtered, resample, upright_grid
from LiverTumorSegLib.inference.windows import run_tiles, tiles
from LiverTumorSegLib.models.kuleuven import LIVER
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress
from LiverTumorSegLib.volume import Volume

AIR_HU = -1024.0
FINE_MM = (1.5, 1.5, 1.5)
BODY_HU = -150.0
SHIFT_HU = -30.0
"""Added before the HU window: keeps a large dark mass beside the liver out, costs nothing elsewhere (decision 0005)."""
LIVER_AT = 0.5
CERTAIN_AT, LEAST_CERTAIN_SHARE = 0.9, 0.2
"""Real livers, halves of livers too, are certain in at least 0.36 of their volume; a false one in a head in 0.04."""


def liver_probability(ct: Volume, network: Network, report: ProgressCallback = ignore_progress) -> Volume:
    """Probability of liver (tumours included) at 3 mm on an upright grid over the whole CT.

    Only the largest part and its surroundings are kept; all 0 where no voxel reaches 0.5, or where the network is
    hardly anywhere sure, as in a head.
    """
    coarse = coarse_ct(ct)
    box = body_box(coarse.array)
    seen = LIVER.input_from_hu(coarse.array[box] + SHIFT_HU)
    probability = np.zeros(coarse.shape, np.float32)
    probability[box] = run_tiles(seen, tiles(seen.shape, network.window_out), network, report)
    return coarse.with_array(np.where(largest_part(probability), probability, np.float32(0)))


def coarse_ct(ct: Volume) -> Volume:
    """The CT at 3 mm as the network was trained on it: 1.5 mm, median, 3 mm."""
    fine = resample(ct, upright_grid(ct, FINE_MM), outside=AIR_HU)
    return resample(median_filtered(fine, 1), upright_grid(ct, LIVER.grid_mm), outside=AIR_HU)


def body_box(hu: ImageArray) -> tuple[slice, slice, slice]:
    """In-plane box of the largest thing denser than air, over all slices; everything where there is none."""
    i, j, k = (slice(0, n) for n in hu.shape)
    body = cc3d.largest_k(ndimage.binary_erosion(hu > BODY_HU), k=1, connectivity=6) > 0
    if body.any():
        i, j, _all = ndimage.find_objects(body.astype(np.uint8))[0]
    return i, j, k


def largest_part(probability: ImageArray) -> Mask:
    """Around the largest component: two voxels more, so that interpolation keeps its border in place."""
    part = cc3d.largest_k(probability >= LIVER_AT, k=1, connectivity=26) > 0
    if not part.any() or (probability[part] >= CERTAIN_AT).mean() < LEAST_CERTAIN_SHARE:
        return np.zeros_like(part)
    return ndimage.binary_dilation(part, iterations=2)
