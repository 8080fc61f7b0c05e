"""From a label map to the numbers of an examination."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import mask_touches_face
from LiverTumorSegLib.geometry.components import count_voxels
from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN, SEGMENTATION_LABELS, TUMOR, VEINS, VESSEL_VALUES
from LiverTumorSegLib.measure.axial import ALGORITHM
from LiverTumorSegLib.measure.flags import (
    IMPLAUSIBLE_MASS,
    LESIONS_DIFFER_FROM_TUMOR,
    LIVER_TOUCHES_EDGE,
    LIVER_VOLUME_IMPLAUSIBLE,
    NO_LIVER_FOUND,
    raised,
)
from LiverTumorSegLib.measure.instances import find_instances, lesions_differ
from LiverTumorSegLib.measure.lesion import Acquisition, measure_lesion
from LiverTumorSegLib.measure.segments import segment_volumes, with_segments
from LiverTumorSegLib.measure.settings import MeasureSettings
from LiverTumorSegLib.measurements import Lesion, Measurements
from LiverTumorSegLib.volume import Volume

_DEFAULTS = MeasureSettings()


def measure_case(
    segmentation: Volume,
    lesions: Volume | None = None,
    settings: MeasureSettings = _DEFAULTS,
    segments: Volume | None = None,
) -> tuple[Measurements, Volume]:
    """Volumes and lesions of a segmentation, and the lesion map (uint16) that the lesions' ids refer to.

    segmentation: uint8, values of SEGMENTATION_LABELS. lesions: a reader's grouping of the tumour voxels on the same
    grid, or None for 26-connected parts; ids are new either way, 1 is the largest (instances.py). Nothing is dropped,
    however small. Volumes are voxel counts times |det| of the affine. Without any voxel of parenchyma or vessel the
    organ is unknown: liver 0 ml, burden None, flag no-liver-found; tumours are measured all the same.
    segments: of the organ (values of COUINAUD_LABELS), or None. Raises InputError for values that are no label, and as
    find_instances does.
    """
    _check_labels(segmentation)
    organ, tumor = segmentation.array > 0, segmentation.array == TUMOR.value
    instances = find_instances(segmentation.with_array(tumor), lesions)
    counts = count_voxels(segmentation.array, (LIVER.value, *VESSEL_VALUES))
    volumes_ml = {value: count * segmentation.voxel_ml for value, count in counts.items()}
    liver_ml, vessel_ml = volumes_ml[LIVER.value], sum(volumes_ml[value] for value in VESSEL_VALUES)
    tumor_ml = sum(instances.voxels) * segmentation.voxel_ml
    organ_ml = liver_ml + vessel_ml + tumor_ml if liver_ml + vessel_ml > 0 else 0.0
    acquisition = Acquisition.of(segmentation, settings)
    measured = tuple(
        measure_lesion(n, instances, organ, acquisition, settings) for n in range(1, len(instances.voxels) + 1)
    )
    if segments is not None:
        measured = tuple(with_segments(lesion, instances, segments) for lesion in measured)
    apart = any(volumes_ml[vein.value] for vein in VEINS)
    differ = lesions is not None and lesions_differ(tumor, lesions.array)
    return (
        Measurements(
            liver_ml=organ_ml,
            vessel_ml=vessel_ml,
            tumor_ml=tumor_ml,
            burden_percent=100 * tumor_ml / organ_ml if organ_ml else None,
            lesions=measured,
            flags=_case_flags(organ, organ_ml, measured, settings) + raised({LESIONS_DIFFER_FROM_TUMOR: differ}),
            algorithm=ALGORITHM,
            portal_vein_ml=volumes_ml[PORTAL_VEIN.value] if apart else None,
            hepatic_vein_ml=volumes_ml[HEPATIC_VEIN.value] if apart else None,
            segments=segment_volumes(segments) if segments is not None else (),
        ),
        instances.volume,
    )


def _check_labels(segmentation: Volume) -> None:
    if segmentation.array.dtype != np.uint8:
        message = f"a segmentation of type {segmentation.array.dtype}; uint8 is needed"
        raise ValueError(message)
    known = SEGMENTATION_LABELS.values()
    if int(segmentation.array.max()) > max(known.values()):
        raise InputError(
            found=f"label value {int(segmentation.array.max())} in the segmentation",
            expected=", ".join(f"{value} ({name})" for name, value in known.items()),
            remedy="Rename or remove the other segments",
        )


def _case_flags(
    organ: np.ndarray, organ_ml: float, lesions: tuple[Lesion, ...], settings: MeasureSettings
) -> tuple[str, ...]:
    low, high = settings.liver_range_ml
    found = organ_ml > 0
    return raised(
        {
            NO_LIVER_FOUND: not found,
            LIVER_TOUCHES_EDGE: found and mask_touches_face(organ),
            LIVER_VOLUME_IMPLAUSIBLE: found and not low <= organ_ml <= high,
            IMPLAUSIBLE_MASS: any(IMPLAUSIBLE_MASS in lesion.flags for lesion in lesions),
        }
    )
