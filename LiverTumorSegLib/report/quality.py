"""How far a result can be trusted, in words."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.measurements import CaseQuality, Grade
from LiverTumorSegLib.report.flags import Severity

_TITLES = {
    Grade.GOOD: "Good: nothing unusual",
    Grade.CHECK: "Check: look at the outlines before using the numbers",
    Grade.POOR: "Poor: correct the outlines before using any number",
}
_SEVERITIES = {Grade.GOOD: Severity.NOTE, Grade.CHECK: Severity.CHECK, Grade.POOR: Severity.STOP}
_SCORE = "Probability that the liver is outlined well (Dice 0.93 or more) and that no lesion of 1 ml or more is false."
_CALIBRATED = (
    "It was fitted to cases whose truth is known, most of them synthetic, and says how such cases turned out; real "
    "patients may differ."
)
_NOT_CALIBRATED = "It is not calibrated yet: its weights were set by hand, so read it as a rank, not as a frequency."


@dataclass(frozen=True)
class QualityText:
    """A quality as a person reads it; score is a percentage without decimals."""

    title: str
    severity: Severity
    score: str
    meaning: str
    reasons: tuple[str, ...]


def quality_text(quality: CaseQuality | None) -> QualityText | None:
    """The words of a quality; None where there is none."""
    if quality is None:
        return None
    basis = _CALIBRATED if quality.is_calibrated else _NOT_CALIBRATED
    return QualityText(
        _TITLES[quality.grade],
        _SEVERITIES[quality.grade],
        percent_text(quality.score),
        f"{_SCORE} {basis}",
        quality.reasons,
    )


def percent_text(share: float | None) -> str:
    """0.934 -> "93 %"; never 0 or 100, since nothing is certain; a dash for None."""
    if share is None:
        return "\N{EN DASH}"
    return f"{min(99, max(1, round(100 * share)))} %"
