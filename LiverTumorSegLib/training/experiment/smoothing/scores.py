"""How well networks do on the cases that test, with each way to refine outlines; and that as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.evaluation.agreement import Agreement, ClassAgreement, Reference, agreement
from LiverTumorSegLib.evaluation.overlap import VoxelCounts
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.experiment.smoothing.cohort import known_labels
from LiverTumorSegLib.volume import Volume

Segment = Callable[[Sequence[ModelSpec], Study, Sequence[Contour], ProgressCallback], Sequence[Volume]]
"""Networks of the steps (one for both, or the liver's and the tumours') and a CT -> a label map on its grid for each
way to refine outlines. Inference knows how.
"""
JUDGED = frozenset({"liver", "tumor"})


@dataclass(frozen=True)
class CaseScores:
    """Of one case that tests."""

    case: str
    liver: ClassAgreement
    tumor: ClassAgreement

    def of(self, structure: str) -> ClassAgreement:
        """structure: liver or tumor."""
        return self.liver if structure == "liver" else self.tumor

    @property
    def ratio_error(self) -> float:
        """Of tumour / liver, not signed; a liver that was not found has the ratio 0."""
        found, known = self._ratio("predicted_ml"), self._ratio("reference_ml")
        return abs(found - known)

    def _ratio(self, which: str) -> float:
        liver_ml = float(getattr(self.liver, which))
        return float(getattr(self.tumor, which)) / liver_ml if liver_ml else 0.0

    def to_json(self) -> dict[str, Any]:
        return {name: asdict(self.of(name)) for name in sorted(JUDGED)}

    @classmethod
    def from_json(cls, case: str, facts: Mapping[str, Any]) -> CaseScores:
        """The inverse of ``to_json``."""
        return cls(case, _class(facts["liver"]), _class(facts["tumor"]))


ByContour = Mapping[Contour, Sequence[CaseScores]]


def judged(
    networks: Sequence[ModelSpec],
    contours: Sequence[Contour],
    subjects: Sequence[Subject],
    segment: Segment,
    report: ProgressCallback,
) -> dict[Contour, list[CaseScores]]:
    """All cases through the networks once, on the grids of their CTs."""
    scores: dict[Contour, list[CaseScores]] = {contour: [] for contour in contours}
    for number, subject in enumerate(subjects):
        told = f"test case {number + 1} of {len(subjects)}"
        reference = Reference.of_labels(known_labels(subject.load().labels), JUDGED)
        part = _quiet(part_of(report, number / len(subjects), (number + 1) / len(subjects)), told)
        answers = segment(networks, subject.load_ct(), contours, part)
        for contour, answer in zip(contours, answers, strict=True):
            scores[contour].append(_scores(subject.id, agreement(answer, reference)))
    return scores


def scores_json(scores: ByContour) -> dict[str, Any]:
    """Cases by the way to refine outlines."""
    return {str(contour): {one.case: one.to_json() for one in cases} for contour, cases in scores.items()}


def scores_from_json(facts: Mapping[str, Any]) -> dict[Contour, list[CaseScores]]:
    """The inverse of ``scores_json``."""
    return {
        Contour(contour): [CaseScores.from_json(case, one) for case, one in cases.items()]
        for contour, cases in facts.items()
    }


def _quiet(report: ProgressCallback, told: str) -> ProgressCallback:
    """One message for all that happens to a case."""
    return lambda event: report(ProgressEvent("judge", event.fraction, told))


def _scores(case: str, found: Agreement) -> CaseScores:
    liver, tumor = found.of("liver"), found.of("tumor")
    if liver is None or tumor is None:
        message = f"{case}: liver or tumors were not judged"
        raise ValueError(message)
    return CaseScores(case, liver, tumor)


def _class(facts: Mapping[str, Any]) -> ClassAgreement:
    return ClassAgreement(**{**facts, "voxels": VoxelCounts(**facts["voxels"])})
