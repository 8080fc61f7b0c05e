"""A trained variant as inference sees networks, so that the same sliding windows carry it over a volume."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.network import AnswerArray, AnswersArray, Network, Poll, WindowsArray, keep_going
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.settings import Engine
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.run import Run, make_network


class TrainedNetwork(Network):
    """The run's averaged weights, on its device, for windows as large as its patches."""

    def __init__(self, run: Run, recipe: Recipe, device: torch.device) -> None:
        self.window_in = self.window_out = recipe.training.patch
        self._setting, self._device = recipe.training.setting, device
        self._network = make_network(recipe.network, recipe.training.setting, recipe.training.patch).to(device)
        self._network.load(run.averaged)
        self._network.eval()

    def run(self, window: ProbabilityArray, poll: Poll = keep_going) -> AnswerArray:
        answer: AnswerArray = self.run_batch(window[None], poll)[0]
        return answer

    def run_batch(self, windows: WindowsArray, poll: Poll = keep_going) -> AnswersArray:
        poll()
        entry = torch.from_numpy(np.array(windows, dtype=np.float32)[:, None]).to(self._device)
        with torch.inference_mode():
            logits = self._network(entry)[0].float()
            answer: Any = torch.softmax(logits, 1) if self._setting is Setting.MC else torch.sigmoid(logits)
        return np.asarray(answer.cpu().numpy())

    def describe(self) -> dict[str, str | int]:
        return {"engine": str(Engine.TORCH), "version": str(torch.__version__), "device": str(self._device)}


def definition_of(recipe: Recipe) -> NetworkDefinition:
    """Grid, window and channels; the kernels of a variant are not those of the plain network, only their last is."""
    training = recipe.training
    plain = lvt_definition(
        recipe.name, recipe.network.widths, training.cubic_mm, recipe.network.hu_range, training.patch
    )
    *inner, (_, *rest) = plain.kernels
    entry, i, j, k = rest
    return replace(plain, kernels=(*inner, (training.setting.channels, entry, i, j, k)))
