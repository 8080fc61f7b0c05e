"""Is a large lesion inside the liver at all? A network takes a mass beside the liver for a tumour now and then.

Only the masks are asked: the share of liver in the shell around the lesion. The share of the lesion's surface that
touches liver separates worse, since a network that takes in a mass also takes a rim of what surrounds it.
Shell of 10 mm, share of liver: the experts' lesions >= 30 ml of 3D-IRCADb have 0.48, 0.57 and 0.73, and 0.06 one that
hangs below the liver; the mass of patient 7, which is no liver tumour, has 0.21 to 0.27. Small lesions under the
capsule are left alone (an expert's one of 14 ml has 0.32).
"""

from __future__ import annotations

import edt
import numpy as np

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.geometry.boxes import grow_box
from LiverTumorSegLib.volume import Volume

_COARSE_MM = 2.5
"""The share needs no more detail than this, and large lesions are measured in milliseconds so."""


def parenchyma_around(lesion_id: int, box: Box, lesions: Volume, organ: Mask, reach_mm: float) -> float | None:
    """Share of liver in the shell of ``reach_mm`` around a lesion, other lesions left out.

    box: of the lesion. organ: liver, vessels and tumours, same shape as lesions. Voxels outside the volume are not
    counted. None if nothing is left to count. On sheared grids the shell is that of the spacings.
    """
    spacing_mm = lesions.spacing_mm
    i, j, k = (int(np.ceil(reach_mm / s)) + 1 for s in spacing_mm)
    region = grow_box(box, (i, j, k), lesions.shape)
    step = [max(1, int(_COARSE_MM / s)) for s in spacing_mm]
    every = tuple(slice(None, None, n) for n in step)
    ids = lesions.array[region][every]
    inside = ids == lesion_id
    if not inside.any():
        return None
    coarse_mm = tuple(s * n for s, n in zip(spacing_mm, step, strict=True))
    distance_mm = edt.edt(np.ascontiguousarray(~inside), anisotropy=coarse_mm)
    shell = (distance_mm <= reach_mm) & (ids == 0)
    return float(organ[region][every][shell].mean()) if shell.any() else None
