"""Columns -> a matrix of standardised numbers. Everything in it is learned from the patients it is fitted to, and only
from them; it is plain data, so that a stored prior needs no pickle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.columns import Column, Kind

LEAST_PATIENTS = 3
"""A class of fewer patients is not told apart from those that are not known."""
_SKEWED, _LEAST_VALUES = 2.0, 10
"""A quantity of so many different values >= 0 and so large a skewness is taken as its logarithm."""
_LEAST_DEVIATION = 1e-9

Matrix = Float[np.ndarray, "patients terms"]


@dataclass(frozen=True)
class Term:
    """One number made of a column: (value - mean) / deviation; what is not known counts as the mean, 0.

    level: of a column of classes the one that this term asks for (1 or 0). is_log: of log(1 + value).
    """

    column: str
    level: str | None
    is_log: bool
    mean: float
    deviation: float


@dataclass(frozen=True)
class Encoder:
    """Terms of all columns, those of a column side by side."""

    terms: tuple[Term, ...]

    @classmethod
    def fit(cls, columns: Sequence[Column]) -> Encoder:
        """Of these patients. A column that is the same in all of them has no term."""
        return cls(tuple(term for column in columns for term in _terms(column)))

    def encode(self, columns: Sequence[Column]) -> Matrix:
        """Of any patients; a class or scale step that was not among those fitted counts as not known."""
        by_name = {column.name: column for column in columns}
        patients = columns[0].values.size if columns else 0
        kept = _kept_levels(self.terms)
        parts = [_encoded(term, by_name[term.column], kept.get(term.column, ())) for term in self.terms]
        return np.column_stack(parts) if parts else np.zeros((patients, 0))

    def places(self, columns: Sequence[Column]) -> list[np.ndarray]:
        """For each column the indices of its terms, none for a column without one."""
        owners = np.array([term.column for term in self.terms])
        return [np.flatnonzero(owners == column.name) for column in columns]


def _terms(column: Column) -> list[Term]:
    known = column.known
    if known.size < 2:
        return []
    if column.kind is not Kind.LEVELS:
        is_log = column.kind is Kind.NUMBER and _is_skewed(known)
        return _term(column.name, None, np.log1p(known) if is_log else known, is_log=is_log)
    counts = {word: int((known == n).sum()) for n, word in enumerate(column.words)}
    kept = [word for word, count in counts.items() if count >= LEAST_PATIENTS]
    told = known[np.isin(known, [column.words.index(word) for word in kept])]
    asked = (_term(column.name, word, (told == column.words.index(word)).astype(float)) for word in kept)
    return [term for terms in asked for term in terms]


def _term(name: str, level: str | None, values: np.ndarray, *, is_log: bool = False) -> list[Term]:
    deviation = float(values.std())
    if deviation < _LEAST_DEVIATION:
        return []
    return [Term(name, level, is_log, float(values.mean()), deviation)]


def _encoded(term: Term, column: Column, kept: Sequence[str]) -> np.ndarray:
    values = column.values
    if term.level is not None:
        told = np.isin(values, [column.words.index(word) for word in kept if word in column.words])
        asked = column.words.index(term.level) if term.level in column.words else -1
        values = np.where(told, values == asked, np.nan)
    elif term.is_log:
        values = np.log1p(np.where(values > -1, values, np.nan))
    return np.nan_to_num((values - term.mean) / term.deviation, nan=0.0)


def _kept_levels(terms: Sequence[Term]) -> Mapping[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for term in terms:
        if term.level is not None:
            kept.setdefault(term.column, []).append(term.level)
    return kept


def _is_skewed(known: np.ndarray) -> bool:
    if known.min() < 0 or np.unique(known).size <= _LEAST_VALUES:
        return False
    deviation = known.std()
    return bool(((known - known.mean()) ** 3).mean() > _SKEWED * deviation**3)
