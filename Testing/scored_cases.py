"""Compared cases with scores that the tests choose."""

from __future__ import annotations

from LiverTumorSegLib.evaluation.agreement import Agreement, ClassAgreement
from LiverTumorSegLib.evaluation.lesions import LesionCoverage
from LiverTumorSegLib.evaluation.summary import ComparedCase


def scored(name: str, dice: float, nsd: float = 0.9, ml: tuple[float, float] = (10.0, 10.0)) -> ClassAgreement:
    return ClassAgreement(name, dice, nsd, 7.0 if name == "liver" else 3.0, *ml, None)


def lesion(longest_mm: float | None, *, hit: bool, ml: float = 1.0) -> LesionCoverage:
    return LesionCoverage(1, float(ml), 0.5 if hit else 0.1, None if longest_mm is None else float(longest_mm))


def case(name: str, role: str | None, *classes: ClassAgreement, expert=(), found=()) -> ComparedCase:
    return ComparedCase(name, Agreement(classes, tuple(expert), tuple(found)), role)
