"""From a clinical table to the finished folder of a prior; nothing is left behind where it fails or is cancelled."""

from __future__ import annotations

import argparse
import importlib.metadata
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from LiverTumorSegLib import __version__
from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.prior_choice import column_choice
from LiverTumorSegLib.cli.prior_inputs import PriorInputs, prior_inputs
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.clinical.prior import Prior, PriorSettings
from LiverTumorSegLib.clinical.study import fit_prior
from LiverTumorSegLib.io.output_folder import OutputKind, output_folder
from LiverTumorSegLib.io.prior_files import PRIOR
from LiverTumorSegLib.io.results import RUN, write_run
from LiverTumorSegLib.io.text_files import CsvTable, write_csv, write_json
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.publish import versions
from LiverTumorSegLib.report.prior_markdown import prior_markdown
from LiverTumorSegLib.report.prior_page import write_prior_page
from LiverTumorSegLib.timing import peak_memory_mib

TABLE, TEXT, REPORT, PAGE = "prior.csv", "prior.md", "report", "index.html"
FOLDER = OutputKind("an earlier prior", RUN, frozenset({PRIOR, TABLE, TEXT, REPORT, RUN}))
_PACKAGES = ("scikit-learn", "openpyxl")


@dataclass(frozen=True)
class Done:
    """What was written."""

    prior: Prior
    run: RunRecord


def prior_to_folder(arguments: argparse.Namespace, settings: PriorSettings, job: Job) -> Done:
    """Read, fit, write. Raises InputError for tables that cannot be used."""
    progress = Progress(job.report)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    cleanup = partial(shutil.rmtree, ignore_errors=True)
    with output_folder(arguments.output, FOLDER) as folder, job.cleaned_up_by(partial(cleanup, folder)):
        with progress.stage("read", 0.0, 0.1, "Reading") as report:
            inputs = prior_inputs(arguments, report)
        with progress.stage("fit", 0.1, 0.97, "Fitting") as report:
            prior = fit_prior(inputs.table, inputs.target, settings, report)
        run = RunRecord(
            command="prior",
            version=__version__,
            started=started,
            settings=asdict(settings) | {"columns": asdict(column_choice(arguments))},
            model={},
            source=inputs.source,
            versions=versions() | _versions(),
            warnings=inputs.warnings,
        )
        with progress.stage("report", 0.97, 1.0, "Writing"):
            _write(folder, prior, inputs, run)
        timings = progress.clock.seconds() | {"total": progress.clock.total()}
        run = replace(run, timings_s=timings, peak_memory_mib=round(peak_memory_mib()))
        write_run(folder, run)
    return Done(prior, run)


def predictions_table(prior: Prior) -> CsvTable:
    """A row for each patient of the table."""
    rows = [[one.case, one.observed, one.predicted, one.fold, one.fitted] for one in prior.predictions]
    return CsvTable(["case", "observed", "predicted", "fold", "predicted_in_sample"], rows)


def _write(folder: Path, prior: Prior, inputs: PriorInputs, run: RunRecord) -> None:
    table = {key: inputs.source[key] for key in ("name", "sheet", "sha256", "patients", "columns")}
    choice = {"columns_chosen": run.settings["columns"]}
    write_json(folder / PRIOR, {**prior.to_json(), "table": table, **choice, "version": __version__})
    write_csv(folder / TABLE, predictions_table(prior))
    (folder / TEXT).write_text(prior_markdown(prior, run), encoding="utf-8", newline="\n")
    (folder / REPORT).mkdir()
    write_prior_page(folder / REPORT / PAGE, prior, run)


def _versions() -> dict[str, str]:
    """Of the packages that only this command uses."""
    installed = {dist.name for dist in importlib.metadata.distributions()}
    return {name: importlib.metadata.version(name) for name in _PACKAGES if name in installed}
