"""One step of the optimizer, and the loss that it follows."""

from __future__ import annotations

import math

import numpy as np
import torch

from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.losses import deeply_supervised
from LiverTumorSegLib.training.optimizers import LONGEST_GRADIENT, rate_at, set_rate
from LiverTumorSegLib.training.processes import Processes
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.run import AnyNetwork, Run
from LiverTumorSegLib.training.samples import Source
from LiverTumorSegLib.training.smoothsegnet.losses import stage_loss
from LiverTumorSegLib.training.smoothsegnet.network import StageNetwork
from LiverTumorSegLib.training.stream import Batch, NumberedSamples, collated

_VALIDATION_SAMPLES = 16
_VALIDATION_STREAM = 1
"""Beside the seed, so that the numbers are others than those of training."""


def seed_noise(seed: int, step: int, rank: int) -> None:
    """Dropout and a VAE draw from torch's random numbers; from here on they are those of one step and process."""
    torch.manual_seed(int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> 1))


def take_step(run: Run, recipe: Recipe, batch: Batch, processes: Processes, at_once: int) -> float:
    """Change the network once, by the mean gradient of all processes; mean loss of this process's batch.

    at_once: samples that go through the network together, 0 for all; their gradients are added up.
    """
    run.optimizer.zero_grad()
    total = 0.0
    for part in batch.parts(at_once):
        share = len(part.annotated) / len(batch.annotated)
        loss = loss_of(run.network, recipe, part.to(processes.device)) * share
        loss.backward()
        total += float(loss.detach())
    processes.average_gradients(run.network)
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), LONGEST_GRADIENT)
    set_rate(run.optimizer, rate_at(run.step, recipe.training))
    run.optimizer.step()
    return total


def loss_of(network: AnyNetwork, recipe: Recipe, batch: Batch) -> torch.Tensor:
    """A number: the deeply supervised loss, or a stage's, mean of the batch, computed where the batch is.

    A stage's network adds its own loss while it is in training mode.
    """
    training, device = recipe.training, batch.image.device.type
    wanted = training.precision is Precision.BF16 and device != "mps"  # untested there
    targets = batch.targets(training.setting)
    if isinstance(network, StageNetwork):
        with torch.autocast(device, torch.bfloat16, enabled=wanted):
            logits, own = network.with_own_loss(batch.image)
        return stage_loss(logits, targets, batch.priors, recipe.loss) + recipe.loss.vae_weight * own.float()
    with torch.autocast(device, torch.bfloat16, enabled=wanted):
        levels = network(batch.image)
    return deeply_supervised(levels, targets)


def validation_loss(network: AnyNetwork, recipe: Recipe, source: Source, device: torch.device) -> float:
    """Mean over the same samples each time. The network is in training mode before and after."""
    samples = NumberedSamples(source, (recipe.seed, _VALIDATION_STREAM), recipe.network)
    network.eval()
    with torch.no_grad():
        losses = [
            float(loss_of(network, recipe, collated([samples[number]]).to(device)))
            for number in range(_VALIDATION_SAMPLES)
        ]
    network.train()
    return math.fsum(losses) / len(losses)
