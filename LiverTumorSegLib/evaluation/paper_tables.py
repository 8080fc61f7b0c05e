"""Results in the layout of the tables of the SmoothSegNet papers, so that they can be laid beside them.

I: Wang, Mao et al., A Holistic Weakly Supervised Approach for Liver Tumor Segmentation with Clinical Knowledge-Informed
Label Smoothing. II: the same authors, SmoothSegNet: A Global-Local Framework for Liver Tumor Segmentation with Clinical
Knowledge-Informed Label Smoothing. Scores come from elsewhere (``VoxelSummary.reported`` is what the papers give: over
replications). A cell is a mean and, where there are several values, their SD; a dash where there is no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.evaluation.markdown_table import ABSENT, markdown_table, mean_sd
from LiverTumorSegLib.evaluation.scores import Scores
from LiverTumorSegLib.evaluation.spread import Spread

_TITLES = {
    "accuracy": "Accuracy",
    "dice": "Dice",
    "iou": "IoU",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
}
_FIVE = ("accuracy", "dice", "iou", "sensitivity", "specificity")
_THREE = ("accuracy", "dice", "sensitivity")
_FOUR = ("accuracy", "dice", "sensitivity", "iou")
_TWO = ("dice", "sensitivity")
_NOTHING = "Nothing was scored."


@dataclass(frozen=True)
class ModelRow:
    """A model's scores for one structure. parameters: how many it has, None where that is not told."""

    model: str
    scores: Scores
    parameters: int | None = None


@dataclass(frozen=True)
class AblationRow:
    """What a version of the method has, and its scores for one structure.

    contour, smoothing: None where the question does not arise (both are for tumours only).
    """

    version: str
    method: str
    two_step: bool
    contour: bool | None
    smoothing: bool | None
    scores: Scores


def backbone_table(rows: Sequence[ModelRow]) -> str:
    """I, Tables 1 and 2: parameters, accuracy, Dice and sensitivity of each backbone."""
    header = ["Model", "Num. parameters", *_titles(_THREE)]
    lines = [
        [row.model, ABSENT if row.parameters is None else f"{row.parameters:,}", *_plus_minus(row.scores, _THREE)]
        for row in rows
    ]
    return markdown_table(header, lines, _NOTHING)


def tumor_size_table(rows: Sequence[tuple[str, Scores]]) -> str:
    """I, Table 3: all tumours, then large and small ones, of one model. rows: with their names."""
    lines = [[name, *_plus_minus(scores, _FOUR)] for name, scores in rows]
    return markdown_table(["", *_titles(_FOUR)], lines, _NOTHING)


def method_table(liver: Sequence[AblationRow], tumor: Sequence[AblationRow]) -> str:
    """I, Table 4: methods of the ablation by their names, of the liver and of tumours."""
    lines = [
        [structure if number == 0 else "", row.method, *_plus_minus(row.scores, _FOUR)]
        for structure, rows in (("Liver", liver), ("Tumor", tumor))
        for number, row in enumerate(rows)
    ]
    return markdown_table(["", "Methods", *_titles(_FOUR)], lines, _NOTHING)


def model_table(rows: Sequence[ModelRow]) -> str:
    """II, Tables 2 (liver) and 3 (tumours): five metrics of each model."""
    lines = [[row.model, *_in_brackets(row.scores, _FIVE)] for row in rows]
    return markdown_table(["Model", *_titles(_FIVE)], lines, _NOTHING)


def model_size_table(sizes: Sequence[tuple[str, Sequence[ModelRow]]]) -> str:
    """II, Table 4: five metrics of each model for tumours of each size, such as ">=10cm" and "<10cm"."""
    lines = [
        [size if number == 0 else "", row.model, *_in_brackets(row.scores, _FIVE)]
        for size, rows in sizes
        for number, row in enumerate(rows)
    ]
    return markdown_table(["Tumor Size", "Model", *_titles(_FIVE)], lines, _NOTHING)


def component_table(liver: Sequence[AblationRow], tumor: Sequence[AblationRow]) -> str:
    """II, Table 5: which parts each version has (X, else O; NA: there is no such question), Dice and sensitivity."""
    header = ["Model version", "Two-step", "Contour adjust", "Smoothing", *_titles(_TWO)]
    lines: list[list[str]] = []
    for heading, rows in (("Liver segmentation", liver), ("Tumor segmentation", tumor)):
        if rows:
            lines.append([heading, *[""] * (len(header) - 1)])
        for row in rows:
            parts = (_mark(part) for part in (row.two_step, row.contour, row.smoothing))
            lines.append([row.version, *parts, *_in_brackets(row.scores, _TWO)])
    return markdown_table(header, lines, _NOTHING)


def _titles(metrics: Sequence[str]) -> list[str]:
    return [_TITLES[metric] for metric in metrics]


def _plus_minus(scores: Scores, metrics: Sequence[str]) -> list[str]:
    return [mean_sd(scores.of(metric)) for metric in metrics]


def _in_brackets(scores: Scores, metrics: Sequence[str]) -> list[str]:
    return [_mean_in_brackets(scores.of(metric)) for metric in metrics]


def _mean_in_brackets(spread: Spread | None) -> str:
    """0.937 (0.019), as in the second paper."""
    if spread is None:
        return ABSENT
    return f"{spread.mean:.3f}" + ("" if spread.sd is None else f" ({spread.sd:.3f})")


def _mark(part: bool | None) -> str:
    if part is None:
        return "NA"
    return "X" if part else "O"
