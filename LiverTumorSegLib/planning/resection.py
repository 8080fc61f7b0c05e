"""A virtual resection: what it removes, what remains, how wide the margin is planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, PARTS_OF_IV, values_of_segment
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import Margin, cut_voxels, margin_to
from LiverTumorSegLib.planning.remnant import FunctionalRemnant, Patient, Remnant, share_percent
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side
from LiverTumorSegLib.volume import Volume

RESECTED, REMAINS = 1, 2
"""Values of ResectionResult.parts; 0 lies outside the organ."""

_DIVIDED = {part.name for part in PARTS_OF_IV}

Removed = Bool[np.ndarray, " n"]
"""Of the organ's voxels, as in PlanningFields: those that a resection removes."""


@dataclass(frozen=True)
class SegmentResection:
    """Removes Couinaud segments, by name ("I" to "VIII"; "IVa" and "IVb" where IV is divided)."""

    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [name for name in self.segments if name not in ALL_COUINAUD_LABELS.values()]
        if unknown or not self.segments:
            raise InputError(
                found=f"a resection of the segments {', '.join(self.segments) or '(none)'}",
                expected=f"some of {', '.join(ALL_COUINAUD_LABELS.values())}",
                remedy="Choose the segments to remove",
            )


@dataclass(frozen=True)
class SurfaceResection:
    """Removes what lies on one side of a surface: the side that is named, or the one with the lesions of the ids given.
    A lesion that is cut counts for the side with more of it.
    """

    surface: Plane | CurvedSurface
    removes: Side | tuple[int, ...]


Resection = SegmentResection | SurfaceResection


@dataclass(frozen=True, eq=False)
class ResectionResult:
    """parts: REMAINS and RESECTED in the organ, on the grid of PlanningFields.plan, which lies at ``box`` of the CT's.

    lesions_removed: ids of those removed entirely. lesions_cut: partly. lesions_left: not at all. margin: from those
    removed or cut to the remnant at the cut, None without such lesions.
    """

    parts: Volume
    box: Box
    resected_ml: float
    remnant: Remnant
    lesions_removed: tuple[int, ...]
    lesions_cut: tuple[int, ...]
    lesions_left: tuple[int, ...]
    margin: Margin | None

    @property
    def removes_all_lesions(self) -> bool:
        return not self.lesions_cut and not self.lesions_left

    def resected_on(self, ct: Volume) -> Volume:
        """As a mask on the CT's own grid, from which the anatomy came."""
        return self._on(ct, RESECTED)

    def remnant_on(self, ct: Volume) -> Volume:
        """The other part of the organ."""
        return self._on(ct, REMAINS)

    def _on(self, ct: Volume, value: int) -> Volume:
        mask = np.zeros(ct.shape, bool, order="F")
        mask[self.box] = self.parts.array == value
        return ct.with_array(mask)


def resect(fields: PlanningFields, resection: Resection, patient: Patient | None = None) -> ResectionResult:
    """Carry out a resection.

    Raises InputError where it does not leave two parts of the organ, where a surface's points do not span the cut, or
    where the lesions that name the side lie on both.
    """
    removed = _removed(fields, resection)
    _check_both_parts(fields, removed)
    parts = _parts(fields, removed)
    cut = cut_voxels(parts, REMAINS, RESECTED)
    if isinstance(resection, SurfaceResection) and isinstance(resection.surface, CurvedSurface):
        _check_reach(fields, resection.surface, cut)
    inside = {lesion_id: float(removed[lesion.organ_at].mean()) for lesion_id, lesion in fields.lesions.items()}
    touched = [fields.lesions[lesion_id].surface for lesion_id, share in inside.items() if share > 0]
    return ResectionResult(
        fields.grid.with_array(parts),
        fields.box,
        int(np.count_nonzero(removed)) * fields.voxel_ml,
        _remnant(fields, removed, parts == REMAINS, patient),
        tuple(lesion_id for lesion_id, share in inside.items() if share == 1),
        tuple(lesion_id for lesion_id, share in inside.items() if 0 < share < 1),
        tuple(lesion_id for lesion_id, share in inside.items() if share == 0),
        margin_to(touched, cut, fields.grid),
    )


