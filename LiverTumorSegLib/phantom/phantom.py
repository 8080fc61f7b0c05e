"""Patient and acquisition put together, with the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.geometry.affine import slice_axis, slice_normal
from LiverTumorSegLib.labels import VESSEL
from LiverTumorSegLib.phantom.anatomy import Anatomy, make_anatomy
from LiverTumorSegLib.phantom.lesions import Lesion
from LiverTumorSegLib.phantom.render import acquire, paint
from LiverTumorSegLib.phantom.settings import FIELD_OF_VIEW_MM, PhantomSettings
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Phantom:
    """A CT and what is in it, on one grid.

    ct: int16 HU. segmentation: uint8, values of MAIN_LABELS. lesions: uint16, 0 or the id of a tumor (1: the largest).
    truth: facts in mm and ml for JSON; see `docs/phantom.md`.
    """

    ct: Volume
    segmentation: Volume
    lesions: Volume
    truth: dict[str, Any]


def make_phantom(settings: PhantomSettings | None = None, progress: ProgressCallback = ignore_progress) -> Phantom:
    """The same settings give the same phantom. Raises InputError when the lesions do not fit into the liver."""
    settings = settings or PhantomSettings()
    anatomy = make_anatomy(settings)
    affine, shape = acquisition_grid(settings)
    canvas = paint(anatomy, affine, shape, progress)
    ct = acquire(canvas, settings.seed, settings.noise_hu)
    progress(ProgressEvent("phantom", 1.0, "done"))
    segmentation = Volume(canvas.labels, affine)
    return Phantom(Volume(ct, affine), segmentation, Volume(canvas.lesion_ids, affine), _truth(anatomy, segmentation))


def acquisition_grid(settings: PhantomSettings) -> tuple[Affine, tuple[int, int, int]]:
    """Affine and shape of the grid around the patient's origin, in the asked orientation and tilt."""
    axes = [next(a for a, letters in enumerate(("RL", "AP", "SI")) if d in letters) for d in settings.orientation]
    signs = [1.0 if d in "RAS" else -1.0 for d in settings.orientation]
    directions = np.zeros((3, 3))
    directions[axes, range(3)] = signs
    tilt = np.radians(settings.tilt_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    i, j, k = (max(2, round(FIELD_OF_VIEW_MM[a] / s)) for a, s in zip(axes, settings.spacing_mm, strict=True))
    affine = np.eye(4)
    affine[:3, :3] = turn @ directions * settings.spacing_mm
    affine[:3, 3] = -affine[:3, :3] @ ((np.array([i, j, k]) - 1) / 2)
    return affine, (i, j, k)


def _truth(anatomy: Anatomy, segmentation: Volume) -> dict[str, Any]:
    """liver_ml counts a fixed fine lattice, vessel_ml the voxels of this grid; the rest is exact."""
    normal = slice_normal(segmentation.affine, slice_axis(segmentation.affine))
    tumors = [_lesion_facts(lesion, normal) for lesion in anatomy.lesions if lesion.id]
    return {
        "liver_ml": anatomy.liver_lattice.volume_ml,
        "vessel_ml": float((segmentation.array == VESSEL.value).sum() * segmentation.voxel_ml),
        "tumor_ml": float(sum(tumor["volume_ml"] for tumor in tumors)),
        "lesions": tumors,
        "not_tumors": [_lesion_facts(lesion, normal) for lesion in anatomy.lesions if not lesion.id],
    }


def _lesion_facts(lesion: Lesion, slice_normal_ras: np.ndarray) -> dict[str, Any]:
    long, short = lesion.semi_axes_in_plane_mm(slice_normal_ras)
    return {
        "id": lesion.id,
        "kind": str(lesion.settings.kind),
        "site": str(lesion.settings.site),
        "center_ras_mm": list(lesion.center_ras),
        "radii_mm": list(lesion.settings.radii_mm),
        "volume_ml": float(lesion.volume_ml),
        "long_axis_mm": 2 * long,
        "short_axis_mm": 2 * short,
        "contrast_hu": lesion.settings.contrast_hu,
    }
