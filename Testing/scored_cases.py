"""Compared cases with scores that the tests choose."""

from __future__ import annotations

from LiverTumorSegLib.evaluation.agreement import Agreement, ClassAgreement
from LiverTumorSegLib.evaluation.lesions import LesionCoverage
from LiverTumorSegLib.evaluation.overlap import VoxelCounts
from LiverTumorSegLib.evaluation.summary import ComparedCase

SOME_VOXELS = VoxelCounts(4, 1, 3, 92)


def scored(
    name: str,
    dice: float,
    nsd: float = 0.9,
    ml: tuple[float, float] = (10.0, 10.0),
    voxels: VoxelCounts = SOME_VOXELS,
) -> ClassAgreement:
    return ClassAgreement(name, dice, nsd, 7.0 if name == "liver" else 3.0, *ml, None, voxels)


def lesion(longest_mm: float | None, *, hit: bool, ml: float = 1.0) -> LesionCoverage:
    return LesionCoverage(1, float(ml), 0.5 if hit else 0.1, None if longest_mm is None else float(longest_mm))


def case(name: str, role: str | None, *classes: ClassAgreement, expert=(), found=(), replication="") -> ComparedCase:
    return ComparedCase(name, Agreement(classes, tuple(expert), tuple(found)), role, replication=replication)
