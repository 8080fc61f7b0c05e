"""``livertumorseg calibrate``: what the networks' answers are worth, from cases whose truth is known."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LiverTumorSegLib.cli.options import add_segmentation_settings, settings_from, some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.registry import ModelSpec
    from LiverTumorSegLib.uncertainty.calibration import Calibration
    from LiverTumorSegLib.uncertainty.records import Record

LOG, SETTINGS = "cases.jsonl", "settings.json"
COEFFICIENTS_FILE, PAGE, PICTURE = "coefficients.json", "calibration.md", "reliability.png"


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``calibrate -o FOLDER --cases N``."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit the confidences of lesions and cases to synthetic and real cases",
        description="Run a model on synthetic patients and on the real cases of the data folder, compare with the "
        "truth, and fit how probable it is that a lesion is true and a case good. FOLDER gets a line for each case "
        "(a run that was stopped goes on there), coefficients.json, calibration.md and reliability.png.",
        parents=list(parents),
    )
    parser.add_argument(
        "-o", "--output", type=some_path, required=True, metavar="FOLDER", help="made if missing; cases in it are kept"
    )
    parser.add_argument("--cases", type=int, default=100, metavar="N", help="synthetic patients (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other patients (%(default)s)")
    parser.add_argument(
        "--data", type=some_path, metavar="DIR", help="folder with labelmaps and cases (default: as for train)"
    )
    parser.add_argument(
        "--install", action="store_true", help="put the coefficients into this installation, for all later runs"
    )
    add_segmentation_settings(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Run the cases that are missing, fit, and say where the page is."""
    from LiverTumorSegLib.cli.calibrate_patients import planned_cases
    from LiverTumorSegLib.cli.calibrate_run import record_cases
    from LiverTumorSegLib.cli.model_choice import check_choice, choose_model
    from LiverTumorSegLib.cli.train_command import data_folder
    from LiverTumorSegLib.inference.segmenters import make_segmenter
    from LiverTumorSegLib.registry import CLASSICAL

    settings = settings_from(arguments)
    check_choice(settings)
    if arguments.cases < 0 or arguments.seed < 0:
        raise InputError(
            found=f"{arguments.cases} cases, seed {arguments.seed}", expected="0 or more", remedy="Change --cases"
        )
    spec, _ = choose_model(settings, job.report, offline=arguments.offline)
    if spec.id == CLASSICAL.id:
        raise InputError(
            found=f"model {spec.id}",
            expected="a model with networks: only they are more or less sure",
            remedy="Change --model",
        )
    plan = list(planned_cases(data_folder(arguments.data), arguments.cases, arguments.seed))
    folder = Path(arguments.output)
    facts = settings.to_json() | {"model": spec.id, "seed": arguments.seed, "weights": _hashes(spec)}
    prepare(folder, facts)
    segmenter = make_segmenter(spec, settings)
    records = record_cases(plan, len(plan), segmenter, settings, folder / LOG, job.report)
    calibration = write_calibration(folder, records, spec.id, install=arguments.install)
    job.output.result(
        f"{len(records)} cases; calibration error {calibration.lesions.ece:.3f} of lesions, "
        f"{calibration.cases.ece:.3f} of cases. See {folder / PAGE}",
        cases=len(records),
        folder=str(folder),
    )
    return 0


def prepare(folder: Path, facts: dict[str, Any]) -> None:
    """The folder of a run, with its settings. Raises InputError for one that holds a run with other settings."""
    from LiverTumorSegLib.io.text_files import read_json, write_json

    folder.mkdir(parents=True, exist_ok=True)
    stored = folder / SETTINGS
    if not stored.exists():
        if any(folder.iterdir()):
            raise _occupied(folder, "holds other files", "an empty folder")
        write_json(stored, facts)
    elif read_json(stored) != facts:
        raise _occupied(folder, "holds cases of other settings", "the settings that it was begun with")


def write_calibration(folder: Path, records: Sequence[Record], model_id: str, *, install: bool) -> Calibration:
    """Fit, and write coefficients, page and picture. install: also where later runs read the coefficients.

    Other models' coefficients stay in the file. Raises InputError as ``calibrate`` does.
    """
    from LiverTumorSegLib.io.text_files import read_json, write_json
    from LiverTumorSegLib.uncertainty.calibration import calibrate
    from LiverTumorSegLib.uncertainty.calibration_report import markdown, reliability_chart
    from LiverTumorSegLib.uncertainty.confidence import ANY_MODEL, COEFFICIENTS, model_of

    stored = read_json(COEFFICIENTS)
    calibration = calibrate(records, model_of(stored, ANY_MODEL).limits, _fitted_on(records))
    coefficients = stored | {"models": stored["models"] | {model_id: calibration.model.to_json()}}
    for place in (folder / COEFFICIENTS_FILE, *((COEFFICIENTS,) if install else ())):
        write_json(place, coefficients)
    reliability_chart(calibration).save(folder / PICTURE)
    (folder / PAGE).write_text(markdown(calibration, model_id, PICTURE), encoding="utf-8", newline="\n")
    return calibration


def _hashes(spec: ModelSpec) -> dict[str, str]:
    """Of a model's weights: features of other weights are not to be mixed."""
    return {file.name: file.sha256 for file in spec.all_files}


def _fitted_on(records: Sequence[Record]) -> str:
    real = [record.name for record in records if not record.is_synthetic]
    maps = sorted({record.patient for record in records if record.is_synthetic})
    return (
        f"{len(records) - len(real)} synthetic patients (maps: {', '.join(maps)}); real: {', '.join(real) or 'none'}."
    )


def _occupied(folder: Path, what: str, expected: str) -> InputError:
    return InputError(found=f"{folder} {what}", expected=expected, remedy="Choose another folder (-o)")
