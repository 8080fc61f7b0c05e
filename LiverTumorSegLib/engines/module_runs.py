"""Backbones that exist only as modules of torch, run with weights from a file, or handed to another engine.

Needs torch and monai; ``engines.load_network`` says so where they are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch.func import functional_call

from LiverTumorSegLib.engines.modules import StageModule, load_weights, make_module, shapes_of, weights_of
from LiverTumorSegLib.engines.network import Poll
from LiverTumorSegLib.engines.precise_norm import with_precise_norms
from LiverTumorSegLib.models.ops import Size

_ANY_WINDOW = (32, 32, 32)
"""Every backbone can be made for it, where what it is made for does not matter."""


@lru_cache(maxsize=4)
def skeleton(backbone: str, channels: int) -> StageModule:
    """The module without any numbers in it: for counting, for its weights' names and shapes, and to lend weights to."""
    with torch.device("meta"):
        return make_module(backbone, channels, _ANY_WINDOW).eval()


def module_shapes(backbone: str, channels: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of ``weights_of`` such a module."""
    return shapes_of(weights_of(skeleton(backbone, channels)))


def checkpoint_shapes(backbone: str, channels: int, window: Size) -> dict[str, tuple[int, ...]]:
    """Name -> shape of all that MONAI's own module saves, with what only training needs; no memory is taken."""
    with torch.device("meta"):
        return shapes_of(make_module(backbone, channels, window).network.state_dict())


def run_module(backbone: str, channels: int, weights: Mapping[str, Any], x: torch.Tensor, poll: Poll) -> torch.Tensor:
    """Logits with weights that stay where they are; ``poll`` is called before each layer."""
    module = skeleton(backbone, channels)
    lent = {f"network.{name}": weight for name, weight in weights.items()}
    with _polled(module, poll):
        logits: torch.Tensor = functional_call(module, lent, (x,))
    return logits


def exported(backbone: str, channels: int, weights: Mapping[str, Any], size: Size) -> Any:
    """A program of torch that computes the logits of one window of that size, for other engines to convert."""
    module = make_module(backbone, channels, _ANY_WINDOW).eval()
    load_weights(module, weights)
    return torch.export.export(with_precise_norms(module), (torch.zeros((1, 1, *size)),))


@contextmanager
def _polled(module: torch.nn.Module, poll: Poll) -> Iterator[None]:
    layers = [layer for layer in module.modules() if not any(layer.children())]
    hooks = [layer.register_forward_pre_hook(lambda *_: poll()) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
