"""A calibration for people: a reliability plot, and a page of numbers for the model's card."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from LiverTumorSegLib.evaluation.panel import INK, Color, Panel, Sheet
from LiverTumorSegLib.uncertainty.calibration import Calibration
from LiverTumorSegLib.uncertainty.case_features import COUNTED_ML
from LiverTumorSegLib.uncertainty.confidence import LEAST_LIVER_DICE
from LiverTumorSegLib.uncertainty.logistic import Logistic
from LiverTumorSegLib.uncertainty.records import Record
from LiverTumorSegLib.uncertainty.reliability import BINS, Bin, Reliability

_BLUE: Color = (0, 98, 160)
_PALE: Color = (200, 204, 210)
_ROW_END = " |\n"


def reliability_chart(calibration: Calibration) -> Image.Image:
    """Observed over predicted share, of lesions and of cases, with 95 % intervals; the diagonal is perfect."""
    sheet = Sheet(1100, 580)
    _plot(sheet, 70, "Confidence of lesions: share that is true", calibration.lesions)
    _plot(sheet, 630, "Score of cases: share that is good", calibration.cases)
    return sheet.finished()


def markdown(calibration: Calibration, segmentation_model: str, picture: str) -> str:
    """The page, with headings of level 2, for a model card."""
    records = calibration.records
    synthetic = sum(record.is_synthetic for record in records)
    without = sum(record.features.case is None for record in records)
    return (
        f"## Confidence: calibration of model {segmentation_model}\n\n"
        f"{len(records)} cases: **{synthetic} synthetic** and {len(records) - synthetic} real, of "
        f"{len({record.patient for record in records})} patients; in {without} no liver was found, and they are in no "
        "number below. All predictions are for patients left out of the fit. The synthetic cases are images rendered "
        "from label maps, some with masses beside the liver, cropped, without contrast or noisy on purpose: the shares "
        "hold for such a mixture, not for the patients of any hospital.\n\n"
        f"A lesion is true if more than 10 % of it lies in a true one. A case is good if the liver's Dice is "
        f"{LEAST_LIVER_DICE} or more and no lesion of {COUNTED_ML:g} ml or more is false.\n\n"
        f"![Reliability of lesions and cases]({picture})\n\n"
        + _scores([("lesions", calibration.lesions), ("cases", calibration.cases)])
        + "".join(_bins(name, r) for name, r in (("lesions", calibration.lesions), ("cases", calibration.cases)))
        + _weights("Weights of lesions", calibration.model.lesion)
        + _weights("Weights of cases", calibration.model.case)
        + _real_cases(list(zip(records, calibration.scores, strict=True)))
    )


def _plot(sheet: Sheet, left: int, title: str, found: Reliability) -> None:
    panel = Panel(sheet, left, 70, left + 430, 500, BINS, 1)
    panel.frame(title, [])

    def x(share: float) -> float:
        return panel.left + share * (panel.right - panel.left)

    sheet.line(x(0.0), panel.y(0.0), x(1.0), panel.y(1.0), _PALE, 1.5)
    for tick in range(BINS + 1):
        sheet.text(x(tick / BINS), panel.bottom + 18, f"{tick / BINS:.1f}", 14)
    sheet.text(x(0.5), panel.bottom + 46, "predicted probability")
    for one in found.bins:
        low, high = one.observed.interval or (0.0, 1.0)
        sheet.line(x(one.predicted), panel.y(low), x(one.predicted), panel.y(high), INK, 1.5)
        sheet.dot(x(one.predicted), panel.y(_share(one)), 6, _BLUE)
        sheet.text(x(one.predicted) + 10, panel.y(_share(one)) - 11, f"n={one.observed.total}", 13, "lm")


def _share(one: Bin) -> float:
    return one.observed.hits / one.observed.total


def _scores(named: Sequence[tuple[str, Reliability]]) -> str:
    lines = "| of | examples | true / good | Brier | Brier of the base rate | AUC | calibration error |\n"
    lines += "| --- | --- | --- | --- | --- | --- | --- |\n"
    for name, r in named:
        auc = "not defined" if r.auc is None else f"{r.auc:.3f}"
        cells = (name, r.outcomes.total, r.outcomes.hits, f"{r.brier:.3f}", f"{r.base_brier:.3f}", auc, f"{r.ece:.3f}")
        lines += _row(cells)
    return lines + "\n"


def _bins(name: str, found: Reliability) -> str:
    lines = f"| predicted, {name} | examples | mean predicted | observed | 95 % interval |\n"
    lines += "| --- | --- | --- | --- | --- |\n"
    for b in found.bins:
        low, high = b.observed.interval or (0.0, 1.0)
        cells = (f"{b.low:.1f} to {b.high:.1f}", b.observed.total, f"{b.predicted:.2f}", f"{_share(b):.2f}")
        lines += _row((*cells, f"{low:.2f} to {high:.2f}"))
    return lines + "\n"


def _weights(title: str, model: Logistic) -> str:
    lines = f"| {title} | weight of one standard deviation | mean | standard deviation |\n| --- | --- | --- | --- |\n"
    for name, term in model.terms.items():
        lines += _row((f"`{name}`", f"{term.weight:.2f}", f"{term.mean:.3g}", f"{term.deviation:.3g}"))
    return lines + "\n"


def _real_cases(scored: Sequence[tuple[Record, float | None]]) -> str:
    real = [(record, score) for record, score in scored if not record.is_synthetic]
    if not real:
        return "No real case was at hand.\n"
    lines = "| real case | liver Dice | false lesions | good | score when left out |\n| --- | --- | --- | --- | --- |\n"
    for record, score in real:
        false = len(record.true_lesions) - sum(record.true_lesions)
        told = "no organ" if score is None else f"{score:.2f}"
        lines += _row((record.name, f"{record.liver_dice:.3f}", false, "yes" if record.is_good else "no", told))
    return lines


def _row(cells: Sequence[str | int]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + _ROW_END
