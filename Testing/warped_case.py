"""A real examination warped by a known smooth map into follow-ups of itself, with lesions that were changed on purpose.

Masks are looked up at the nearest voxel, the CT linearly, at the positions that the new grid's voxels come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from real_cases import RealCase
from scipy import ndimage

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import grown_box
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.volume import Volume

MARGIN_MM = 20.0
LIVER_MIDDLE_RAS = np.array([45.0, 5.0, -5.0])
"""Of the phantom's liver: the motion's body frame is laid so that the real liver's middle comes here."""
AIR_HU = -1000
SEED = 20


@dataclass(frozen=True, eq=False)
class Scanned:
    """One visit: ct int16, segmentation of MAIN_LABELS, lesions ids as drawn, all on one grid around the liver."""

    ct: Volume
    segmentation: Volume
    lesions: Volume


def around_liver(case: RealCase, every: int = 2) -> Scanned:
    """The examination as it is, cut out around the liver; of rows and columns only every second, to be quick."""
    labels = np.zeros(case.ct.shape, np.uint8)
    labels[case.organ] = LIVER.value
    labels[case.vessels] = VESSEL.value
    labels[case.lesions > 0] = TUMOR.value
    box = grown_box(bounding_box(case.organ), MARGIN_MM, case.ct)
    parts = (case.ct, case.ct.with_array(labels), case.ct.with_array(np.asarray(case.lesions)))
    return Scanned(*(_thinned(part.crop(box), every) for part in parts))


def _thinned(volume: Volume, every: int) -> Volume:
    affine = volume.affine.copy()
    affine[:3, :2] *= every
    return Volume(np.ascontiguousarray(volume.array[::every, ::every]), affine)


def with_lesions(scan: Scanned, lesions: np.ndarray) -> Scanned:
    """Other lesions in the same liver; the CT is painted with the tissue's mean and noise where something changed."""
    organ, old = scan.segmentation.array > 0, scan.lesions.array > 0
    labels = np.where(old & (lesions == 0), LIVER.value, scan.segmentation.array)
    labels = np.where((lesions > 0) & organ, TUMOR.value, labels).astype(np.uint8)
    ids, ct = np.where(organ, lesions, 0).astype(np.uint16), scan.ct.array.astype(np.float32)
    rng = np.random.Generator(np.random.PCG64(SEED))
    liver, tumor = ct[scan.segmentation.array == LIVER.value], ct[old]
    for changed, like in ((old & (ids == 0), liver), (~old & (ids > 0), tumor)):
        ct[changed] = rng.normal(like.mean(), liver.std(), int(changed.sum()))
    grid = scan.segmentation
    return Scanned(grid.with_array(ct.round().astype(np.int16)), grid.with_array(labels), grid.with_array(ids))


def warped(scan: Scanned, motion: Motion, spacing_mm: np.ndarray, tilt_deg: float) -> Scanned:
    """As the patient would be seen after a motion, on slices of another distance and tilt around the liver."""
    visit_from_rest, rest_from_visit = maps_of(scan, motion)
    organ = scan.segmentation.ras_from_ijk(np.argwhere(scan.segmentation.array > 0)[::37])
    affine, shape = _grid_around(visit_from_rest(organ), spacing_mm, tilt_deg)
    arrays = np.empty(shape, np.int16), np.empty(shape, np.uint8), np.empty(shape, np.uint16)
    slice_ijk = np.indices((*shape[:2], 1)).reshape(3, -1).T
    for k in range(shape[2]):
        ras = (slice_ijk + [0, 0, k]) @ affine[:3, :3].T + affine[:3, 3]
        at = scan.ct.ijk_from_ras(rest_from_visit(ras)).T
        ct = ndimage.map_coordinates(scan.ct.array, at, np.float32, 1, cval=AIR_HU).round()
        masks = (ndimage.map_coordinates(part.array, at, order=0) for part in (scan.segmentation, scan.lesions))
        for array, values in zip(arrays, (ct, *masks), strict=True):
            array[:, :, k] = values.reshape(shape[:2])
    return Scanned(*(Volume(array, affine) for array in arrays))


