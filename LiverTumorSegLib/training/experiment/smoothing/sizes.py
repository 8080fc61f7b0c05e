"""Large and small tumours: the papers' bounds where the cohort has both sides, else its own medians."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from LiverTumorSegLib.evaluation.case_strata import CASE_BOUNDS, CASE_UNITS, CaseSize
from LiverTumorSegLib.training.experiment.smoothing.cohort import CaseFacts, Cohort


@dataclass(frozen=True)
class Bound:
    """A case of exactly this size (mm or ml) is a large one."""

    by: CaseSize
    value: float

    @property
    def is_published(self) -> bool:
        return self.value == CASE_BOUNDS[self.by]

    def told(self, *, is_large: bool) -> str:
        """Such as "diameter >= 100 mm"."""
        return f"{self.by} {'>=' if is_large else '<'} {self.value:g} {CASE_UNITS[self.by]}"


def size_of(facts: CaseFacts, by: CaseSize) -> float | None:
    """mm or ml; None without a tumour."""
    if by is CaseSize.DIAMETER:
        return facts.longest_mm
    return facts.tumor_ml or None


def bounds_of(cohort: Cohort) -> tuple[Bound, ...]:
    """Of diameter and volume."""
    return tuple(_bound(cohort, by) for by in CaseSize)


def large_cases(cohort: Cohort, bound: Bound, *, is_large: bool) -> frozenset[str]:
    """Those of at least that size, or those below it; cases without a tumour are in neither."""
    return frozenset(case for case, size in _sizes(cohort, bound.by).items() if (size >= bound.value) is is_large)


def _bound(cohort: Cohort, by: CaseSize) -> Bound:
    sizes = list(_sizes(cohort, by).values())
    published = CASE_BOUNDS[by]
    divides = any(size >= published for size in sizes) and any(size < published for size in sizes)
    return Bound(by, published if divides or not sizes else round(median(sizes), 1))


def _sizes(cohort: Cohort, by: CaseSize) -> dict[str, float]:
    sizes = {case: size_of(facts, by) for case, facts in cohort.facts.items()}
    return {case: size for case, size in sizes.items() if size is not None}
