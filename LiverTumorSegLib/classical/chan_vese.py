"""Refinement of tumour outlines by morphological Chan-Vese (Marquez-Neila et al., TPAMI 2014), in a corrected form.

As published for liver tumours (``published_chan_vese``), the means are those of a whole image in which everything
outside the liver is black: liver is then always closer to the inner mean, and the step acts like a dilation. Here both
means come from bands beside the lesion's outline, of liver voxels only.
"""

from __future__ import annotations

import cc3d
import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray, InstanceArray, Mask
from LiverTumorSegLib.geometry.resample import grown_box
from LiverTumorSegLib.volume import Volume

BAND_MM = 5.0
"""Width of the bands inside and outside of the outline whose means are compared."""
BLUR_MM = 0.7
"""Gaussian blur of the CT before voxels are compared: single voxels are mostly noise."""


def refine_contours(
    ct: Volume, lesions: Mask | InstanceArray, organ: Mask, iterations: int = 2, band_mm: float = BAND_MM
) -> Mask:
    """Outlines moved to where the HU change, each lesion on its own; the union of the lesions, inside the organ.

    ct: HU. lesions: a mask (26-connected parts are lesions) or instance ids. An outline moves by about one voxel an
    iteration at most; 0 iterations give the lesions inside the organ. A lesion with no liver beside it, or that would
    vanish, stays as it is. Empty in, empty out.
    """
    labels = cc3d.connected_components(lesions, connectivity=26) if lesions.dtype == bool else lesions
    refined = np.zeros(ct.shape, bool, order="F")
    for index, tight in enumerate(ndimage.find_objects(labels), start=1):
        if tight is None:
            continue
        box = grown_box(tight, band_mm + iterations * max(ct.spacing_mm), ct)
        lesion = (labels[box] == index) & organ[box]
        allowed = organ[box] & ((labels[box] == 0) | lesion)
        refined[box] |= _refined(ct.crop(box), lesion, allowed, iterations, band_mm)
    return refined


def _refined(crop: Volume, lesion: Mask, allowed: Mask, iterations: int, band_mm: float) -> Mask:
    if iterations == 0 or not lesion.any():
        return lesion
    sigma = [BLUR_MM / step for step in crop.spacing_mm]
    weight = ndimage.gaussian_filter(allowed.astype(np.float32), sigma)
    blurred = ndimage.gaussian_filter(np.where(allowed, crop.array, 0).astype(np.float32), sigma)
    hu = blurred / np.maximum(weight, 0.1)
    mask = lesion
    for turn in range(iterations):
        means = _band_means(hu, mask, allowed, crop.spacing_mm, band_mm)
        if means is None:
            return lesion
        mask = smoothed(_moved(hu, mask, *means), turn) & allowed
    return mask if mask.any() else lesion


def _band_means(
    hu: ImageArray, mask: Mask, allowed: Mask, spacing_mm: tuple[float, float, float], band_mm: float
) -> tuple[float, float] | None:
    """Mean HU of allowed voxels just inside and just outside the outline; None if either band is empty."""
    inner = mask & (edt.edt(mask, anisotropy=spacing_mm) <= band_mm)
    outer = allowed & ~mask & (edt.edt(~mask, anisotropy=spacing_mm) <= band_mm)
    if not inner.any() or not outer.any():
        return None
    return float(hu[inner].mean()), float(hu[outer].mean())


def _moved(hu: ImageArray, mask: Mask, inner: float, outer: float) -> Mask:
    """Voxels along the outline, on both sides, go to the side whose mean is closer."""
    face = ndimage.generate_binary_structure(3, 1)
    edge = ndimage.binary_dilation(mask, face) & ~ndimage.binary_erosion(mask, face, border_value=1)
    closer_inside = np.abs(hu - inner) < np.abs(hu - outer)
    return np.where(edge, closer_inside, mask)


def smoothed(mask: Mask, turn: int) -> Mask:
    """One morphological curvature step; the two orders alternate, so that neither shrinking nor growing wins."""
    return _sup_inf(_inf_sup(mask)) if turn % 2 else _inf_sup(_sup_inf(mask))


def _sup_inf(mask: Mask) -> Mask:
    return np.logical_or.reduce([ndimage.binary_erosion(mask, plane, border_value=1) for plane in _PLANES])


def _inf_sup(mask: Mask) -> Mask:
    return np.logical_and.reduce([ndimage.binary_dilation(mask, plane) for plane in _PLANES])


def _planes() -> list[np.ndarray]:
    """The nine 3x3 planes through a voxel that hold at least two of its symmetry directions."""
    grid = np.mgrid[-1:2, -1:2, -1:2]
    normals = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)]
    return [np.tensordot(np.array(normal), grid, axes=1) == 0 for normal in normals]


_PLANES = _planes()
