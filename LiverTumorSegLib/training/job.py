"""A whole training run: a recipe and a folder in, checkpoints, a log and the weights with their card out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressCallback, part_of
from LiverTumorSegLib.settings import Device
from LiverTumorSegLib.training.card import can_be_exported, export
from LiverTumorSegLib.training.devices import training_device
from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.processes import Processes, joined
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.recipe_file import parse_recipe
from LiverTumorSegLib.training.run import CHECKPOINT, Run, begin, read_checkpoint, resume
from LiverTumorSegLib.training.smoothsegnet.prior import RunPrior
from LiverTumorSegLib.training.sources import Places, training_data
from LiverTumorSegLib.training.start import find_start

RECIPE = "recipe.toml"


@dataclass(frozen=True)
class TrainSettings:
    """recipe: file. folder: of the run; runs to start from lie beside it. data: with labelmaps, cases and data sets.

    is_resumed: whether the folder's checkpoint must be there, else it must not. fold: which part of the subjects
    validates, from 1; None trains on all. prior: file to take instead of the recipe's; backbone: likewise, for a stage
    of SmoothSegNet. See ``loop.Means`` for the others.
    """

    recipe: Path
    folder: Path
    data: Path
    is_resumed: bool = False
    fold: int | None = None
    minutes: float = math.inf
    device: Device = Device.AUTO
    at_once: int = 0
    workers: int = 1
    prior: Path | None = None
    backbone: str = ""


@dataclass(frozen=True, eq=False)
class Outcome:
    """weights: None where inference does not know such a network. warnings: about the data. text: of the recipe, with
    what was asked for instead.
    """

    run: Run
    recipe: Recipe
    text: str
    weights: Path | None
    warnings: tuple[str, ...]
    is_first: bool


def run_training(settings: TrainSettings, report: ProgressCallback) -> Outcome:
    """Begin or go on, until the recipe's last step or for so many minutes; then write the weights as they are.

    Every process of a torchrun calls it; the first one writes. Raises InputError for what cannot be used, and what
    ``report`` raises, after a checkpoint was written.
    """
    recipe, text = wanted_recipe(settings)
    check_folder(settings.folder, is_resumed=settings.is_resumed)
    with joined(training_device(settings.device)) as processes:
        processes.share_of(recipe.training.batch)
        run = _prepared(settings, recipe, processes)
        settings.folder.mkdir(parents=True, exist_ok=True)
        with processes.first_before_others():
            places = Places(settings.data, settings.folder, settings.prior)
            data = training_data(recipe, places, settings.fold, part_of(report, 0.0, 0.0))
        _check_held_out(run, data.held_out)
        _take_prior(run, data.prior)
        run.use = run.use.with_also(data.use)
        run.use.check_unseen(recipe.never_seen)
        if processes.is_first:
            (settings.folder / RECIPE).write_text(text, encoding="utf-8")
        means = Means(processes, settings.at_once, settings.workers, settings.minutes, report)
        train(recipe, run, data.source, settings.folder, means, data.validation)
        is_written = processes.is_first and can_be_exported(recipe)
        weights = export(run, recipe, text, settings.folder) if is_written else None
        return Outcome(run, recipe, text, weights, data.warnings, processes.is_first)


def check_folder(folder: Path, *, is_resumed: bool) -> None:
    """Raises InputError where a new run would replace another one, or there is none to go on with."""
    if is_resumed or not (folder / CHECKPOINT).exists():
        return
    step = read_checkpoint(folder)["step"]
    raise InputError(
        found=f"a run in {folder}, at step {step}",
        expected="a folder without a run, or --resume",
        remedy="Add --resume to go on with it, or give another folder",
    )


def _check_held_out(run: Run, patients: tuple[str, ...]) -> None:
    """Raises InputError where a fold would validate on what the run, or the one it started from, was trained on."""
    leaking = sorted(set(patients) & set(run.use.trained_on))
    if leaking:
        raise InputError(
            found=f"{leaking[0]} in the part that validates, on which the run was trained before ({len(leaking)} such)",
            expected="the --fold that the run began with",
            remedy="Give that fold, or another folder",
        )


def _take_prior(run: Run, prior: RunPrior) -> None:
    """Raises InputError where a run would go on with other expectations than it began with."""
    if run.step > 0 and run.prior != prior.sha256:
        raise InputError(
            found=f"{f'the prior {prior.file}' if prior.file else 'no prior'}, at step {run.step} of a run",
            expected="the file that the run began with" if run.prior else "no prior, as the run began",
            remedy="Give that file with --prior, or begin anew in another folder",
        )
    run.prior = prior.sha256


def wanted_recipe(settings: TrainSettings) -> tuple[Recipe, str]:
    """The recipe and its text, with the backbone that was asked for, which the text then says in its first line.

    Raises InputError for a recipe that cannot be used, and for a backbone where there is none to replace.
    """
    text = settings.recipe.read_text(encoding="utf-8")
    recipe = parse_recipe(text, settings.recipe.name)
    if settings.backbone in ("", recipe.network.backbone):
        return recipe, text
    if not recipe.network.backbone:
        raise InputError(
            found=f"--backbone {settings.backbone} for {recipe.name}",
            expected="a recipe for a stage of SmoothSegNet",
            remedy="Leave it out",
        )
    other = replace(recipe, network=replace(recipe.network, backbone=settings.backbone))
    return other, f"# trained with --backbone {settings.backbone}\n{text}"


def _prepared(settings: TrainSettings, recipe: Recipe, processes: Processes) -> Run:
    if settings.is_resumed:
        return resume(recipe, settings.folder, processes.device)
    start = find_start(recipe, settings.folder.absolute().parent)
    run = begin(recipe, processes.device, start.weights if start else None)
    if start:
        run.use = start.use
    return run
