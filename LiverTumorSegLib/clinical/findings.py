"""What a fitted equation says about the columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LiverTumorSegLib.clinical.cases import Cases
from LiverTumorSegLib.clinical.columns import Kind
from LiverTumorSegLib.clinical.encoding import Encoder
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.known_columns import Group, known_column
from LiverTumorSegLib.clinical.prior import Contribution, TermWeight
from LiverTumorSegLib.clinical.scores import pearson

_COPY_R = 0.95


def contributions(cases: Cases, equation: Equation, used: Sequence[Sequence[str]]) -> tuple[Contribution, ...]:
    """Columns of the equation, the one that moves its predictions most first. used: columns of each fit of the
    cross-validation.
    """
    matrix = Encoder(equation.terms).encode(cases.columns)
    weights = np.array(equation.weights, float)
    found = []
    for asked in equation.columns:
        places = [n for n, term in enumerate(equation.terms) if term.column == asked.name]
        spread = float((matrix[:, places] @ weights[places]).std()) if places else 0.0
        terms = tuple(TermWeight(equation.terms[n].level, equation.weights[n]) for n in places)
        share = sum(asked.name in names for names in used) / max(1, len(used))
        if spread > 0:
            found.append(Contribution(asked.name, spread, share, terms))
    return tuple(sorted(found, key=lambda one: -one.spread))


def copies_of_target(cases: Cases, target: str) -> tuple[str, ...]:
    """A warning for each quantity that follows the target as only the target itself would."""
    found = []
    for column in cases.columns:
        known = np.isfinite(column.values)
        if column.kind is Kind.LEVELS or known.sum() < 3:
            continue
        r = pearson(column.values[known], cases.target[known])
        if abs(r) > _COPY_R:
            found.append(
                f"{column.name} follows {target} with r = {r:.3f}: is it the target in another form? Then leave it out "
                f"(--exclude)."
            )
    return tuple(found)


def is_outcome(name: str) -> bool:
    """Whether a column is known only after treatment."""
    known = known_column(name)
    return known is not None and known.group is Group.OUTCOME
