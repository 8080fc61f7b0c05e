"""Cases by the size of their tumours, as the SmoothSegNet papers divide them: 10 cm and 500 cm3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any

from LiverTumorSegLib.evaluation.agreement import STRUCTURES, Agreement
from LiverTumorSegLib.evaluation.scores import VoxelSummary, voxel_summary


class CaseSize(StrEnum):
    """Longest axial diameter of the largest reference lesion; volume of all reference tumours together."""

    DIAMETER = "diameter"
    VOLUME = "volume"


CASE_BOUNDS = {CaseSize.DIAMETER: 100.0, CaseSize.VOLUME: 500.0}
"""mm and ml; a case of exactly this size is a large one."""
CASE_UNITS = {CaseSize.DIAMETER: "mm", CaseSize.VOLUME: "ml"}


@dataclass(frozen=True)
class CaseStratum:
    """Cases of lower <= size < upper, in mm or ml; upper is infinite for the large ones."""

    by: CaseSize
    lower: float
    upper: float
    cases: int
    structures: tuple[VoxelSummary, ...]

    @property
    def name(self) -> str:
        sign, bound = (">=", self.lower) if self.upper == inf else ("<", self.upper)
        return f"{self.by} {sign} {bound:g} {CASE_UNITS[self.by]}"

    def of(self, name: str) -> VoxelSummary | None:
        """One structure; None where no case of this size judges it."""
        return next((item for item in self.structures if item.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "by": str(self.by),
            "lower": self.lower,
            "upper": None if self.upper == inf else self.upper,
            "unit": CASE_UNITS[self.by],
            "cases": self.cases,
            "structures": {item.name: item.to_json() for item in self.structures},
        }


def case_strata(cases: Sequence[tuple[str, Agreement]], by: CaseSize) -> tuple[CaseStratum, CaseStratum]:
    """The large ones, then the small ones; cases without a size are in neither. cases: with their replications."""
    bound = CASE_BOUNDS[by]
    large, small = _stratum(cases, by, bound, inf), _stratum(cases, by, 0.0, bound)
    return large, small


def case_size(agreement: Agreement, by: CaseSize) -> float | None:
    """mm or ml, by the reference alone; None where there is no tumour in it, it was not judged, or not measured."""
    if by is CaseSize.VOLUME:
        tumor = agreement.of("tumor")
        return tumor.reference_ml or None if tumor else None
    measured = [lesion.longest_mm for lesion in agreement.reference_lesions]
    return max((mm for mm in measured if mm is not None), default=None)


def _stratum(cases: Sequence[tuple[str, Agreement]], by: CaseSize, lower: float, upper: float) -> CaseStratum:
    sized = [(told, one, case_size(one, by)) for told, one in cases]
    inside = [(told, one) for told, one, size in sized if size is not None and lower <= size < upper]
    return CaseStratum(by, lower, upper, len(inside), voxel_summaries(inside))


def voxel_summaries(cases: Sequence[tuple[str, Agreement]]) -> tuple[VoxelSummary, ...]:
    """Of every structure that any case judges. cases: with their replications."""
    rows = {name: [(told, item) for told, one in cases if (item := one.of(name))] for name in STRUCTURES}
    return tuple(voxel_summary(name, judged) for name, judged in rows.items() if judged)
