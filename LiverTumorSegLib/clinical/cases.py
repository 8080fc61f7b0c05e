"""Patients with facts and a target, divided into folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.columns import Column


@dataclass(frozen=True, eq=False)
class Cases:
    """columns: of as many patients as the target, which is known of all of them."""

    columns: tuple[Column, ...]
    target: Float[np.ndarray, " patients"]

    def __len__(self) -> int:
        return self.target.size

    def take(self, rows: Sequence[int] | np.ndarray) -> Cases:
        """Some of the patients."""
        rows = np.asarray(rows, int)
        return Cases(tuple(column.take(rows) for column in self.columns), self.target[rows])


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of the patients that a model is fitted to, and of those that it then predicts."""

    training: np.ndarray
    test: np.ndarray


def folds(patients: int, count: int, seed: int) -> list[Fold]:
    """Everyone is in the test of one fold; sizes differ by one at most. count <= patients."""
    order = np.random.default_rng(seed).permutation(patients)
    parts = [np.sort(order[n::count]) for n in range(count)]
    return [Fold(np.setdiff1d(np.arange(patients), part), part) for part in parts]
