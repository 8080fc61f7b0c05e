"""Samples as batches for the network; which sample comes when depends on seed and number alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from LiverTumorSegLib.training.partial_labels import Annotated, Setting, Targets, targets_from_labels
from LiverTumorSegLib.training.recipe_parts import NetworkRecipe
from LiverTumorSegLib.training.samples import Image, Source, WholeLiver
from LiverTumorSegLib.training.shapes.targets import targets_from_shapes
from LiverTumorSegLib.training.smoothsegnet.losses import Priors
from LiverTumorSegLib.training.smoothsegnet.targets import stage_targets

Entry = tuple[np.ndarray, np.ndarray, Annotated, WholeLiver]
"""Input (1, i, j, k), labels (i, j, k), what they say, and what they are part of."""
_AHEAD = 3
"""Batches that each worker prepares."""


@dataclass(frozen=True, eq=False)
class Batch:
    """image: (b, 1, i, j, k), as the network takes it. labels: (b, i, j, k). annotated, priors: of each sample."""

    image: torch.Tensor
    labels: torch.Tensor
    annotated: tuple[Annotated, ...]
    priors: Priors

    def targets(self, setting: Setting) -> Targets:
        """On the device of the labels."""
        if setting is Setting.ANATOMY:
            return targets_from_shapes(self.labels, self.annotated)
        if setting.stage is not None:
            return stage_targets(self.labels, self.annotated, setting)
        return targets_from_labels(self.labels, self.annotated, setting)

    def parts(self, at_once: int) -> Iterator[Batch]:
        """The same samples, so many at a time; 0 for all."""
        size = at_once or len(self.annotated)
        for first in range(0, len(self.annotated), size):
            part = slice(first, first + size)
            yield Batch(self.image[part], self.labels[part], self.annotated[part], self.priors[part])

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(
            self.image.to(device, non_blocking=True),
            self.labels.to(device, non_blocking=True),
            self.annotated,
            self.priors.to(device),
        )


class NumberedSamples(Dataset[Entry]):
    """Sample n of a source is what it draws from the random numbers of (*seed, n): the same in every run."""

    def __init__(self, source: Source, seed: tuple[int, ...], network: NetworkRecipe) -> None:
        self._source, self._seed, self._network = source, seed, network

    def __getitem__(self, number: int) -> Entry:
        sample = self._source.sample(np.random.default_rng([*self._seed, number]))
        image = input_from_hu(sample.hu, self._network.hu_range, self._network.scaled_to)[None]
        return image, np.ascontiguousarray(sample.labels), sample.annotated, sample.whole


@dataclass(frozen=True)
class Turn(Sampler[int]):
    """The numbers of one process's samples, without end: so many of each step, beside those of the other processes.

    A step holds the same samples however many processes share it; a resumed run goes on with those of the next step.
    """

    first_step: int
    batch: int
    rank: int = 0
    processes: int = 1

    def __iter__(self) -> Iterator[int]:
        for step in count(self.first_step):
            first = (step * self.processes + self.rank) * self.batch
            yield from range(first, first + self.batch)


def batches(samples: NumberedSamples, turn: Turn, workers: int) -> Iterator[Batch]:
    """Endless; workers: processes that prepare them, 0 for none."""
    loader = DataLoader(
        samples,
        batch_size=turn.batch,
        sampler=turn,
        num_workers=workers,
        prefetch_factor=_AHEAD if workers else None,
        collate_fn=collated,
    )
    yield from loader


def collated(entries: list[Entry]) -> Batch:
    """One batch of samples of one size."""
    images, labels, annotated, wholes = zip(*entries, strict=True)
    ratios, organs, tumors = zip(*((w.expected_ratio, w.organ_voxels, w.tumor_voxels) for w in wholes), strict=True)
    return Batch(
        torch.from_numpy(np.stack(images)),
        torch.from_numpy(np.stack(labels)),
        annotated,
        Priors(torch.tensor(ratios), torch.tensor(organs), torch.tensor(tumors)),
    )


def input_from_hu(hu: Image, hu_range: tuple[float, float], scaled_to: tuple[float, float] = (-0.5, 0.5)) -> Image:
    """Clipped to the range and mapped to scaled_to, float32: what ``NetworkDefinition`` does in inference."""
    (low, high), (bottom, top) = hu_range, scaled_to
    return ((np.clip(hu, low, high) - low) / (high - low) * (top - bottom) + bottom).astype(np.float32)
