"""What every CT must pass before work begins, whatever its format."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import RawImage
from LiverTumorSegLib.volume import Volume

PADDING_HU = -1024
"""Air is -1000; scanners pad outside the field of view with -1024, -2000 or -3024, which is all one to us."""

MIN_RANGE_HU = 150.0
AIR_HU = -300.0
MIN_AIR_SHARE = 1e-3
_SAMPLES = 2_000_000
_INT16 = np.iinfo(np.int16)


def ct_volume(image: RawImage) -> tuple[Volume, tuple[str, ...]]:
    """The volume in Hounsfield units (int16 where exact, else float32) and warnings.

    Values below PADDING_HU become PADDING_HU. Raises InputError for NaN and infinite voxels, for grids without volume
    and for values that cannot be Hounsfield units.
    """
    refuse_non_finite(image.path.name, image.array)
    warnings = check_hounsfield(image.path.name, image.array)
    return Volume(as_hounsfield(image.array), image.affine), image.warnings + warnings


def as_hounsfield(array: np.ndarray) -> np.ndarray:
    """A writable copy, padding raised to PADDING_HU: int16 if every value fits exactly, else float32."""
    dtype = np.dtype(np.int16 if _is_int16(array) else np.float32)
    return np.maximum(array.astype(dtype, copy=False), dtype.type(PADDING_HU))


def refuse_non_finite(name: str, array: np.ndarray) -> None:
    """Raises InputError naming how many voxels are NaN or infinite."""
    if array.dtype.kind != "f" or np.isfinite(array.sum(dtype=np.float64)):
        return
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(
            found=f"{name} has {bad} voxels of {array.size} that are NaN or infinite",
            expected="a number in every voxel",
            remedy="Replace them by -1024 (air) if they lie outside the patient, or export the CT again",
        )


def check_hounsfield(name: str, array: np.ndarray) -> tuple[str, ...]:
    """Warnings for an image that may not be a CT. Raises InputError for one that cannot be.

    Hounsfield units of a body have air below -300 and fat below 0; an MR, an 8-bit picture, and a CT whose rescale
    intercept got lost have no negative value.
    """
    sample = array.ravel(order="K")[:: max(1, array.size // _SAMPLES)]
    low, high = float(array.min()), float(array.max())
    if low == high or high - low < MIN_RANGE_HU or low >= 0:
        raise InputError(
            found=f"{name} holds {_looks_like(low, high)}",
            expected="a CT in Hounsfield units (air -1000, fat -100, liver 50 to 150)",
            remedy="Export the CT with its rescale intercept applied; MR images cannot be used",
        )
    if np.count_nonzero(sample < AIR_HU) < MIN_AIR_SHARE * sample.size:
        return (f"Hardly any voxel is air (lowest value {low:g}): check that this is a CT in Hounsfield units.",)
    return ()


def _looks_like(low: float, high: float) -> str:
    if low == high:
        return f"the same value ({low:g}) in every voxel"
    values = f"values from {low:.4g} to {high:.4g}"
    if high - low < MIN_RANGE_HU:
        return f"{values}, as a mask or a normalized image does"
    if high <= 255:
        return f"{values}, as an 8-bit picture does"
    return f"{values} and none below 0, as an MR or a CT without its rescale intercept does"


def _is_int16(array: np.ndarray) -> bool:
    if array.dtype.kind in "iu":
        return bool(array.dtype == np.int16 or (array.min() >= _INT16.min and array.max() <= _INT16.max))
    probe = array[:, :, array.shape[2] // 2]
    if not (probe == np.rint(probe)).all() or array.min() < _INT16.min or array.max() > _INT16.max:
        return False
    return all(bool((array[:, :, k] == np.rint(array[:, :, k])).all()) for k in range(array.shape[2]))