Map = Callable[[np.ndarray], np.ndarray]


def maps_of(scan: Scanned, motion: Motion) -> tuple[Map, Map]:
    """Points (n, 3) of the examination -> the follow-up (RAS, mm), and back."""
    organ = scan.segmentation.ras_from_ijk(np.argwhere(scan.segmentation.array > 0)[::37])
    origin = organ.mean(axis=0) - LIVER_MIDDLE_RAS
    return (
        lambda points: motion.visit_from_anatomy(points - origin) + origin,
        lambda points: motion.anatomy_from_visit(points - origin) + origin,
    )


def without_top(scan: Scanned, highest_s_mm: float) -> Scanned:
    """Slices whose middle lies higher were not scanned; along k, upwards."""
    i, j, k = scan.ct.shape
    middles = np.column_stack([np.full(k, (i - 1) / 2), np.full(k, (j - 1) / 2), np.arange(k)])
    kept = int((scan.ct.ras_from_ijk(middles)[:, 2] <= highest_s_mm).sum())
    box = (slice(0, i), slice(0, j), slice(0, kept))
    return Scanned(*(part.crop(box) for part in (scan.ct, scan.segmentation, scan.lesions)))


def _grid_around(points_ras: np.ndarray, spacing_mm: np.ndarray, tilt_deg: float) -> tuple[np.ndarray, tuple]:
    """RAS axes tilted about R, holding all points (n, 3) with a margin."""
    tilt = np.radians(tilt_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    along = points_ras @ turn
    low, high = along.min(axis=0) - MARGIN_MM, along.max(axis=0) + MARGIN_MM
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing_mm
    affine[:3, 3] = turn @ low
    i, j, k = (int(n) for n in np.ceil((high - low) / spacing_mm))
    return affine, (i, j, k)


def grown(lesions: Volume, lesion_id: int, by_mm: float, organ: np.ndarray) -> np.ndarray:
    """One lesion larger by so much on every side, inside the organ and beside the others."""
    away = ndimage.distance_transform_edt(lesions.array != lesion_id, sampling=lesions.spacing_mm)
    return np.where((away <= by_mm) & organ & (lesions.array == 0), lesion_id, lesions.array).astype(np.uint16)


def parted(lesions: Volume, lesion_id: int, gap_mm: float, new_id: int) -> np.ndarray:
    """One lesion without a slab through its middle along R; what lies right of it gets the new id."""
    voxels = np.argwhere(lesions.array == lesion_id)
    right_mm = lesions.ras_from_ijk(voxels)[:, 0]
    right_mm = right_mm - right_mm.mean()
    ids = np.select([right_mm > gap_mm / 2, right_mm < -gap_mm / 2], [new_id, lesion_id], 0)
    array = lesions.array.copy()
    array[tuple(voxels.T)] = ids
    return array


def with_ball(lesions: Volume, center_ras: np.ndarray, radius_mm: float, new_id: int, organ: np.ndarray) -> np.ndarray:
    """A new round lesion inside the organ."""
    voxels = np.argwhere(organ)
    near = np.linalg.norm(lesions.ras_from_ijk(voxels) - center_ras, axis=1) <= radius_mm
    array = lesions.array.copy()
    array[tuple(voxels[near].T)] = new_id
    return array


def free_place(lesions: Volume, organ: np.ndarray, away_mm: float) -> np.ndarray:
    """The organ's place (RAS) farthest from its surface and from every lesion; at least away_mm."""
    free = ndimage.distance_transform_edt(organ & (lesions.array == 0), sampling=lesions.spacing_mm)
    if free.max() < away_mm:
        message = f"the freest place is {free.max():.1f} mm from the next lesion or surface"
        raise ValueError(message)
    return lesions.ras_from_ijk(np.argwhere(free == free.max())[:1])[0]
