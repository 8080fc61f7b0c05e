"""The clinical prior of one split: fitted to the patients that are trained on, tried on those that test."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib import __version__
from LiverTumorSegLib.clinical.applying import apply_prior
from LiverTumorSegLib.clinical.prior import TLVR, Prior, PriorSettings
from LiverTumorSegLib.clinical.scores import pearson
from LiverTumorSegLib.clinical.study import Target, fit_prior
from LiverTumorSegLib.clinical.table import ColumnChoice, RawTable, read_ids, read_table
from LiverTumorSegLib.io.prior_files import PRIOR, read_prior_data
from LiverTumorSegLib.io.text_files import write_json
from LiverTumorSegLib.progress import ProgressCallback

HELD_OUT = "held_out"
_BOUNDS = (0.0, 1.0)


@dataclass(frozen=True)
class PriorScores:
    """r of predicted and observed ratios. cross_validated, in_sample: of the patients that are trained on. held_out: of
    those that test, whom nothing has seen; None for fewer than three of them with a ratio. columns: of the equation.
    """

    patients: int
    cross_validated: float | None
    in_sample: float | None
    held_out: float | None
    columns: tuple[str, ...]


def split_prior(
    table: RawTable, ratios: Mapping[str, float], train: Collection[str], folder: Path, settings: PriorSettings,
    report: ProgressCallback,
) -> Path:  # fmt: skip
    """prior.json as ``livertumorseg prior`` writes it: of the patients in ``train`` alone, each out of fold.

    table: of all patients. ratios: tumour / liver by case id. Cleaning, columns, encoding and weights come from rows of
    ``train``; how the final equation does on the others is stored beside it. A file that is there is kept. Raises
    InputError as ``fit_prior`` does.
    """
    path = folder / PRIOR
    if path.exists():
        return path
    ids = read_ids(table, None)
    inside, others = (_rows(table, ids, {one for one in ids if (one in train) is wanted}) for wanted in (True, False))
    clean = read_table(inside, ColumnChoice())
    observed = np.array([ratios.get(one, math.nan) for one in clean.ids])
    prior = fit_prior(clean, Target(TLVR, observed, _BOUNDS), settings, report)
    write_json(path, {**prior.to_json(), HELD_OUT: _held_out(prior, others, ratios), "version": __version__})
    return path


def prior_scores(path: Path) -> PriorScores:
    """Of a file of ``split_prior``."""
    data = read_prior_data(path)
    metrics = data["metrics"]
    return PriorScores(
        data["patients"],
        metrics["cross_validated"]["r"]["value"],
        metrics["in_sample"]["r"]["value"],
        data[HELD_OUT]["r"],
        tuple(column["name"] for column in data["model"]["columns"]),
    )


def _rows(table: RawTable, ids: tuple[str, ...], wanted: Collection[str]) -> RawTable:
    kept = (row for one, row in zip(ids, table.rows, strict=True) if one in wanted)
    return RawTable(table.header, tuple(kept))


def _held_out(prior: Prior, table: RawTable, ratios: Mapping[str, float]) -> dict[str, Any]:
    """As ``prior --apply`` predicts them."""
    predicted = apply_prior(prior.equation, _BOUNDS, table).predicted if table.rows else {}
    both = {case: (value, ratios[case]) for case, value in predicted.items() if case in ratios}
    pairs = np.array(list(both.values())).reshape(-1, 2)
    r = pearson(pairs[:, 0], pairs[:, 1]) if len(pairs) > 2 else None
    cases = {case: {"predicted": value, "observed": observed} for case, (value, observed) in both.items()}
    return {"patients": len(pairs), "r": r, "cases": cases}
