"""The training itself: steps on fresh patches, a log, and checkpoints from which it goes on."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.training.losses import deeply_supervised
from LiverTumorSegLib.training.network import TrainableNetwork
from LiverTumorSegLib.training.partial_labels import IRCAD, Setting, targets_from_labels
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.synthesis.patches import SyntheticPatches

CHECKPOINT, LOG = "checkpoint.pt", "log.csv"
HU_RANGE = (-160.0, 240.0)
_LOWEST_RATE, _GRADIENT_NORM, _AVERAGE = 0.01, 5.0, 0.02
_AVERAGED_WEIGHTS = 0.995
"""Of the moving average of the weights, which is what comes out: it wobbles less than the last step."""


@dataclass
class Run:
    """What a checkpoint holds. step: how many are done. averaged: moving average of the weights."""

    network: TrainableNetwork
    optimizer: torch.optim.Optimizer
    averaged: dict[str, np.ndarray]
    step: int = 0
    loss: float = math.nan


class Patches(IterableDataset[tuple[np.ndarray, np.ndarray]]):
    """Endless; each step has its own seed, so that a resumed run sees what an uninterrupted one would have seen."""

    def __init__(self, source: SyntheticPatches, seed: int, first_step: int) -> None:
        super().__init__()
        self._source, self._seed, self._first = source, seed, first_step

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        worker = torch.utils.data.get_worker_info()
        start, by = (worker.id, worker.num_workers) if worker else (0, 1)
        step = self._first + start
        while True:
            hu, labels = self._source.sample(np.random.default_rng([self._seed, step]))
            yield input_from_hu(hu)[None], labels
            step += by


def input_from_hu(hu: np.ndarray) -> np.ndarray:
    """Clipped to HU_RANGE and mapped to -0.5..0.5, float32."""
    low, high = HU_RANGE
    return ((np.clip(hu, low, high) - low) / (high - low) - 0.5).astype(np.float32)


def train(recipe: Recipe, folder: Path, report: ProgressCallback, *, minutes: float = math.inf) -> Run:
    """Go on from the folder's checkpoint, or begin; until the recipe's last step, or for so many minutes.

    folder: with the anatomies below it. Whatever ``report`` raises ends the run after its checkpoint was written.
    """
    torch.manual_seed(recipe.seed)
    run = _restore(recipe, folder)
    source = SyntheticPatches(folder / "anatomies", (recipe.patch,) * 3, recipe.spacing_mm)
    loader = DataLoader(Patches(source, recipe.seed, run.step), batch_size=1, num_workers=1, prefetch_factor=3)
    until = time.monotonic() + 60 * minutes
    try:
        for image, labels in loader:
            if run.step >= recipe.steps or time.monotonic() > until:
                break
            _step(run, recipe, image, labels)
            report(ProgressEvent("train", run.step / recipe.steps, f"step {run.step}, loss {run.loss:.3f}"))
            if run.step % recipe.checkpoint_every == 0:
                _save(run, recipe, folder)
    finally:
        _save(run, recipe, folder)
    return run


def _step(run: Run, recipe: Recipe, image: torch.Tensor, labels: torch.Tensor) -> None:
    for group in run.optimizer.param_groups:
        group["lr"] = rate_at(run.step, recipe)
    with torch.autocast("cpu", torch.bfloat16):
        levels = run.network(image)
    loss = deeply_supervised(levels, targets_from_labels(labels, [IRCAD] * len(labels), Setting.ML))
    run.optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), _GRADIENT_NORM)
    run.optimizer.step()
    value = float(loss.detach())
    run.loss = value if math.isnan(run.loss) else (1 - _AVERAGE) * run.loss + _AVERAGE * value
    keep = min(_AVERAGED_WEIGHTS, (run.step + 1) / (run.step + 10))
    for name, weights in run.network.weights().items():
        run.averaged[name] = keep * run.averaged[name] + (1 - keep) * weights
    run.step += 1


def rate_at(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine."""
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / recipe.steps)))
    return recipe.learning_rate * warm * (_LOWEST_RATE + (1 - _LOWEST_RATE) * cosine)


def _restore(recipe: Recipe, folder: Path) -> Run:
    network = TrainableNetwork(recipe.widths)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    run = Run(network, optimizer, network.weights())
    path = folder / CHECKPOINT
    if path.exists():
        stored: dict[str, Any] = torch.load(path, weights_only=True)
        if stored["widths"] != list(recipe.widths):
            raise InputError(
                found=f"a checkpoint of another network in {folder}",
                expected=f"one with widths {recipe.widths}",
                remedy="Give another folder",
            )
        network.load_state_dict(stored["network"])
        optimizer.load_state_dict(stored["optimizer"])
        run.averaged = {name: tensor.numpy() for name, tensor in stored["averaged"].items()}
        run.step, run.loss = stored["step"], stored["loss"]
    return run


def _save(run: Run, recipe: Recipe, folder: Path) -> None:
    """Whole or not at all: a run may be killed while it writes."""
    stored = {
        "widths": list(recipe.widths),
        "network": run.network.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "averaged": {name: torch.from_numpy(array) for name, array in run.averaged.items()},
        "step": run.step,
        "loss": run.loss,
    }
    partial = folder / f"{CHECKPOINT}.partial"
    torch.save(stored, partial)
    partial.rename(folder / CHECKPOINT)
    with (folder / LOG).open("a", newline="") as file:
        csv.writer(file).writerow([run.step, f"{run.loss:.4f}", f"{rate_at(run.step, recipe):.6f}", round(time.time())])
