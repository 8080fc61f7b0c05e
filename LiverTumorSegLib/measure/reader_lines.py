"""Which lesion a diameter belongs to that a reader has drawn."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.volume import Volume

_STEPS_PER_VOXEL = 4


def lesion_under(line_ras: Points, lesions: Volume) -> int | None:
    """The id that most of a line lies in; None where it meets none, or lies outside the volume.

    line_ras: end points (2, 3) in RAS mm. lesions: ids, 0 is none. Readers measure from edge to edge, so the ends
    themselves are often outside: the whole line is looked at. Ties: the lower id, which is the larger lesion.
    """
    ends_ijk = lesions.ijk_from_ras(line_ras)
    count = _STEPS_PER_VOXEL * int(np.ceil(np.linalg.norm(ends_ijk[1] - ends_ijk[0]))) + 2
    shares = np.linspace(0.0, 1.0, count)[:, None]
    indices = np.rint(ends_ijk[0] + shares * (ends_ijk[1] - ends_ijk[0])).astype(int)
    inside = ((indices >= 0) & (indices < lesions.shape)).all(axis=1)
    ids = np.asarray(lesions.array[tuple(indices[inside].T)], dtype=np.int64)
    counts = np.bincount(ids[ids > 0], minlength=1)
    return int(counts.argmax()) if counts.any() else None
