"""Coefficients from cases whose truth is known, and how well they predict patients that they were not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures
from LiverTumorSegLib.uncertainty.confidence import ConfidenceModel
from LiverTumorSegLib.uncertainty.inputs import case_inputs, lesion_inputs
from LiverTumorSegLib.uncertainty.judging import with_confidences
from LiverTumorSegLib.uncertainty.logistic import cross_validated, fit
from LiverTumorSegLib.uncertainty.reasons import Limits
from LiverTumorSegLib.uncertainty.records import Record
from LiverTumorSegLib.uncertainty.reliability import Reliability, reliability

LEAST_OF_EACH = 5
"""True and false lesions, good and bad cases; with fewer nothing is fitted."""
LEAST_FOR_LIMITS = 20
_USUAL_PERCENT = 5.0


@dataclass(frozen=True)
class Calibration:
    """lesions, cases: of predictions for patients left out of the fit. scores: of the records; None without organ."""

    model: ConfidenceModel
    lesions: Reliability
    cases: Reliability
    records: tuple[Record, ...]
    scores: tuple[float | None, ...]


def calibrate(records: Sequence[Record], limits: Limits, fitted_on: str) -> Calibration:
    """Fit lesions first, then cases with the confidences that the left-out lesions got.

    limits: kept where there are too few good cases to set them. fitted_on: in words, for the file of coefficients.
    Raises InputError with fewer than LEAST_OF_EACH of any outcome. A case without an organ is not fitted to.
    """
    found = [(record, n) for record in records for n in range(len(record.true_lesions))]
    rows = [lesion_inputs(record.features.lesions[n]) for record, n in found]
    truths = [record.true_lesions[n] for record, n in found]
    _check_counts("true", "false", "lesions", truths)
    judged = [record for record in records if record.features.case is not None]
    good = [record.is_good for record in judged]
    _check_counts("good", "bad", "cases", good)
    confidences = cross_validated(rows, truths, [record.patient for record, _ in found])
    by_place = {(id(record), n): value for (record, n), value in zip(found, confidences, strict=True)}
    cases = [_with_left_out_confidences(record, by_place) for record in judged]
    case_rows = [case_inputs(case) for case in cases]
    likely = cross_validated(case_rows, good, [record.patient for record in judged])
    scores = [min(value, case.least_confidence) for value, case in zip(likely, cases, strict=True)]  # as case_score
    usual = _limits([case for case, is_good in zip(cases, good, strict=True) if is_good], limits)
    model = ConfidenceModel(fit(rows, truths), fit(case_rows, good), usual, True, fitted_on)
    by_record = {id(record): score for record, score in zip(judged, scores, strict=True)}
    return Calibration(
        model,
        reliability(confidences, truths),
        reliability(scores, good),
        tuple(records),
        tuple(by_record.get(id(record)) for record in records),
    )


def _with_left_out_confidences(record: Record, confidences: dict[tuple[int, int], float]) -> CaseFeatures:
    case, lesions = record.features.case, record.features.lesions
    if case is None:
        message = f"no organ in {record.name}"
        raise ValueError(message)
    return with_confidences(case, lesions, [confidences[id(record), n] for n in range(len(lesions))])


def _limits(good: Sequence[CaseFeatures], before: Limits) -> Limits:
    """Of what the networks say: the value that 95 % of the good cases keep."""
    if len(good) < LEAST_FOR_LIMITS:
        return before
    moved = {
        "organ_probability": _quantile([case.organ_probability for case in good], _USUAL_PERCENT),
        "border_entropy": _quantile([case.border_entropy for case in good], 100 - _USUAL_PERCENT),
        "voices_dice": _quantile([case.voices_dice for case in good], _USUAL_PERCENT),
        "voices_volume_ratio": _quantile([case.voices_volume_ratio for case in good], _USUAL_PERCENT),
    }
    return replace(before, **{name: value for name, value in moved.items() if value is not None})


def _quantile(values: Sequence[float | None], percent: float) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else None


def _check_counts(one: str, other: str, of: str, outcomes: Sequence[bool]) -> None:
    positive, negative = sum(outcomes), len(outcomes) - sum(outcomes)
    if min(positive, negative) < LEAST_OF_EACH:
        raise InputError(
            found=f"{positive} {one} and {negative} {other} {of}",
            expected=f"at least {LEAST_OF_EACH} of each to calibrate with",
            remedy="Run again with more --cases; those that are done are kept",
        )
