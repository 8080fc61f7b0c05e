"""The usual resections by Couinaud's segments, and what each of them would leave.

Names after the Brisbane 2000 terminology, beside the older ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, values_of_segment
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import Margin
from LiverTumorSegLib.planning.remnant import Patient, Remnant
from LiverTumorSegLib.planning.resection import ResectionResult, SegmentResection, resect


@dataclass(frozen=True)
class UsualResection:
    """title: the current name. other_title: the one that readers know beside it, "" without."""

    title: str
    segments: tuple[str, ...]
    other_title: str = ""


USUAL_RESECTIONS = (
    UsualResection("Right hepatectomy", ("V", "VI", "VII", "VIII"), "Right hemihepatectomy"),
    UsualResection("Extended right hepatectomy", ("IV", "V", "VI", "VII", "VIII"), "Right trisectionectomy"),
    UsualResection(
        "Extended right hepatectomy with I",
        ("I", "IV", "V", "VI", "VII", "VIII"),
        "Right trisectionectomy with caudate lobectomy",
    ),
    UsualResection("Left hepatectomy", ("II", "III", "IV"), "Left hemihepatectomy"),
    UsualResection("Extended left hepatectomy", ("II", "III", "IV", "V", "VIII"), "Left trisectionectomy"),
    UsualResection("Left lateral sectionectomy", ("II", "III"), "Bisegmentectomy II, III"),
    UsualResection("Central hepatectomy", ("IV", "V", "VIII"), "Mesohepatectomy"),
    UsualResection("Right anterior sectionectomy", ("V", "VIII"), "Bisegmentectomy V, VIII"),
    UsualResection("Right posterior sectionectomy", ("VI", "VII"), "Bisegmentectomy VI, VII"),
    UsualResection("Bisegmentectomy V, VI", ("V", "VI")),
    UsualResection("Bisegmentectomy VII, VIII", ("VII", "VIII")),
    UsualResection("Bisegmentectomy IV, V", ("IV", "V")),
    UsualResection("Bisegmentectomy IVb, V", ("IVb", "V"), "Gallbladder bed resection"),
    *(UsualResection(f"Segmentectomy {label.name}", (label.name,)) for label in ALL_COUINAUD_LABELS),
)


@dataclass(frozen=True)
class WhatIf:
    """One row of the table; as in ResectionResult, without the masks."""

    resection: UsualResection
    resected_ml: float
    remnant: Remnant
    lesions_removed: tuple[int, ...]
    lesions_cut: tuple[int, ...]
    lesions_left: tuple[int, ...]
    margin: Margin | None

    @classmethod
    def of(cls, resection: UsualResection, result: ResectionResult) -> WhatIf:
        return cls(
            resection,
            result.resected_ml,
            result.remnant,
            result.lesions_removed,
            result.lesions_cut,
            result.lesions_left,
            result.margin,
        )

    @property
    def lesions_not_removed(self) -> int:
        """How many are cut or left."""
        return len(self.lesions_cut) + len(self.lesions_left)

    @property
    def removes_all_lesions(self) -> bool:
        return self.lesions_not_removed == 0


def what_if(
    fields: PlanningFields,
    patient: Patient | None = None,
    resections: tuple[UsualResection, ...] = USUAL_RESECTIONS,
) -> tuple[WhatIf, ...]:
    """Those that leave or cut the fewest lesions first, then by the remnant, largest first.

    Resections that are none in this liver are left out: one of their segments is missing, or they would take or leave
    less than settings.least_part_ml.
    """
    rows = [
        WhatIf.of(usual, resect(fields, SegmentResection(usual.segments), patient))
        for usual in resections
        if _is_possible(fields, usual.segments)
    ]
    return tuple(sorted(rows, key=lambda row: (row.lesions_not_removed, -row.remnant.flr_ml)))


def _is_possible(fields: PlanningFields, segments: tuple[str, ...]) -> bool:
    there = np.bincount(fields.segment_of, minlength=len(ALL_COUINAUD_LABELS.values()) + 1)
    counts = np.array([there[list(values_of_segment(name))].sum() for name in segments])
    gone_ml = int(counts.sum()) * fields.voxel_ml
    left_ml = fields.organ_voxels * fields.voxel_ml - gone_ml
    return bool((counts > 0).all()) and min(gone_ml, left_ml) >= fields.settings.least_part_ml
