"""``livertumorseg train``: a recipe becomes a network."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.long_runs import check_torch, ending_with_checkpoint, restart_with_allocator
from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.progress_output import ProgressMode
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import Device

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.training.job import Outcome

DATA_VARIABLE = "LIVERTUMORSEG_TESTDATA"
_USUAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``train RECIPE -o FOLDER [--resume]``."""
    parser = subparsers.add_parser(
        "train",
        help="train a network for liver, vessels and tumors from a recipe",
        description="Train a network from a recipe (TOML). FOLDER gets checkpoint.pt, log.csv and, whenever the "
        "command ends by itself, NAME.safetensors with its card; --resume --minutes 0 writes those of a checkpoint. "
        "Ctrl-C ends after the current step and its checkpoint. Several GPUs or computers: torchrun -m "
        "LiverTumorSegLib train ..., the result is the same.",
        parents=list(parents),
    )
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file, or the name of a recipe that comes along")
    parser.add_argument(
        "-o",
        "--output",
        type=some_path,
        required=True,
        metavar="FOLDER",
        help="of the run; made if missing. Runs that a recipe starts from lie beside it",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in FOLDER")
    parser.add_argument(
        "--data",
        type=some_path,
        metavar="DIR",
        help=f"folder with labelmaps, cases and data sets (default: ${DATA_VARIABLE}, else {_USUAL_DATA})",
    )
    parser.add_argument("--minutes", type=_minutes, metavar="M", help="stop for now after so many minutes")
    parser.add_argument(
        "--fold", type=int, metavar="N", help="train on all subjects but those of part N (from 1), which validate"
    )
    parser.add_argument(
        "--device",
        type=Device,
        choices=list(Device),
        default=Device.AUTO,
        metavar=f"{{{','.join(Device)}}}",
        help="where to train; auto: a GPU where torch finds one, else the CPU (%(default)s)",
    )
    parser.add_argument(
        "--at-once",
        type=_count,
        default=0,
        metavar="N",
        help="samples that go through the network together; fewer take less memory, the result is the same "
        "(0, the default: all of a step)",
    )
    parser.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="processes that prepare samples (%(default)s)"
    )
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Train, and print where the weights are."""
    restart_with_allocator(arguments.device)
    check_torch()
    from LiverTumorSegLib.training.job import TrainSettings, run_training
    from LiverTumorSegLib.training.recipe_file import find_recipe

    if int(os.environ.get("RANK", "0")):
        job.output.mode = ProgressMode.NONE  # the first process talks
    usual = TrainSettings(Path(), Path(), Path())
    settings = TrainSettings(
        recipe=find_recipe(arguments.recipe),
        folder=arguments.output,
        data=data_folder(arguments.data),
        is_resumed=arguments.resume,
        fold=arguments.fold,
        minutes=usual.minutes if arguments.minutes is None else arguments.minutes,
        device=arguments.device,
        at_once=arguments.at_once,
        workers=arguments.workers,
    )
    with ending_with_checkpoint(
        job, f"What was done is in {arguments.output}; go on with the same command and --resume"
    ):
        outcome = run_training(settings, job.report)
    if outcome.is_first:
        _tell(outcome, job)
    return 0


def data_folder(given: Path | None) -> Path:
    """Raises InputError where it is not there."""
    folder = given or Path(os.environ.get(DATA_VARIABLE) or _USUAL_DATA)
    if not folder.is_dir():
        raise InputError(
            found=f"no folder {folder}",
            expected="the folder with labelmaps, cases and data sets",
            remedy=f"Give --data, or set {DATA_VARIABLE}",
        )
    return folder


def _tell(outcome: Outcome, job: Job) -> None:
    run, steps = outcome.run, outcome.recipe.training.steps
    for warning in outcome.warnings:
        job.output.warning(warning)
    if outcome.weights:
        where = f"Weights and card: {outcome.weights}"
    else:
        where = "No weights file: only plain networks in setting ml are used outside training."
    job.output.result(
        f"Step {run.step} of {steps}, loss {run.loss:.3f}. {where}",
        step=run.step,
        steps=steps,
        loss=None if math.isnan(run.loss) else run.loss,
        weights=str(outcome.weights) if outcome.weights else None,
    )


def _minutes(text: str) -> float:
    minutes = float(text)
    if not minutes >= 0:
        raise argparse.ArgumentTypeError(f"{text} minutes; expected 0 or more")  # noqa: EM102 (argparse prints it)
    return minutes


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{text}; expected 0 or more")  # noqa: EM102 (argparse prints it)
    return count
