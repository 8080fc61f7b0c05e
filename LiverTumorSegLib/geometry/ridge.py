"""How much a voxel lies on a bright tube: eigenvalues of the Hessian, at chosen voxels only."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray


def tube_strength(
    image: ImageArray,
    voxels: Int[np.ndarray, " n"],
    scales_mm: tuple[float, ...],
    spacing_mm: float,
    blur_mm: float = 0.0,
) -> Float32[np.ndarray, " n"]:
    """Largest scale-normalised tube response (unit of the image) at flat C-order indices of an isotropic image.

    The response at one scale is minus the middle Hessian eigenvalue times scale^2: high on a bright tube or blob, about
    zero on a bright sheet and on an edge, so the liver's border does not answer (Sato et al., MedIA 1998).
    scales_mm ascend; blur_mm is the Gaussian blur that the image has already. Empty ``voxels`` give an empty array.
    """
    strongest = np.full(voxels.size, -np.inf, np.float32)
    smooth, have_mm = np.ascontiguousarray(image, dtype=np.float32), blur_mm
    for scale_mm in scales_mm:
        step_mm = float(np.sqrt(max(0.0, scale_mm**2 - have_mm**2)))
        smooth = ndimage.gaussian_filter(smooth, step_mm / spacing_mm, mode="nearest", truncate=3.0)
        have_mm = scale_mm
        middle = _middle_eigenvalue(_hessian(smooth, voxels))
        np.maximum(strongest, -middle * np.float32((scale_mm / spacing_mm) ** 2), out=strongest)
    return strongest


def _hessian(image: ImageArray, voxels: np.ndarray) -> np.ndarray:
    """Second differences (6, n) at flat indices, in the order xx, yy, zz, xy, xz, yz; edges repeat."""
    padded = np.pad(image, 1, mode="edge")
    flat = padded.ravel()
    strides = (padded.shape[1] * padded.shape[2], padded.shape[2], 1)
    at = np.ravel_multi_index([axis + 1 for axis in np.unravel_index(voxels, image.shape)], padded.shape)
    center = flat[at]
    pure = [flat[at + s] + flat[at - s] - 2 * center for s in strides]
    mixed = [
        (flat[at + s + t] + flat[at - s - t] - flat[at + s - t] - flat[at - s + t]) / 4
        for s, t in ((strides[0], strides[1]), (strides[0], strides[2]), (strides[1], strides[2]))
    ]
    return np.array(pure + mixed, dtype=np.float32)


def _middle_eigenvalue(hessian: np.ndarray) -> np.ndarray:
    """Middle eigenvalue (n,) of symmetric 3x3 matrices (6, n), in closed form by the trigonometric solution."""
    mean = hessian[:3].mean(axis=0)
    xx, yy, zz = hessian[:3] - mean
    xy, xz, yz = hessian[3:]
    radius = np.sqrt((xx**2 + yy**2 + zz**2 + 2 * (xy**2 + xz**2 + yz**2)) / 6)
    determinant = xx * (yy * zz - yz**2) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
    cosine = np.clip(determinant / np.maximum(2 * radius**3, 1e-20), -1, 1)
    return np.asarray(mean + 2 * radius * np.cos(np.arccos(cosine) / 3 - 2 * np.pi / 3))
