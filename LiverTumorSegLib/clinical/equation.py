"""A linear prediction as plain data: stored in prior.json, and applied to new patients without any framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.columns import Column, Kind
from LiverTumorSegLib.clinical.encoding import Encoder, Term


@dataclass(frozen=True)
class Asked:
    """A column that the equation needs. words: of a kind that has some, by index. unit: of its numbers."""

    name: str
    kind: Kind
    words: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True)
class Equation:
    """intercept + sum of weight x term. A weight is the change of the target for one standard deviation of its term."""

    columns: tuple[Asked, ...]
    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    intercept: float

    @classmethod
    def of(
        cls, columns: Sequence[Column], encoder: Encoder, weights: Float[np.ndarray, " terms"], intercept: float
    ) -> Equation:
        """columns: those that the encoder was fitted to; those without weight are left out."""
        kept = [(term, weight) for term, weight in zip(encoder.terms, weights.tolist(), strict=True) if weight]
        named = {term.column for term, _ in kept}
        asked = tuple(Asked(one.name, one.kind, one.words, one.unit) for one in columns if one.name in named)
        return cls(asked, tuple(term for term, _ in kept), tuple(weight for _, weight in kept), float(intercept))

    def predict(self, columns: Sequence[Column]) -> Float[np.ndarray, " patients"]:
        """columns: those of ``self.columns`` among others, in any order, at least one."""
        return Encoder(self.terms).encode(columns) @ np.array(self.weights, float) + self.intercept

    def to_json(self) -> dict[str, Any]:
        terms = [asdict(term) | {"weight": weight} for term, weight in zip(self.terms, self.weights, strict=True)]
        columns = [
            {"name": one.name, "kind": str(one.kind), "words": list(one.words), "unit": one.unit}
            for one in self.columns
        ]
        return {"intercept": self.intercept, "columns": columns, "terms": terms}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Equation:
        """Raises KeyError, TypeError or ValueError for other data."""
        names = ("column", "level", "is_log", "mean", "deviation")
        columns = tuple(
            Asked(one["name"], Kind(one["kind"]), tuple(one["words"]), one["unit"]) for one in data["columns"]
        )
        terms = tuple(Term(*(term[name] for name in names)) for term in data["terms"])
        if not {term.column for term in terms} <= {column.name for column in columns}:
            message = "a term of a column that is not listed"
            raise ValueError(message)
        return cls(columns, terms, tuple(float(term["weight"]) for term in data["terms"]), float(data["intercept"]))
