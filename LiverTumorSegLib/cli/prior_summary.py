"""A clinical prior as the terminal shows it, and as facts for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.prior_output import PAGE, REPORT, Done
from LiverTumorSegLib.clinical.prior import Prior
from LiverTumorSegLib.clinical.regressions import TITLES
from LiverTumorSegLib.report.prior_words import (
    better_models,
    headline,
    interval_text,
    number_text,
    outcome_text,
    r_text,
    target_title,
    verdict,
)


def prior_facts(done: Done, folder: Path) -> dict[str, Any]:
    """For --progress json: where the prior is, and its numbers."""
    prior = done.prior
    return {
        "folder": str(folder),
        "report": str(folder / REPORT / PAGE),
        "target": prior.target,
        "patients": prior.patients,
        "columns": prior.curves.count,
        "cross_validated": prior.own.cross_validated.to_json(),
        "in_sample": prior.own.in_sample.to_json(),
        "warnings": list(done.run.warnings),
        "timings_s": done.run.timings_s,
    }


def prior_summary(prior: Prior, folder: Path, run: RunRecord) -> str:
    """A row for each model, the verdict, and where the report is."""
    head = f"{'model':34} {'r, new patients':>24} {'MSE':>8} {'MAE':>8} {'r, in-sample':>13}"
    lines = [f"{target_title(prior)}: {prior.patients} patients, {len(prior.columns)} columns", head]
    for one in prior.models:
        new = one.cross_validated
        r = f"{r_text(new.r.value)} ({interval_text(new.r, is_r=True)})" if new.r.value is not None else "-"
        lines.append(
            f"{TITLES[one.model]:34} {r:>24} {number_text(new.mse.value):>8} {number_text(new.mae.value):>8} "
            f"{r_text(one.in_sample.r.value):>13}"
        )
    remarks = [text for text in (headline(prior), verdict(prior), outcome_text(prior), better_models(prior)) if text]
    place = f"{run.timings_s['total']:.1f} s; report: {folder / REPORT / PAGE}"
    return "\n".join([*lines, "", *remarks, "", place])
