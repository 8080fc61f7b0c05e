"""Recognizes an image in other files by its voxels, whatever the format, the packing and the order of the axes."""

from __future__ import annotations

import hashlib

import numpy as np

from LiverTumorSegLib.arrays import HuArray
from LiverTumorSegLib.geometry.components import slabs
from LiverTumorSegLib.training.data.turns import whole_hu

VERSION = 1
"""Of the way fingerprints are made; kept with those that are stored."""

_HU_VALUES, _LOWEST_HU = 2**16, -(2**15)


def fingerprint(hu: HuArray) -> str:
    """Hexadecimal digest of a CT that is the same in all 48 orders of its axes.

    It is made of how many voxels have each HU (whole numbers), and of the sums of the slices along each of the three
    axes, read from the end that comes first. Neither needs to know how the patient lies: the copies of 3D-IRCADb in
    LiTS say nothing true about that. Spacing and position do not count either.
    """
    counts = np.zeros(_HU_VALUES, np.int64)
    main: list[int] = []
    across: np.ndarray | None = None
    for slab in slabs(hu):
        values = whole_hu(slab).astype(np.int64)
        counts += np.bincount((values - _LOWEST_HU).ravel(), minlength=_HU_VALUES)
        main.append(int(values.sum()))
        across = values if across is None else across + values
    if across is None:
        message = "a CT without slices"
        raise ValueError(message)
    profiles = [tuple(main), *(tuple(across.sum(axis=axis).tolist()) for axis in (0, 1))]
    digest = hashlib.sha256(counts.tobytes())
    digest.update(repr(sorted(min(profile, profile[::-1]) for profile in profiles)).encode())
    return digest.hexdigest()
