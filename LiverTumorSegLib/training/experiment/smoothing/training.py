"""One network of the experiment: trained, or taken from where it was trained before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from LiverTumorSegLib.io.own_weights import SUFFIX
from LiverTumorSegLib.io.stage_weights import stage_of_file
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.training.card import export
from LiverTumorSegLib.training.data_use import DataUse
from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.training.processes import Processes
from LiverTumorSegLib.training.recipe import LayoutSource, Recipe
from LiverTumorSegLib.training.run import CHECKPOINT, Run, begin, resume
from LiverTumorSegLib.training.samples import Source
from LiverTumorSegLib.training.smoothsegnet.prior import RunPrior
from LiverTumorSegLib.training.smoothsegnet.view import StageView
from LiverTumorSegLib.training.sources import augmented
from LiverTumorSegLib.training.subject_patches import SubjectPatches


@dataclass(frozen=True)
class Hardware:
    """With what networks are trained; see ``loop.Means``."""

    device: torch.device
    at_once: int = 0
    workers: int = 1


def trained(
    recipe: Recipe,
    text: str,
    folder: Path,
    cases: Sequence[PreparedCase],
    prior: RunPrior,
    data_set: str,
    hardware: Hardware,
    report: ProgressCallback,
) -> ModelSpec:
    """The network of a recipe, for inference, with weights and card in ``folder``; what is finished there is kept.

    text: the recipe's. cases: to train on, on the recipe's grid. A run that was stopped goes on from its checkpoint.
    """
    weights = folder / f"{recipe.training.setting}{SUFFIX}"
    if not weights.with_suffix(".md").exists():  # the last of its files
        folder.mkdir(parents=True, exist_ok=True)
        run = _run(recipe, folder, hardware.device)
        run.prior = prior.sha256
        ids = tuple(sorted(case.case_id for case in cases))
        run.use = DataUse(ids, ids, (), (data_set,))
        means = Means(Processes(device=hardware.device), hardware.at_once, hardware.workers, report=report)
        train(recipe, run, stage_source(recipe, cases, prior), folder, means)
        export(run, recipe, text, folder, weights.stem)
    return stage_of_file(weights)


def parameters(network: ModelSpec) -> int:
    """As its card counts them: those that inference needs."""
    name = network.files[0].name
    if network.folder is None:
        message = f"{network.id} has no folder"
        raise ValueError(message)
    return int(read_json(network.folder / f"{name}.json")["files"][name]["parameters"])


def stage_source(recipe: Recipe, cases: Sequence[PreparedCase], prior: RunPrior) -> Source:
    """Patches as the recipe's network sees them, with what is expected of their cases."""
    training, source = recipe.training, recipe.sources[0]
    patches = SubjectPatches(
        cases,
        recipe.cut_patch,
        augmented(source.augmentation) if isinstance(source, LayoutSource) else None,
        foreground_share=training.foreground_share,
        in_organ=recipe.sees_liver_only,
        tells_whole=recipe.loss.prior_weight > 0,
        any_spacing=training.cell_mm is None,
    )
    return StageView(patches, recipe.stage, prior.ratios)


def _run(recipe: Recipe, folder: Path, device: torch.device) -> Run:
    return resume(recipe, folder, device) if (folder / CHECKPOINT).exists() else begin(recipe, device)
