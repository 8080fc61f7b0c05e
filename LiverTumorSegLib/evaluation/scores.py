"""The voxel scores of the SmoothSegNet papers over cases, and over replications of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.evaluation.agreement import ClassAgreement
from LiverTumorSegLib.evaluation.spread import Spread, spread_of_known

METRICS = ("accuracy", "dice", "iou", "sensitivity", "specificity")

Row = tuple[str, ClassAgreement]
"""One structure of one case, with the replication that it belongs to ("" for none)."""


@dataclass(frozen=True)
class Scores:
    """Of one structure; None where nothing has such a score (a sensitivity without anything to find)."""

    accuracy: Spread | None
    dice: Spread | None
    iou: Spread | None
    sensitivity: Spread | None
    specificity: Spread | None

    def of(self, metric: str) -> Spread | None:
        """metric: one of METRICS."""
        spread: Spread | None = getattr(self, metric)
        return spread

    def to_json(self, counted: str) -> dict[str, Any]:
        """counted: what the scores lie over, "cases" or "replications"."""
        return {metric: _spread_json(self.of(metric), counted) for metric in METRICS}


@dataclass(frozen=True)
class VoxelSummary:
    """One structure. over_cases: every case for itself (one that several replications test counts in each of them).

    over_replications: of the means of each replication; None where the cases belong to none.
    """

    name: str
    cases: int
    over_cases: Scores
    over_replications: Scores | None

    @property
    def reported(self) -> Scores:
        """As the papers do: over replications where there are any."""
        return self.over_replications or self.over_cases

    def to_json(self) -> dict[str, Any]:
        replications = self.over_replications
        return {
            "cases": self.cases,
            **self.over_cases.to_json("cases"),
            "over_replications": replications.to_json("replications") if replications else None,
        }


def voxel_summary(name: str, rows: Sequence[Row]) -> VoxelSummary:
    """name: of the structure that all rows are of."""
    replications = {told for told, _ in rows if told}
    over = None
    if replications:
        parts = [scores_of_cases([item for told, item in rows if told == one]) for one in sorted(replications)]
        over = Scores(*(spread_of_known(_mean(part.of(metric)) for part in parts) for metric in METRICS))
    return VoxelSummary(name, len(rows), scores_of_cases([item for _, item in rows]), over)


def scores_of_cases(items: Sequence[ClassAgreement]) -> Scores:
    """Of one structure in several cases; those in which a score has no value do not count for it."""
    return Scores(*(spread_of_known(score(item, metric) for item in items) for metric in METRICS))


def score(item: ClassAgreement, metric: str) -> float | None:
    """metric: one of METRICS. None where it has no value (see overlap.VoxelCounts)."""
    value: float | None = item.dice if metric == "dice" else getattr(item.voxels, metric)
    return value


def _mean(spread: Spread | None) -> float | None:
    return None if spread is None else spread.mean


def _spread_json(spread: Spread | None, counted: str) -> dict[str, Any] | None:
    if spread is None:
        return None
    facts = asdict(spread)
    return {counted: facts.pop("cases"), **facts}
