"""Everything that is measured of one lesion, with its flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Mask, Vector
from LiverTumorSegLib.geometry.affine import SUPERIOR, slice_axis, slice_distance_mm, slice_normal
from LiverTumorSegLib.geometry.boxes import touches_face
from LiverTumorSegLib.measure.axial import AxialDiameters, axial_diameters
from LiverTumorSegLib.measure.flags import (
    FERET_DIFFERS,
    FEW_SLICES,
    IMPLAUSIBLE_MASS,
    LD_SLICE_NOT_LARGEST_AREA,
    NON_AXIAL,
    OBLIQUE,
    THIN_LESION,
    TOUCHES_EDGE,
    raised,
)
from LiverTumorSegLib.measure.instances import Instances
from LiverTumorSegLib.measure.plausibility import parenchyma_around
from LiverTumorSegLib.measure.settings import MeasureSettings
from LiverTumorSegLib.measurements import Lesion, Line
from LiverTumorSegLib.volume import Volume

_SPACING_TOLERANCE = 1.01


@dataclass(frozen=True)
class Acquisition:
    """How the slices lie: flags that hold for every lesion of the volume."""

    axis: int
    distance_mm: float
    flags: tuple[str, ...]

    @classmethod
    def of(cls, volume: Volume, settings: MeasureSettings) -> Acquisition:
        """The slices along the axis closest to S."""
        axis = slice_axis(volume.affine)
        upright = abs(slice_normal(volume.affine, axis)[SUPERIOR])
        tilted = bool(upright < np.cos(np.radians(settings.oblique_degrees)))
        flags = raised({OBLIQUE: tilted, NON_AXIAL: _acquired_across(volume.spacing_mm, axis)})
        return cls(axis, slice_distance_mm(volume.affine, axis), flags)


def measure_lesion(
    lesion_id: int, instances: Instances, organ: Mask, acquisition: Acquisition, settings: MeasureSettings
) -> Lesion:
    """One lesion of the instance volume. organ: liver, vessels and tumours, in the volume's shape."""
    box = instances.boxes[lesion_id - 1]
    volume_ml = instances.voxels[lesion_id - 1] * instances.volume.voxel_ml
    crop = instances.volume.crop(box)
    mask = crop.with_array(crop.array == lesion_id)
    axis = acquisition.axis
    diameters = axial_diameters(mask, axis)
    beside = volume_ml >= settings.mass_ml and _lies_beside_the_liver(lesion_id, instances, organ, settings)
    flags = (
        raised({TOUCHES_EDGE: touches_face(box, instances.volume.shape), IMPLAUSIBLE_MASS: beside})
        + acquisition.flags
        + _shape_flags(mask.array, diameters, acquisition, settings)
    )
    return Lesion(
        id=lesion_id,
        volume_ml=volume_ml,
        long_axis_mm=diameters.long_axis_mm,
        short_axis_mm=diameters.short_axis_mm,
        feret_mm=diameters.feret_mm,
        long_axis_ras_mm=_line(diameters.long_axis_ras),
        short_axis_ras_mm=_line(diameters.short_axis_ras),
        slice_axis=axis,
        slice_index=diameters.slice_index + box[axis].start,
        slice_position_mm=float(diameters.long_axis_ras[:, SUPERIOR].mean()),
        slice_thickness_mm=acquisition.distance_mm,
        flags=flags,
    )


def _acquired_across(spacing_mm: Vector, axis: int) -> bool:
    """Coronal or sagittal: one in-plane step is larger than the other and than the slice spacing.

    Thin slices alone (0.7 mm apart, pixels of 0.9 mm) are axial.
    """
    small, large = sorted(s for a, s in enumerate(spacing_mm) if a != axis)
    return large > _SPACING_TOLERANCE * max(small, spacing_mm[axis])


def _lies_beside_the_liver(lesion_id: int, instances: Instances, organ: Mask, settings: MeasureSettings) -> bool:
    box = instances.boxes[lesion_id - 1]
    share = parenchyma_around(lesion_id, box, instances.volume, organ, settings.surroundings_mm)
    return share is not None and share < settings.least_parenchyma


def _shape_flags(
    mask: Mask, diameters: AxialDiameters, acquisition: Acquisition, settings: MeasureSettings
) -> tuple[str, ...]:
    in_plane = tuple(a for a in range(3) if a != acquisition.axis)
    areas = mask.sum(axis=in_plane)
    conditions = {
        FEW_SLICES: int(np.count_nonzero(areas)) < 3,
        THIN_LESION: diameters.long_axis_mm < 2 * acquisition.distance_mm,
        LD_SLICE_NOT_LARGEST_AREA: bool(areas[diameters.slice_index] < areas.max()),
        FERET_DIFFERS: diameters.feret_mm > settings.feret_ratio * diameters.long_axis_mm,
    }
    return raised(conditions)


def _line(ends_ras: np.ndarray) -> Line:
    (ax, ay, az), (bx, by, bz) = ends_ras.tolist()
    return (ax, ay, az), (bx, by, bz)
