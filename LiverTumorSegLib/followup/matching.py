"""Which lesions of a visit are those of the visit before, once these have been carried over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from LiverTumorSegLib.followup.regions import Region, dilated_cells, share_within
from LiverTumorSegLib.followup.track_settings import MatchSettings

DEFAULTS = MatchSettings()


@dataclass(frozen=True)
class Matching:
    """By place in the lists that were given. pairs: now -> before, also where parts of one lesion are several now.
    merged: before -> now, for lesions that lie in one which continues another, larger one.
    """

    pairs: dict[int, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)


def match(before: Sequence[Region], now: Sequence[Region], settings: MatchSettings = DEFAULTS) -> Matching:
    """before: in this visit's space. Lesions that continue none, and are continued by none, are in no pair.

    Pairs of least cost first (Hungarian); then lesions that are left, and lie in the place of one before, become parts
    of it; then lesions before that lie in one of now continue in it, or have merged into it where it continues another.
    """
    pairs = _cheapest_pairs(before, now, settings)
    shares = _Shares(before, now, settings.edge_share)
    for column in range(len(now)):
        row = None if column in pairs else shares.best_row(column)
        if row is not None:
            pairs[column] = row
    merged: dict[int, int] = {}
    left = [row for row in range(len(before)) if row not in pairs.values()]
    for row in sorted(left, key=lambda row: (-before[row].volume_ml, row)):
        place = shares.best_column(row)
        if place is not None and place in pairs:
            merged[row] = place
        elif place is not None:
            pairs[place] = row
    for column in sorted(set(merged.values())):
        _let_largest_keep(column, pairs, merged, before, shares)
    return Matching(pairs, merged)


def _let_largest_keep(
    column: int, pairs: dict[int, int], merged: dict[int, int], before: Sequence[Region], shares: _Shares
) -> None:
    """Of lesions that have grown together, the largest continues; chance would choose among alike ones. Not so where
    the one that was paired does not lie in it, or has other parts.
    """
    paired = pairs[column]
    largest = max((row for row, into in merged.items() if into == column), key=lambda row: before[row].volume_ml)
    is_free = list(pairs.values()).count(paired) == 1 and shares.best_column(paired) == column
    if is_free and before[largest].volume_ml > before[paired].volume_ml:
        pairs[column] = largest
        del merged[largest]
        merged[paired] = column


def cost_of(before: Region, now: Region, settings: MatchSettings = DEFAULTS) -> float:
    """Of a pair: distance of the centres, overlap after dilation (share of the smaller one) and ratio of volumes;
    infinite beyond the gate.
    """
    return _cost(
        before, now, dilated_cells(before, settings.dilate_mm), dilated_cells(now, settings.dilate_mm), settings
    )


def _cost(
    before: Region, now: Region, before_cells: np.ndarray, now_cells: np.ndarray, settings: MatchSettings
) -> float:
    away_mm = float(np.linalg.norm(before.center_ras - now.center_ras))
    radii_mm = before.radius_mm + now.radius_mm
    if away_mm > max(settings.gate_mm, settings.gate_radii * radii_mm):
        return float("inf")
    common = len(np.intersect1d(before_cells, now_cells, assume_unique=True))
    overlap = common / min(len(before_cells), len(now_cells))
    ratio = abs(float(np.log(before.volume_ml / now.volume_ml)))
    return away_mm / (radii_mm + settings.slack_mm) + (1 - overlap) + settings.volume_weight * ratio


def _cheapest_pairs(before: Sequence[Region], now: Sequence[Region], settings: MatchSettings) -> dict[int, int]:
    """Each lesion may also go to a dummy: a pair that costs more than most_cost is worse than two of these."""
    rows, columns = len(before), len(now)
    if not rows or not columns:
        return {}
    before_cells = [dilated_cells(one, settings.dilate_mm) for one in before]
    now_cells = [dilated_cells(one, settings.dilate_mm) for one in now]
    never = 1e6
    table = np.full((rows + columns, columns + rows), never)
    for row in range(rows):
        for column in range(columns):
            cost = _cost(before[row], now[column], before_cells[row], now_cells[column], settings)
            table[row, column] = min(cost, never)
    table[:rows, columns:] = np.where(np.eye(rows, dtype=bool), settings.most_cost / 2, never)
    table[rows:, :columns] = np.where(np.eye(columns, dtype=bool), settings.most_cost / 2, never)
    table[rows:, columns:] = 0.0
    chosen = zip(*linear_sum_assignment(table), strict=True)
    return {int(column): int(row) for row, column in chosen if row < rows and column < columns}


class _Shares:
    """How much of one lesion lies in another one, asked of those that were left over."""

    def __init__(self, before: Sequence[Region], now: Sequence[Region], least: float) -> None:
        self._before, self._now, self._least = before, now, least

    def best_row(self, column: int) -> int | None:
        """The lesion before that holds most of this one; None if too little of it."""
        return self._best([share_within(self._now[column], other) for other in self._before])

    def best_column(self, row: int) -> int | None:
        return self._best([share_within(self._before[row], other) for other in self._now])

    def _best(self, shares: list[float]) -> int | None:
        best = max(range(len(shares)), key=lambda place: shares[place], default=None)
        return best if best is not None and shares[best] > self._least else None