def _removed(fields: PlanningFields, resection: Resection) -> Removed:
    if isinstance(resection, SegmentResection):
        return _of_segments(fields, resection.segments)
    along = resection.surface.is_along(fields.organ_ras)
    side = resection.removes
    if not isinstance(side, Side):
        side = _side_of(fields, along, side)
    return along if side is Side.ALONG_NORMAL else ~along


def _of_segments(fields: PlanningFields, names: tuple[str, ...]) -> Removed:
    removed = np.zeros(fields.organ_voxels, bool)
    for name in names:
        here = np.isin(fields.segment_of, values_of_segment(name))
        if name in _DIVIDED and not here.any():
            raise InputError(
                found=f"a resection of {name} in a liver whose segment IV is not divided",
                expected="a result of --anatomy ivab",
                remedy="Make the result again with --anatomy ivab, or remove IV",
            )
        removed |= here
    return removed


def _side_of(fields: PlanningFields, along: Removed, ids: tuple[int, ...]) -> Side:
    unknown = [lesion_id for lesion_id in ids if lesion_id not in fields.lesions]
    if unknown or not ids:
        raise InputError(
            found=f"the lesions {list(ids)} to be removed",
            expected=f"some of {list(fields.lesions)}",
            remedy="Name lesions that there are, or the side of the surface",
        )
    on_side = {float(along[fields.lesions[lesion_id].organ_at].mean()) > 0.5 for lesion_id in ids}
    if len(on_side) > 1:
        raise InputError(
            found=f"the lesions {list(ids)} on both sides of the surface",
            expected="lesions on the side to be removed",
            remedy="Move the surface, or name the side to be removed",
        )
    return Side.ALONG_NORMAL if on_side.pop() else Side.AGAINST_NORMAL


def _check_both_parts(fields: PlanningFields, removed: Removed) -> None:
    gone = int(np.count_nonzero(removed))
    parts_ml = [count * fields.voxel_ml for count in (gone, len(removed) - gone)]
    if min(parts_ml) < fields.settings.least_part_ml:
        raise InputError(
            found=f"a resection that removes {parts_ml[0]:.1f} ml and leaves {parts_ml[1]:.1f} ml of the liver",
            expected=f"a cut through the liver, with {fields.settings.least_part_ml:g} ml or more on either side",
            remedy="Move the surface into the liver, or choose other segments",
        )


def _check_reach(fields: PlanningFields, surface: CurvedSurface, cut_ijk: np.ndarray) -> None:
    beyond_mm = surface.beyond_mm(fields.grid.ras_from_ijk(cut_ijk))
    if beyond_mm > 0:
        raise InputError(
            found=f"a surface that ends {beyond_mm:.0f} mm before it has cut through the liver",
            expected="points that span the whole cut",
            remedy="Place points near the liver's border all around the cut, or let the surface reach further",
        )


def _parts(fields: PlanningFields, removed: Removed) -> LabelArray:
    parts = np.zeros(fields.organ.shape, np.uint8, order="F")
    parts[fields.organ] = np.where(removed, np.uint8(RESECTED), np.uint8(REMAINS))
    return parts


def _remnant(fields: PlanningFields, removed: Removed, remains: Mask, patient: Patient | None) -> Remnant:
    flr_ml = int(np.count_nonzero(~removed)) * fields.voxel_ml
    tumor_ml = int(np.count_nonzero(~removed[fields.tumor_at])) * fields.voxel_ml
    return Remnant(
        flr_ml,
        tumor_ml,
        share_percent(flr_ml - tumor_ml, fields.functional_liver_ml),
        None if patient is None else share_percent(flr_ml, patient.standard_liver_ml),
        _functional(fields, removed, remains),
    )


def _functional(fields: PlanningFields, removed: Removed, remains: Mask) -> FunctionalRemnant | None:
    if fields.portal is None or fields.hepatic is None:
        return None
    left = ~removed
    left[fields.tumor_at] = False
    flows_in, flows_out = fields.portal.keeps_flow(remains), fields.hepatic.keeps_flow(remains)
    ml, dry_ml, dammed_ml = (
        int(np.count_nonzero(left & part)) * fields.voxel_ml for part in (flows_in & flows_out, ~flows_in, ~flows_out)
    )
    return FunctionalRemnant(ml, share_percent(ml, fields.functional_liver_ml), dry_ml, dammed_ml)
