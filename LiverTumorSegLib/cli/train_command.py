"""``livertumorseg train``: a recipe becomes a network."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.long_runs import check_torch, ending_with_checkpoint, restart_with_allocator
from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.progress_output import ProgressMode
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.registry import Stage
from LiverTumorSegLib.settings import Device, Variant

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.training.job import Outcome, TrainSettings

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
        "LiverTumorSegLib train ..., the result is the same. A RECIPE that is there as RECIPE-liver and RECIPE-tumor, "
        "such as smoothsegnet, trains both one after the other, in FOLDER/liver and FOLDER/tumor; FOLDER gets "
        "liver.safetensors and tumor.safetensors, which segment --model smoothsegnet --backbone FOLDER takes.",
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
    _add_stage_options(parser)
    parser.set_defaults(work=work)


def _add_stage_options(parser: argparse.ArgumentParser) -> None:
    stages = parser.add_argument_group("stages of SmoothSegNet")
    stages.add_argument(
        "--backbone",
        default="",
        metavar="NAME",
        help="instead of the recipe's: segresnet-vae, segresnet, unet, unet-large, unet++ or ma-net; a number of "
        "features may follow, as in segresnet:8",
    )
    stages.add_argument(
        "--prior",
        type=some_path,
        metavar="FILE",
        help="what livertumorseg prior predicts for the cases, for recipes in which it counts (loss.prior_weight)",
    )
    stages.add_argument(
        "--variant",
        type=Variant,
        choices=list(Variant),
        metavar=f"{{{','.join(Variant)}}}",
        help="two-step (usual): liver, then tumors in it; multiclass: one network for both, from RECIPE-multiclass",
    )


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Train, and print where the weights are."""
    restart_with_allocator(arguments.device)
    check_torch()
    from LiverTumorSegLib.training.job import run_training
    from LiverTumorSegLib.training.smoothsegnet.pair import train_stages

    if int(os.environ.get("RANK", "0")):
        job.output.mode = ProgressMode.NONE  # the first process talks
    recipes, settings = _recipes(arguments), _settings(arguments)
    with ending_with_checkpoint(
        job, f"What was done is in {arguments.output}; go on with the same command and --resume"
    ):
        if isinstance(recipes, Path):
            outcomes = [run_training(replace(settings, recipe=recipes), job.report)]
        else:
            outcomes = list(train_stages(recipes, settings, job.report).values())
    for outcome in outcomes:
        if outcome.is_first:
            _tell(outcome, job)
    return 0


def _recipes(arguments: argparse.Namespace) -> Path | dict[Stage, Path]:
    """One recipe, or those of the stages. Raises InputError, naming those there are, where there is none."""
    from LiverTumorSegLib.training.recipe_file import find_recipe, is_recipe
    from LiverTumorSegLib.training.smoothsegnet.pair import stage_recipes

    found = None if is_recipe(arguments.recipe) else stage_recipes(arguments.recipe, arguments.variant)
    if found is None and arguments.variant is not None:
        raise InputError(
            found=f"--variant {arguments.variant} with the recipe {arguments.recipe}",
            expected="the name that the recipes of the stages share, such as smoothsegnet",
            remedy="Leave out --variant, or check the name",
        )
    return found or find_recipe(arguments.recipe)


def _settings(arguments: argparse.Namespace) -> TrainSettings:
    """Without the recipe."""
    from LiverTumorSegLib.training.job import TrainSettings

    usual = TrainSettings(Path(), Path(), Path())
    return TrainSettings(
        recipe=Path(),
        folder=arguments.output,
        data=data_folder(arguments.data),
        is_resumed=arguments.resume,
        fold=arguments.fold,
        minutes=usual.minutes if arguments.minutes is None else arguments.minutes,
        device=arguments.device,
        at_once=arguments.at_once,
        workers=arguments.workers,
        prior=arguments.prior,
        backbone=arguments.backbone,
    )


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
        where = "No weights file: networks of this setting, or that are not plain, are not used outside training."
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
