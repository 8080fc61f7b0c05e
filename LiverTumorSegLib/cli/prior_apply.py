"""``prior --apply``: a stored prior on the patients of another table."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from LiverTumorSegLib import __version__
from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.prior_inputs import table_source
from LiverTumorSegLib.cli.prior_output import FOLDER, TABLE
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.clinical.applying import Applied, apply_prior
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.prior import SCHEMA, Bounds
from LiverTumorSegLib.clinical.table import RawTable
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.output_folder import output_folder
from LiverTumorSegLib.io.prior_files import PRIOR, read_prior_data
from LiverTumorSegLib.io.raw import read_bytes, sha256
from LiverTumorSegLib.io.results import write_run
from LiverTumorSegLib.io.spreadsheets import read_sheet
from LiverTumorSegLib.io.text_files import Cell, CsvTable, write_csv, write_json
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.publish import versions

_OF_FIT = {
    "outcome": False, "exclude": [], "include": [], "features": [], "classes": [], "model": "top-n", "folds": 5,
    "repeats": 10, "shuffles": 20, "seed": 0,
}  # fmt: skip
"""Options that a stored prior has answered, with their defaults."""


@dataclass(frozen=True)
class Told:
    """text: for people. facts: for programs."""

    text: str
    facts: dict[str, Any]


def apply_to_folder(arguments: argparse.Namespace, job: Job) -> Told:
    """Read, predict, write. Raises InputError for a file that is no prior and a table without its columns."""
    _check_alone(arguments)
    progress = Progress(job.report)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    cleanup = partial(shutil.rmtree, ignore_errors=True)
    with output_folder(arguments.output, FOLDER) as folder, job.cleaned_up_by(partial(cleanup, folder)):
        with progress.stage("read", 0.0, 0.5, "Reading"):
            path = arguments.apply / PRIOR if arguments.apply.is_dir() else arguments.apply
            data = read_prior_data(path)
            equation, bounds = _model(path, data)
            sheet = read_sheet(arguments.table, arguments.sheet)
        with progress.stage("predict", 0.5, 0.9, "Predicting"):
            missing = (*data.get("columns_chosen", {}).get("missing", ()), *arguments.missing)
            raw = RawTable(sheet.header, sheet.rows)
            applied = apply_prior(equation, bounds, raw, id_name=arguments.id, missing=missing)
        source = table_source(sheet) | {"prior": str(path), "prior_sha256": sha256(read_bytes(path))}
        run = RunRecord("prior", __version__, started, {"apply": True}, {}, source, versions(), warnings=applied.notes)
        with progress.stage("files", 0.9, 1.0, "Writing"):
            _write(folder, data, source, applied)
        write_run(folder, replace(run, timings_s=progress.clock.seconds() | {"total": progress.clock.total()}))
    for note in applied.notes:
        job.output.warning(note)
    return _told(data["target"], applied, arguments.output)


def _check_alone(arguments: argparse.Namespace) -> None:
    given = [f"--{name}" for name, usual in _OF_FIT.items() if getattr(arguments, name) != usual]
    if given:
        raise InputError(
            found=f"--apply together with {', '.join(given)}",
            expected="a stored prior as it was fitted",
            remedy="Leave them out, or fit a new prior",
        )


def _model(path: Path, data: dict[str, Any]) -> tuple[Equation, Bounds | None]:
    try:
        bounds = None if data["bounds"] is None else (float(data["bounds"][0]), float(data["bounds"][1]))
        return Equation.from_json(data["model"]), bounds
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            found=f"{path} holds no equation that can be used ({error})",
            expected="prior.json of a fit, not of --apply",
            remedy="Give the prior.json that 'livertumorseg prior' wrote when it fitted",
        ) from error


def _write(folder: Path, data: dict[str, Any], source: dict[str, Any], applied: Applied) -> None:
    predictions = {
        case: {"predicted": value, "fold": None, "observed": None} for case, value in applied.predicted.items()
    }
    written = {
        "schema": SCHEMA,
        "target": data["target"],
        "predictions": predictions,
        "applied": {key: source[key] for key in ("prior_sha256", "name", "sheet", "sha256", "patients")},
        "notes": list(applied.notes),
        "version": __version__,
    }
    write_json(folder / PRIOR, written)
    rows: list[list[Cell]] = [[case, value, applied.unknown[case]] for case, value in applied.predicted.items()]
    write_csv(folder / TABLE, CsvTable(["case", "predicted", "columns_not_known"], rows))


def _told(target: str, applied: Applied, output: Path) -> Told:
    worst = max(applied.unknown.values(), default=0)
    text = (
        f"{target} of {len(applied.predicted)} patients predicted from {applied.columns} columns (up to {worst} of "
        f"them not known, which count as average): {output / TABLE}"
    )
    facts = {"folder": str(output), "target": target, "predicted": applied.predicted, "warnings": list(applied.notes)}
    return Told(text, facts)
