"""The state of a run, from nothing, from another run's weights, or from its own checkpoint."""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.training.data_use import DataUse
from LiverTumorSegLib.training.network import Tensors, TrainableNetwork
from LiverTumorSegLib.training.optimizers import make_optimizer
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import NetworkRecipe, Recipe
from LiverTumorSegLib.training.smoothsegnet.network import StageNetwork
from LiverTumorSegLib.training.variant import VariantNetwork

CHECKPOINT = "checkpoint.pt"
_MOST_AVERAGE = 0.995
"""Of the moving average of the weights, which is what comes out: it wobbles less than the last step."""
_SMOOTH = 0.02
"""Share of the last step in the loss that is reported."""

AnyNetwork = TrainableNetwork | VariantNetwork | StageNetwork


@dataclass
class Run:
    """What a checkpoint holds. step: how many are done. averaged: moving average of the weights, without auxiliary
    heads. loss: moving average. seconds: that it took. use: of data, also of the runs that this one started from.
    prior: sha256 of the clinical prior's file, "" for none.
    """

    network: AnyNetwork
    optimizer: torch.optim.Optimizer
    averaged: Tensors
    step: int = 0
    loss: float = math.nan
    seconds: float = 0.0
    use: DataUse = field(default_factory=DataUse)
    prior: str = ""

    def count_step(self, loss: float) -> None:
        """After the optimizer's step."""
        self.loss = loss if math.isnan(self.loss) else (1 - _SMOOTH) * self.loss + _SMOOTH * loss
        keep = min(_MOST_AVERAGE, (self.step + 1) / (self.step + 10))
        weights = self.network.weights()
        for name, average in self.averaged.items():
            average.mul_(keep).add_(weights[name], alpha=1 - keep)
        self.step += 1


def make_network(network: NetworkRecipe, setting: Setting, patch: Size) -> AnyNetwork:
    """With random weights; torch's seed decides which. patch: that it is trained on."""
    if network.backbone:
        return StageNetwork(network.backbone, setting.channels, patch, network.dropout)
    if network.is_plain:
        return TrainableNetwork(network.widths, setting.channels)
    return VariantNetwork(network.widths, setting.channels, residual=network.residual, norm=network.norm)


def begin(recipe: Recipe, device: torch.device, start: Tensors | None = None) -> Run:
    """A run before its first step. start: weights to begin with. Raises InputError where they do not fit."""
    torch.manual_seed(recipe.seed)
    network = make_network(recipe.network, recipe.training.setting, recipe.training.patch)
    if start is not None:
        network.load(start)
    network.to(device)
    averaged = {name: weight.clone() for name, weight in network.weights().items()}
    return Run(network, make_optimizer(recipe.training, network), averaged)


def resume(recipe: Recipe, folder: Path, device: torch.device) -> Run:
    """As it was when the folder's checkpoint was written. Raises InputError for one of another recipe's network."""
    stored = read_checkpoint(folder)
    _check_same(stored, recipe, folder)
    run = begin(recipe, device)
    run.network.load_state_dict(stored["network"])
    run.optimizer.load_state_dict(stored["optimizer"])
    run.averaged = {name: tensor.to(device) for name, tensor in stored["averaged"].items()}
    run.step, run.loss = stored["step"], stored["loss"]
    run.seconds = stored.get("seconds", 0.0)  # this and the next are absent from checkpoints of the first version
    run.use = DataUse.from_json(stored.get("use", {}))
    run.prior = stored.get("prior", "")
    return run


def save(run: Run, recipe: Recipe, folder: Path) -> None:
    """Whole or not at all: a run may be killed while it writes."""
    stored = {
        "widths": list(recipe.network.widths),
        "facts": _facts(recipe),
        "network": run.network.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "averaged": run.averaged,
        "step": run.step,
        "loss": run.loss,
        "seconds": run.seconds,
        "use": run.use.to_json(),
        "prior": run.prior,
    }
    partial = folder / f"{CHECKPOINT}.partial"
    torch.save(stored, partial)
    partial.replace(folder / CHECKPOINT)


def read_checkpoint(folder: Path) -> dict[str, Any]:
    """All tensors on the CPU. Raises InputError where there is none, or it is none of this program."""
    path = folder / CHECKPOINT
    if not path.is_file():
        raise InputError(found=f"no {CHECKPOINT} in {folder}", expected="a run's folder", remedy="Check the folder")
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        if not {"widths", "network", "averaged", "step"} <= set(stored):
            raise _damaged(path, "something is missing in it")
    except (OSError, RuntimeError, ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise _damaged(path, type(error).__name__) from error
    return dict(stored)


def _facts(recipe: Recipe) -> dict[str, Any]:
    """What must not change while a run goes on: other weights, or another input to them."""
    network, training = recipe.network, recipe.training
    stage = {"backbone": network.backbone, "axes": network.axes, "window": list(training.patch)}
    return {
        "widths": list(network.widths),
        "residual": network.residual,
        "norm": str(network.norm),
        "hu_range": list(network.hu_range),
        "spacing_mm": list(training.spacing_mm) if isinstance(training.spacing_mm, tuple) else training.spacing_mm,
        "setting": str(training.setting),
        "optimizer": str(training.optimizer),
        **(stage if network.backbone else {}),
    }


def _check_same(stored: dict[str, Any], recipe: Recipe, folder: Path) -> None:
    # Checkpoints of the first version say the widths only; all else was fixed then.
    before, now = stored.get("facts", {"widths": stored["widths"]}), _facts(recipe)
    other = [name for name, value in before.items() if now.get(name) != value]
    if other:
        raise InputError(
            found=f"a checkpoint of another network in {folder}",
            expected="one with " + ", ".join(f"{name} {now.get(name)} (it has {before[name]})" for name in other),
            remedy="Give another folder, or the recipe of that run",
        )


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        found=f"{path} cannot be read ({why})",
        expected="a checkpoint that livertumorseg train has written",
        remedy="Start the run anew in another folder",
    )
