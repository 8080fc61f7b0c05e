"""A column of a clean table: numbers, whatever it was written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from jaxtyping import Float


class Kind(StrEnum):
    """What the numbers of a column are: quantities, steps of a scale, or names of classes without order."""

    NUMBER = "number"
    ORDERED = "ordered"
    LEVELS = "levels"


@dataclass(frozen=True, eq=False)
class Column:
    """values: one of each patient, NaN where it is not known; of a kind with ``words`` the index of a word. unit: of
    numbers, "" where none is known.
    """

    name: str
    kind: Kind
    values: Float[np.ndarray, " patients"]
    words: tuple[str, ...] = ()
    unit: str = ""

    def take(self, rows: Sequence[int] | np.ndarray) -> Column:
        """The same column of some of the patients."""
        return replace(self, values=self.values[np.asarray(rows, int)])

    @property
    def known(self) -> Float[np.ndarray, " known"]:
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True, eq=False)
class Table:
    """ids: of the patients, each once. columns: all of the same length. left_out: name -> reason. notes: what cleaning
    has changed, in sentences.
    """

    ids: tuple[str, ...]
    columns: tuple[Column, ...]
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()
