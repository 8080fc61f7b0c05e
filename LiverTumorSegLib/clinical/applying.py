"""A stored prior on other patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.clinical.cells import missing_code
from LiverTumorSegLib.clinical.cleaning import column_like
from LiverTumorSegLib.clinical.columns import Column
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.known_columns import id_column
from LiverTumorSegLib.clinical.prior import Bounds, bounded
from LiverTumorSegLib.clinical.table import RawTable, read_ids


@dataclass(frozen=True)
class Applied:
    """predicted: by case id, in the table's order. unknown: how many of the columns are not known of each case."""

    predicted: dict[str, float]
    unknown: dict[str, int]
    columns: int
    notes: tuple[str, ...]


def apply_prior(
    equation: Equation, bounds: Bounds | None, raw: RawTable, *, id_name: str | None = None, missing: Sequence[str] = ()
) -> Applied:
    """What is not known of a patient, or was not among those fitted to, counts as average.

    missing: codes for what is not known. Raises InputError where the table lacks a column that the equation needs.
    """
    codes = frozenset(missing_code(code) for code in missing)
    columns: list[Column] = []
    notes: list[str] = []
    for asked in equation.columns:
        cells = raw.cells(raw.find(asked.name))
        cleaned = column_like(asked.name, cells, asked.kind, asked.words, asked.unit, codes)
        notes += cleaned.notes
        if cleaned.column is not None:
            columns.append(cleaned.column)
    ids = read_ids(raw, id_name or id_column(raw.header))
    predicted = equation.predict(columns) if columns else np.full(len(ids), equation.intercept)
    unknown = sum((np.isnan(column.values).astype(int) for column in columns), start=np.zeros(len(ids), int))
    values = bounded(predicted, bounds).tolist()
    return Applied(
        dict(zip(ids, values, strict=True)),
        dict(zip(ids, unknown.tolist(), strict=True)),
        len(columns),
        tuple(notes),
    )
