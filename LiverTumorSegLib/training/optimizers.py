"""What turns gradients into steps, and how large the steps are."""

from __future__ import annotations

import torch

from LiverTumorSegLib.training.recipe import Optimizer, TrainingRecipe
from LiverTumorSegLib.training.schedules import RATES

_MOMENTUM = 0.99
"""Of nnU-Net (Isensee et al., Nature Methods 2021)."""
LONGEST_GRADIENT = 5.0
"""Norm of all gradients together; longer ones are shortened to it."""


def make_optimizer(training: TrainingRecipe, network: torch.nn.Module) -> torch.optim.Optimizer:
    """Over all parameters of the network."""
    if training.optimizer is Optimizer.SGD:
        return torch.optim.SGD(
            network.parameters(),
            training.learning_rate,
            momentum=_MOMENTUM,
            nesterov=True,
            weight_decay=training.weight_decay,
        )
    if training.optimizer is Optimizer.ADAM:
        return torch.optim.Adam(
            network.parameters(),
            training.learning_rate,
            weight_decay=training.weight_decay,
            amsgrad=training.amsgrad,
        )
    return torch.optim.AdamW(
        network.parameters(),
        training.learning_rate,
        weight_decay=training.weight_decay,
        amsgrad=training.amsgrad,
    )


def rate_at(step: int, training: TrainingRecipe) -> float:
    """Linear warm-up, and the recipe's schedule on top of it; step: how many are done."""
    warm = min(1.0, (step + 1) / training.warmup_steps) if training.warmup_steps else 1.0
    return training.learning_rate * warm * RATES[training.schedule](min(1.0, step / training.steps))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """For the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
