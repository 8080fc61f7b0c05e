"""What speaks for a lesion and against it: numbers of the networks' answers in it and around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import edt
import numpy as np

from LiverTumorSegLib.arrays import Box, Mask, Points
from LiverTumorSegLib.geometry.boxes import grow_box
from LiverTumorSegLib.measure.plausibility import parenchyma_around
from LiverTumorSegLib.measure.settings import MeasureSettings
from LiverTumorSegLib.uncertainty.evidence import Evidence, lowest_at, values_at
from LiverTumorSegLib.uncertainty.organ_view import OrganView
from LiverTumorSegLib.volume import Volume

SUPPORT_AT = 0.3
"""A voice supports a voxel of a lesion from this probability on."""
SHELL_MM = MeasureSettings().surroundings_mm
_COARSE_MM = 2.5
_LEAST_ACROSS = 3
"""Voxels of a small lesion along each axis that thinning leaves, so that it is not lost."""
_MOST_POINTS = 20_000
"""More voxels of a lesion are thinned: a mean needs no more."""


@dataclass(frozen=True)
class LesionFeatures:
    """Of one lesion; shares and probabilities are 0 to 1, over its voxels unless said otherwise.

    mean_probability, high_probability: mean and 95th percentile of the tumour's probability. support: share of the
    voxels that each voice calls tumour with SUPPORT_AT or more. agreement: share that all voices support; None with one
    voice. organ_inside, organ_around: mean of the lowest organ voice in it, and in the shell of SHELL_MM around it
    without other lesions; None where there is no shell. parenchyma: see measure/plausibility.py. depth_mm: how far its
    deepest voxel lies below the organ's surface.
    """

    volume_ml: float
    mean_probability: float
    high_probability: float
    support: Mapping[str, float]
    agreement: float | None
    organ_inside: float
    organ_around: float | None
    parenchyma: float | None
    depth_mm: float


def lesion_features(
    lesion_id: int, box: Box, lesions: Volume, organ: Mask, evidence: Evidence, view: OrganView
) -> LesionFeatures:
    """Of one id of a lesion map. box: holds it. organ: liver, vessels and tumours, in the map's shape.

    Raises ValueError for an id that does not occur in the box.
    """
    part = lesions.crop(box)
    voxels = np.argwhere(part.array == lesion_id)
    if not len(voxels):
        message = f"no voxel of lesion {lesion_id} in {box}"
        raise ValueError(message)
    inside_ras = part.ras_from_ijk(_thinned(voxels))
    around_ras = _shell_ras(lesion_id, box, lesions)
    probability = values_at(evidence.tumor, inside_ras)
    voices = {name: values_at(voice, inside_ras) >= SUPPORT_AT for name, voice in evidence.tumor_opinions.items()}
    opinions = evidence.organ_opinions
    return LesionFeatures(
        volume_ml=len(voxels) * lesions.voxel_ml,
        mean_probability=float(probability.mean()),
        high_probability=float(np.percentile(probability, 95)),
        support={name: float(supported.mean()) for name, supported in voices.items()},
        agreement=float(np.all(list(voices.values()), axis=0).mean()) if len(voices) > 1 else None,
        organ_inside=float(lowest_at(opinions, inside_ras).mean()),
        organ_around=float(lowest_at(opinions, around_ras).mean()) if len(around_ras) else None,
        parenchyma=parenchyma_around(lesion_id, box, lesions, organ, SHELL_MM),
        depth_mm=float((values_at(view.distance_mm, inside_ras) * values_at(view.mask, inside_ras)).max()),
    )


def _thinned(points: Points) -> Points:
    return points[:: -(-len(points) // _MOST_POINTS)]


def _shell_ras(lesion_id: int, box: Box, lesions: Volume) -> Points:
    """Positions (n, 3) within SHELL_MM of a lesion and in no lesion, on its thinned grid."""
    spacing_mm = lesions.spacing_mm
    i, j, k = (int(np.ceil(SHELL_MM / s)) + 1 for s in spacing_mm)
    part = lesions.crop(grow_box(box, (i, j, k), lesions.shape))
    across = [side.stop - side.start for side in box]
    step = np.array(
        [max(1, min(int(_COARSE_MM / s), n // _LEAST_ACROSS)) for s, n in zip(spacing_mm, across, strict=True)]
    )
    ids = part.array[tuple(slice(None, None, n) for n in step)]
    inside = ids == lesion_id
    if not inside.any():
        return np.empty((0, 3))
    coarse_mm = tuple(np.asarray(spacing_mm) * step)
    distance_mm = edt.edt(np.ascontiguousarray(~inside), anisotropy=coarse_mm)
    shell = np.argwhere((distance_mm <= SHELL_MM) & (ids == 0)) * step
    return part.ras_from_ijk(_thinned(shell)) if len(shell) else np.empty((0, 3))
