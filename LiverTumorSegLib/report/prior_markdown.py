"""prior.md: the numbers of a clinical prior as tables."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.clinical.prior import Contribution, Prior
from LiverTumorSegLib.clinical.regressions import TITLES
from LiverTumorSegLib.report.prior_words import (
    better_models,
    chance_text,
    count_text,
    headline,
    interval_text,
    number_text,
    outcome_text,
    published_text,
    r_text,
    target_title,
    verdict,
)

_NAMED_LEVELS = 4


def prior_markdown(prior: Prior, run: RunRecord) -> str:
    """The page, with a heading of level 1. run.source: as the command writes it."""
    source = run.source
    parts = [
        f"# Clinical prior of {_cell(target_title(prior))}\n",
        f"{TITLES[prior.settings.model]} on {prior.patients} of {source['patients']} patients of "
        f"{_cell(source['name'])} (sha256 {source['sha256'][:12]}...). **{headline(prior)}** {verdict(prior)}\n",
        *(f"{text}\n" for text in (outcome_text(prior), better_models(prior)) if text),
        "## Models\n",
        _models(prior),
        f"{_how(prior)}\n",
        chance_text(prior) + "\n",
        count_text(prior) + "\n",
        "## Comparison with the paper\n",
        published_text(prior) + "\n",
        "## Columns of the final model\n",
        _columns(prior.contributions),
        "Part: standard deviation of the column's part in the predictions. Weight: change of the prediction for one "
        "standard deviation more; of classes, each against the average. Chosen: share of the fits of the "
        "cross-validation that used it.\n",
        "## Columns left out\n",
        _table(("column", "reason"), [(name, reason) for name, reason in prior.left_out.items()]),
    ]
    if prior.notes or run.warnings:
        parts += ["## Notes\n", "".join(f"- {_cell(note)}\n" for note in (*run.warnings, *prior.notes))]
    return "\n".join(parts)


def _models(prior: Prior) -> str:
    head = ("model", "r, new patients", "95 %", "MSE", "MAE", "r, in-sample", "MSE", "MAE")
    rows = []
    for one in prior.models:
        new, own = one.cross_validated, one.in_sample
        name = f"**{TITLES[one.model]}**" if one.model is prior.settings.model else TITLES[one.model]
        left_out = [r_text(new.r.value), interval_text(new.r, is_r=True) or "-"]
        errors = [[number_text(value.value) for value in (scores.mse, scores.mae)] for scores in (new, own)]
        rows.append([name, *left_out, *errors[0], r_text(own.r.value), *errors[1]])
    return _table(head, rows)


def _how(prior: Prior) -> str:
    one = prior.settings
    return (
        f"New patients: {one.folds}-fold cross-validation, {one.repeats} times with other folds (seed {one.seed}), "
        "means over the repeats; imputation, encoding, ranking, the number of columns and all penalties are learned "
        f"anew without the patients of a fold. Intervals: {one.draws} bootstrap samples of patients, models not fitted "
        "anew."
    )


def _columns(contributions: Sequence[Contribution]) -> str:
    rows = [
        (one.column, number_text(one.spread), weights_text(one), f"{100 * one.chosen:.0f} %") for one in contributions
    ]
    return _table(("column", "part", "weight", "chosen"), rows)


def weights_text(one: Contribution) -> str:
    """The weight with its sign; of classes the largest ones by name."""
    if all(term.level is None for term in one.terms):
        return _signed(one.terms[0].weight)
    largest = sorted(one.terms, key=lambda term: -abs(term.weight))[:_NAMED_LEVELS]
    return ", ".join(f"{term.level} {_signed(term.weight)}" for term in largest)


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number_text(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
