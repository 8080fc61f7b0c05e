"""From a clean table and a target to the prior, with all that is told beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.cases import Cases
from LiverTumorSegLib.clinical.columns import Table
from LiverTumorSegLib.clinical.contribution import cross_validated_curve, in_sample_curve, ranked
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.findings import contributions, copies_of_target, is_outcome
from LiverTumorSegLib.clinical.prior import (
    Bounds,
    Curves,
    ModelScores,
    Prediction,
    Prior,
    PriorSettings,
    Shuffled,
    bounded,
)
from LiverTumorSegLib.clinical.regressions import TITLES, Fitted, Model, fit, sklearn_module
from LiverTumorSegLib.clinical.scores import pearson, scores
from LiverTumorSegLib.clinical.validation import LeftOut, left_out_predictions
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress

LEAST_PATIENTS = 20


@dataclass(frozen=True, eq=False)
class Target:
    """name: "tlvr" or that of a column. values: of the patients of the table, NaN where not observed."""

    name: str
    values: Float[np.ndarray, " patients"]
    bounds: Bounds | None = None


@dataclass(frozen=True, eq=False)
class _Judged:
    """A model fitted to all patients, its predictions of those left out, and the scores of both."""

    final: Fitted
    fitted: Float[np.ndarray, " patients"]
    left_out: LeftOut
    scores: ModelScores


def fit_prior(
    table: Table, target: Target, settings: PriorSettings, report: ProgressCallback = ignore_progress
) -> Prior:
    """Raises InputError for fewer than 20 patients with a target, for a target that is the same in all, and where
    scikit-learn is missing. Patients without a target are predicted by the final model. ``report`` may raise
    CancelledError.
    """
    sklearn_module("linear_model")
    cases, left_out = _cases(table, target, settings)
    step = _steps(report, settings)
    judged = {model: _judge(model, cases, target, settings, step) for model in Model}
    shuffled = _shuffled(cases, settings, step)
    own = judged[settings.model]
    equation = _equation(own.final)
    return Prior(
        target=target.name,
        bounds=target.bounds,
        settings=settings,
        patients=len(cases),
        predictions=_predictions(table, target, own, equation),
        models=tuple(one.scores for one in judged.values()),
        contributions=contributions(cases, equation, own.left_out.used),
        equation=equation,
        curves=_curves(cases, settings, judged[Model.TOP_N]),
        shuffled=shuffled,
        columns=tuple(column.name for column in cases.columns),
        left_out=left_out,
        uses_outcome=any(is_outcome(column.name) for column in cases.columns),
        notes=(*table.notes, *copies_of_target(cases, target.name)),
    )


def _cases(table: Table, target: Target, settings: PriorSettings) -> tuple[Cases, dict[str, str]]:
    """The patients with a target, and every column that is not used."""
    rows = np.flatnonzero(np.isfinite(target.values))
    observed = target.values[rows]
    if rows.size < LEAST_PATIENTS or rows.size < 4 * settings.folds:
        raise InputError(
            found=f"{rows.size} patients with a value of {target.name}",
            expected=f"at least {max(LEAST_PATIENTS, 4 * settings.folds)}",
            remedy="Give more patients: so few say nothing about others",
        )
    if np.ptp(observed) == 0:
        raise InputError(
            found=f"{target.name} is {observed[0]:g} in all patients",
            expected="a target that differs between patients",
            remedy="Choose another column",
        )
    taken = [column.take(rows) for column in table.columns]
    constant = {column.name for column in taken if np.unique(column.known).size < 2}
    same = dict.fromkeys(sorted(constant), f"the same in all patients with {target.name}")
    if len(constant) == len(taken):
        raise InputError(
            found="no column that differs between these patients",
            expected="one or more facts that do",
            remedy="Loosen --features and --exclude",
        )
    return Cases(tuple(column for column in taken if column.name not in constant), observed), table.left_out | same


def _steps(report: ProgressCallback, settings: PriorSettings) -> Callable[[str], None]:
    """A callback for each fit that is done, with the name of what is being fitted."""
    total = settings.folds * (settings.repeats * len(Model) + settings.shuffles)
    done = 0

    def step(what: str) -> None:
        nonlocal done
        done += 1
        report(ProgressEvent("fit", min(1.0, done / total), what))

    return step


def _judge(model: Model, cases: Cases, target: Target, settings: PriorSettings, step: Callable[[str], None]) -> _Judged:
    left_out = left_out_predictions(
        model,
        cases,
        fold_count=settings.folds,
        repeats=settings.repeats,
        seed=settings.seed,
        step=lambda: step(TITLES[model]),
    )
    final = fit(model, cases, settings.seed)
    fitted = bounded(final.predict(cases.columns), target.bounds)
    in_sample, cross_validated = (
        scores(
            bounded(predicted, target.bounds),
            cases.target,
            draws=settings.draws,
            seed=settings.seed,
            has_r=model is not Model.MEAN,
        )
        for predicted in (fitted[None], left_out.predicted)
    )
    return _Judged(final, fitted, left_out, ModelScores(model, in_sample, cross_validated))


def _shuffled(cases: Cases, settings: PriorSettings, step: Callable[[str], None]) -> Shuffled:
    """The top-n regression, as the paper fits it, on targets that were dealt to other patients."""
    random = np.random.default_rng(settings.seed)
    in_sample, cross_validated = [], []
    for n in range(settings.shuffles):
        dealt = Cases(cases.columns, random.permutation(cases.target))
        seed = settings.seed + n
        left_out = left_out_predictions(
            Model.TOP_N,
            dealt,
            fold_count=settings.folds,
            repeats=1,
            seed=seed,
            step=lambda: step("Targets dealt to other patients"),
        )
        in_sample.append(pearson(fit(Model.TOP_N, dealt, seed).predict(dealt.columns), dealt.target))
        cross_validated.append(pearson(left_out.predicted[0], dealt.target))
    return Shuffled(tuple(in_sample), tuple(cross_validated))


def _predictions(table: Table, target: Target, own: _Judged, equation: Equation) -> tuple[Prediction, ...]:
    """In the table's order."""
    final = bounded(equation.predict(table.columns), target.bounds).tolist()
    rows = {row: n for n, row in enumerate(np.flatnonzero(np.isfinite(target.values)).tolist())}
    left_out = bounded(own.left_out.predicted[0], target.bounds).tolist()
    found = []
    for row, case in enumerate(table.ids):
        n = rows.get(row)
        if n is None:
            found.append(Prediction(case, final[row], None, None, final[row]))
        else:
            observed = float(target.values[row])
            found.append(Prediction(case, left_out[n], own.left_out.first_folds[n], observed, final[row]))
    return tuple(found)


def _curves(cases: Cases, settings: PriorSettings, top: _Judged) -> Curves:
    honest = cross_validated_curve(cases, settings.seed)
    return Curves(
        in_sample=in_sample_curve(cases).r,
        ranked_outside=cross_validated_curve(cases, settings.seed, ranked(cases)).r,
        cross_validated=honest.r,
        count=honest.best,
        counts_in_folds=tuple(len(used) for used in top.left_out.used),
    )


def _equation(final: Fitted) -> Equation:
    if final.equation is None:
        message = "the model that predicts must be a linear one"
        raise ValueError(message)
    return final.equation
