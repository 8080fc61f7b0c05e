"""What the networks see of a CT, cut out by hand: one window around a structure."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.volume import Volume


def liver_window(ct: Volume, liver: Volume, size: Size) -> np.ndarray:
    """A window at 3 mm around the liver's centre, 0 beyond the CT."""
    grid = upright_grid(ct, LIVER.spacing_mm)
    seen = LIVER.input_from_hu(resample(ct, grid, outside=-1024.0).array)
    return _cut(seen, _center(resample(liver, grid, outside=0.0).array), size, 0.0)


def lesion_window(ct: Volume, liver: Volume, tumors: Volume, size: Size) -> np.ndarray:
    """A window at 1 x 1 x 3 mm around the tumours' centre, -0.5 outside the liver."""
    grid = upright_grid(ct, LESION.spacing_mm)
    seen = LESION.input_from_hu(resample(ct, grid, outside=-1024.0).array)
    inside = resample(liver, grid, outside=0.0).array >= 0.5
    masked = np.where(inside, seen, np.float32(-0.5))
    return _cut(masked, _center(resample(tumors, grid, outside=0.0).array), size, -0.5)


def mask_of(volume: Volume, *values: int) -> Volume:
    """float32 mask of some values of a label map; of all but 0 if none is given."""
    wanted = np.isin(volume.array, values) if values else volume.array > 0
    return volume.with_array(wanted.astype(np.float32))


def _center(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask >= 0.5).mean(axis=0).astype(int)


def _cut(array: np.ndarray, center: np.ndarray, size: Size, fill: float) -> np.ndarray:
    padded = np.pad(array, [(n, n) for n in size], constant_values=fill)
    starts = [int(c) + n - n // 2 for c, n in zip(center, size, strict=True)]
    return np.ascontiguousarray(padded[tuple(slice(a, a + n) for a, n in zip(starts, size, strict=True))])
