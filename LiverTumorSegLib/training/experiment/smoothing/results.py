"""What came out of the splits, gathered for tables: by method and structure, over cases and replications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.evaluation.scores import Scores, score, voxel_summary
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.training.experiment.smoothing.cohort import Cohort
from LiverTumorSegLib.training.experiment.smoothing.design import METHODS, PAIRS, Method, Networks, Training, method
from LiverTumorSegLib.training.experiment.smoothing.intervals import Interval, interval
from LiverTumorSegLib.training.experiment.smoothing.prior import PriorScores
from LiverTumorSegLib.training.experiment.smoothing.scores import CaseScores, scores_json

RATIO_ERROR = "ratio_error"
"""Beside the scores of ``evaluation.scores``: of tumour / liver, not signed."""


@dataclass(frozen=True)
class SplitResults:
    """One backbone in one split. scores: by networks and way to refine outlines. parameters: of each network."""

    name: str
    scores: Mapping[Networks, Mapping[Contour, Sequence[CaseScores]]]
    parameters: Mapping[Training, int]
    prior: PriorScores | None = None

    def of(self, method: Method) -> Sequence[CaseScores]:
        """() where that was not tried with this backbone."""
        return self.scores.get(method.networks, {}).get(method.contour, ())


@dataclass(frozen=True)
class Results:
    """backbone: of the ablation. splits: by backbone. compared: backbones that were asked for, in that order."""

    backbone: str
    splits: Mapping[str, Sequence[SplitResults]]
    compared: tuple[str, ...] = ()

    @property
    def own(self) -> Sequence[SplitResults]:
        return self.splits[self.backbone]


def paper_scores(
    splits: Sequence[SplitResults], method: Method, structure: str, cases: frozenset[str] | None = None
) -> Scores:
    """As the papers report: mean and SD over the means of each split. cases: of these alone, None for all.

    A split in which none of them tests does not count.
    """
    rows = [
        (split.name, one.of(structure))
        for split in splits
        for one in split.of(method)
        if cases is None or one.case in cases
    ]
    return voxel_summary(structure, rows).reported


def case_values(
    splits: Sequence[SplitResults], method: Method, structure: str, metric: str
) -> dict[str, dict[str, float]]:
    """By case and split; cases in which the metric has no value are absent. metric: of METRICS, or RATIO_ERROR."""
    found: dict[str, dict[str, float]] = {}
    for split in splits:
        for one in split.of(method):
            value = one.ratio_error if metric == RATIO_ERROR else score(one.of(structure), metric)
            if value is not None:
                found.setdefault(one.case, {})[split.name] = value
    return found


def mean_interval(splits: Sequence[SplitResults], method: Method, structure: str, metric: str) -> Interval | None:
    """Over all cases that test."""
    values = case_values(splits, method, structure, metric)
    return interval({case: list(by_split.values()) for case, by_split in values.items()})


def difference(
    splits: Sequence[SplitResults], first: Method, second: Method, structure: str, metric: str
) -> Interval | None:
    """first - second, in the same cases of the same splits."""
    ours, theirs = (case_values(splits, one, structure, metric) for one in (first, second))
    apart = {
        case: [value - theirs[case][split] for split, value in by_split.items() if split in theirs.get(case, {})]
        for case, by_split in ours.items()
    }
    return interval(apart)


def results_json(results: Results, cohort: Cohort, scale: str, seed: int) -> dict[str, Any]:
    """All there is: every case of every run, and what the tables say."""
    return {
        "scale": scale,
        "seed": seed,
        "cohort": {"name": cohort.name, "cases": {case: asdict(facts) for case, facts in cohort.facts.items()}},
        "backbone": results.backbone,
        "methods": {one.version: _method_json(results, one) for one in METHODS},
        "differences": {
            f"{first} - {second}": _json(difference(results.own, method(first), method(second), "tumor", "dice"))
            for first, second in PAIRS
        },
        "priors": {split.name: asdict(split.prior) for split in results.own if split.prior is not None},
        "runs": {
            backbone: {
                split.name: {str(networks): scores_json(scores) for networks, scores in split.scores.items()}
                for split in splits
            }
            for backbone, splits in results.splits.items()
        },
    }


def _method_json(results: Results, one: Method) -> dict[str, Any]:
    return {
        "title": one.title,
        **{name: paper_scores(results.own, one, name).to_json("replications") for name in ("liver", "tumor")},
        "tumor_dice_interval": _json(mean_interval(results.own, one, "tumor", "dice")),
    }


def _json(found: Interval | None) -> dict[str, Any] | None:
    return found.to_json() if found else None
