"""What a plan is made of: the organ, its lesions, segments and vessels on one grid."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box, union_of
from LiverTumorSegLib.geometry.resample import grown_box
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, TUMOR, VEINS, VESSEL
from LiverTumorSegLib.volume import Volume

AROUND_MM = 20.0
"""Kept around the organ when a plan is cropped to it; the outside begins within it."""
VESSELS = (*VEINS, VESSEL)
CAVA = "vena_cava"


@dataclass(frozen=True, eq=False)
class PlanAnatomy:
    """All on the CT's grid.

    segmentation: values of labels.SEGMENTATION_LABELS, the organ is all of them. lesions: ids 1..n, 0 elsewhere, within
    the organ. segments: values of labels.ALL_COUINAUD_LABELS, which share out the organ. cava: the inferior vena cava,
    portal_trunk: the portal vein before it enters the organ; masks that may lie outside the organ, None where unknown.
    Raises InputError where these do not fit together or there is no organ.
    """

    segmentation: Volume
    lesions: Volume
    segments: Volume
    cava: Volume | None = None
    portal_trunk: Volume | None = None

    def __post_init__(self) -> None:
        self._check_grids()
        organ = self.organ
        if not organ.any():
            raise InputError(
                found="a segmentation without a liver",
                expected="at least one voxel of it",
                remedy="Segment the liver before planning",
            )
        _check_segments(organ, self.segments.array)
        outside = int(np.count_nonzero((self.lesions.array > 0) & ~organ))
        if outside:
            raise InputError(
                found=f"lesions with {outside} voxels outside the liver",
                expected="lesions that are part of the liver's segmentation",
                remedy="Measure the segmentation again, so that its lesions are those of its tumor label",
            )

    @property
    def organ(self) -> Mask:
        return self.segmentation.array > 0

    @property
    def tumor(self) -> Mask:
        """Tumor label and lesions: the same, unless a reader drew lesions of his own."""
        return (self.segmentation.array == TUMOR.value) | (self.lesions.array > 0)

    @property
    def lesion_ids(self) -> tuple[int, ...]:
        return tuple(int(value) for value in np.unique(self.lesions.array) if value > 0)

    def vessels(self) -> dict[str, Mask]:
        """The named vessels that there are, without the empty ones: label names and, where it is known, the cava."""
        found = {label.name: self.segmentation.array == label.value for label in VESSELS}
        if self.cava is not None:
            found[CAVA] = self.cava.array > 0
        return {name: mask for name, mask in found.items() if mask.any()}

    def cropped(self) -> tuple[PlanAnatomy, Box]:
        """The part around the organ, and where it lies: everything else only costs time.

        What is known of the cava further than AROUND_MM from the organ's box is lost.
        """
        organ = bounding_box(self.segmentation.array)
        wide = grown_box(union_of([] if organ is None else [organ]), AROUND_MM, self.segmentation)
        cava, trunk = (None if part is None else _cropped(part, wide) for part in (self.cava, self.portal_trunk))
        segmentation, lesions, segments = (
            _cropped(part, wide) for part in (self.segmentation, self.lesions, self.segments)
        )
        return PlanAnatomy(segmentation, lesions, segments, cava, trunk), wide

    def _volumes(self) -> dict[str, Volume | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _check_grids(self) -> None:
        for name, part in self._volumes().items():
            if part is not None and not part.same_grid(self.segmentation):
                raise InputError(
                    found=f"{name} on {part.describe_grid()}",
                    expected=f"the segmentation's grid: {self.segmentation.describe_grid()}",
                    remedy="Bring all masks of a plan to the grid of the CT",
                )


def _check_segments(organ: Mask, segments: np.ndarray) -> None:
    unknown = sorted({int(value) for value in np.unique(segments)} - {0, *ALL_COUINAUD_LABELS.values().values()})
    if unknown:
        raise InputError(
            found=f"segments with the values {unknown}",
            expected="Couinaud's segments 1 to 8, IVa 9 and IVb 10, and 0 outside the liver",
            remedy="Give the label map of Couinaud's segments",
        )
    missing, beyond = (int(np.count_nonzero(part)) for part in (organ & (segments == 0), ~organ & (segments > 0)))
    if missing or beyond:
        raise InputError(
            found=f"{missing} voxels of the liver without a segment and {beyond} of segments outside the liver",
            expected="segments that share out the liver exactly",
            remedy="Make the segments again from this segmentation",
        )


def _cropped(volume: Volume, box: Box) -> Volume:
    """In Fortran's order, in which the distance transforms are fastest."""
    part = volume.crop(box)
    return part.with_array(np.asfortranarray(part.array))
