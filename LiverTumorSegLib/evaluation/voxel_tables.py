"""Voxel scores and strata of cases for people, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from LiverTumorSegLib.evaluation.case_strata import CASE_BOUNDS, CASE_UNITS, CaseStratum
from LiverTumorSegLib.evaluation.markdown_table import markdown_table, mean_sd
from LiverTumorSegLib.evaluation.scores import METRICS, Scores, VoxelSummary

_TITLES = {
    "accuracy": "accuracy",
    "dice": "DSC",
    "iou": "IoU",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}
DEFINITIONS = (
    "Of voxels, mean ± SD. Accuracy = right voxels / all, specificity = right ones outside / all outside: over the "
    "whole volume, so that both are near 1 whenever a structure is small. IoU = overlap / union; sensitivity = share "
    "of the expert's voxels that were found. Over replications: mean ± SD of the means of each one."
)


def voxel_table(groups: Iterable[tuple[str, Sequence[VoxelSummary]]]) -> str:
    """Lines for each group (its name) and structure: over cases, and over replications where there are some."""
    header = ["group", "structure", "over", *(_TITLES[metric] for metric in METRICS)]
    return markdown_table(header, [[name, *line] for name, items in groups for item in items for line in _lines(item)])


def case_strata_table(strata: Iterable[CaseStratum]) -> str:
    """The same for the cases of each size."""
    header = ["size", "structure", "over", *(_TITLES[metric] for metric in METRICS)]
    rows = [[stratum.name, *line] for stratum in strata for item in stratum.structures for line in _lines(item)]
    return markdown_table(header, rows, "No case of any size.")


def strata_note(strata: Sequence[CaseStratum], cases: int) -> str:
    """What the sizes are, and how many of all cases have none."""
    kinds = list(dict.fromkeys(stratum.by for stratum in strata))
    inside = {by: sum(stratum.cases for stratum in strata if stratum.by is by) for by in kinds}
    bounds = " and ".join(f"{by} {CASE_BOUNDS[by]:g} {CASE_UNITS[by]}" for by in kinds)
    without = ", ".join(f"{by} {cases - inside[by]} of {cases}" for by in kinds)
    return (
        f"Cases by {bounds}, of the reference: longest axial diameter of its largest lesion, volume of all its tumors. "
        f"Cases in no line because the reference has no tumor or none is judged: {without}."
    )


def _lines(item: VoxelSummary) -> list[list[str]]:
    lines = [_line(item.name, f"{item.cases} cases", item.over_cases)]
    if item.over_replications is not None:
        dice = item.over_replications.dice
        lines.append(_line(item.name, f"{dice.cases if dice else 0} replications", item.over_replications))
    return lines


def _line(name: str, over: str, scores: Scores) -> list[str]:
    return [name, over, *(mean_sd(scores.of(metric)) for metric in METRICS)]
