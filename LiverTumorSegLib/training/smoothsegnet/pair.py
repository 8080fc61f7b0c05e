"""Both stages of SmoothSegNet, one after the other, from two recipes; or the one network that does both at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressCallback, part_of
from LiverTumorSegLib.registry import Stage
from LiverTumorSegLib.settings import Variant
from LiverTumorSegLib.training.card import export
from LiverTumorSegLib.training.job import Outcome, TrainSettings, check_folder, run_training, wanted_recipe
from LiverTumorSegLib.training.recipe import RECIPES
from LiverTumorSegLib.training.run import CHECKPOINT
from LiverTumorSegLib.training.smoothsegnet.prior import prior_of
from LiverTumorSegLib.training.start import find_start

STAGES: Mapping[Variant, tuple[Stage, ...]] = {
    Variant.TWO_STEP: (Stage.LIVER, Stage.TUMOR),
    Variant.MULTICLASS: (Stage.MULTICLASS,),
}
"""What is trained, in this order."""


@dataclass(frozen=True)
class StageRun:
    """A stage, and where it is trained and how."""

    stage: Stage
    settings: TrainSettings


def stage_recipes(name: str, variant: Variant | None) -> dict[Stage, Path] | None:
    """The committed recipes NAME-STAGE, or files called so; None where there is none of them. No variant: two steps.

    Raises InputError where some of them are missing.
    """
    stages = STAGES[variant or Variant.TWO_STEP]
    places = {stage: _recipe(name, stage) for stage in stages}
    missing = [str(stage) for stage, path in places.items() if not path.is_file()]
    if len(missing) == len(places):
        return None
    if missing:
        raise InputError(
            found=f"no recipe {name}-{missing[0]}",
            expected=f"one for each of {', '.join(stages)}",
            remedy="Check the name, or write the missing one",
        )
    return places


def train_stages(
    recipes: Mapping[Stage, Path], settings: TrainSettings, report: ProgressCallback
) -> dict[Stage, Outcome]:
    """Train each stage in its own folder below ``settings.folder``, and leave STAGE.safetensors with its card there.

    settings: recipe is not looked at; is_resumed goes on with those stages that were begun, and begins the others;
    minutes are for all together, of which each stage may take an equal part of what is left; prior is for stages whose
    recipe lets it count. Raises InputError as ``run_training`` does, before anything is begun where it can.
    """
    runs = _stage_runs(recipes, settings)
    for run in runs:
        check_folder(run.settings.folder, is_resumed=settings.is_resumed)
    begun, outcomes = time.monotonic(), {}
    for number, run in enumerate(runs):
        left = max(0.0, settings.minutes - (time.monotonic() - begun) / 60)
        part = part_of(report, number / len(runs), (number + 1) / len(runs))
        outcome = run_training(replace(run.settings, minutes=left / (len(runs) - number)), part)
        if outcome.is_first:
            weights = export(outcome.run, outcome.recipe, outcome.text, settings.folder, str(run.stage))
            outcome = replace(outcome, weights=weights)
        outcomes[run.stage] = outcome
    return outcomes


def _stage_runs(recipes: Mapping[Stage, Path], settings: TrainSettings) -> list[StageRun]:
    runs = []
    for stage, path in recipes.items():
        (recipe, _), folder = wanted_recipe(replace(settings, recipe=path)), settings.folder / str(stage)
        if recipe.training.setting.stage is not stage:
            raise InputError(
                found=f"{path.name} with setting {recipe.training.setting}",
                expected=f"setting {stage}",
                remedy="Correct training.setting, or the file's name",
            )
        is_begun = settings.is_resumed and (folder / CHECKPOINT).exists()
        prior = settings.prior if recipe.loss.prior_weight > 0 else None
        prior_of(recipe.loss, settings.data, prior)  # what is missing is told now, not after the first stage's days
        if not is_begun:
            find_start(recipe, folder.absolute().parent)
        runs.append(StageRun(stage, replace(settings, recipe=path, folder=folder, is_resumed=is_begun, prior=prior)))
    _check_prior(settings, runs)
    if settings.is_resumed and not runs[0].settings.is_resumed:
        raise InputError(
            found=f"no {CHECKPOINT} in {runs[0].settings.folder}",
            expected="a folder in which stages were trained before",
            remedy="Check the folder, or leave out --resume",
        )
    return runs


def _check_prior(settings: TrainSettings, runs: list[StageRun]) -> None:
    if settings.prior is not None and all(run.settings.prior is None for run in runs):
        raise InputError(
            found=f"the prior {settings.prior}, which counts in none of the recipes",
            expected="loss.prior_weight above 0 in one of them (0.5 or 0.6 as published)",
            remedy="Set it in a recipe of your own, or leave out --prior",
        )


def _recipe(name: str, stage: Stage) -> Path:
    """Beside a path, or among the committed ones."""
    file = Path(f"{name}-{stage}.toml")
    return file if file.is_file() else RECIPES / file.name
