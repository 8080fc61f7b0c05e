"""A CT of any size through networks that see a window at a time: overlap, flips and an ensemble, averaged.

After nnU-Net (Isensee et al., Nature Methods 2021) as LVT uses it (appendix A.2.2): windows with Gaussian weights, each
also seen flipped, by every network of an ensemble; what is averaged is the probability.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from LiverTumorSegLib.arrays import HuArray, Mask
from LiverTumorSegLib.engines.network import AnswersArray, Network, WindowsArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.inference.windows import Blend, ChannelArray, gaussian, input_at, tiles, touching
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress

AIR_HU = -1000.0
"""Beyond the volume, where a window is larger."""


@dataclass(frozen=True)
class SlidingSettings:
    """How often a voxel is seen.

    overlap: least share of a window that neighbours have in common, 0 to below 1. flip_axes: of i, j, k (0, 1, 2);
    each window is also seen flipped along every combination of them, so n axes cost 2^n times the time.
    """

    overlap: float = 0.5
    flip_axes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.overlap < 1.0:
            raise InputError(
                found=f"windows with an overlap of {self.overlap:g}",
                expected="a share from 0 to below 1",
                remedy="Use 0.5, as the network's authors do",
            )
        if len(set(self.flip_axes)) != len(self.flip_axes) or not set(self.flip_axes) <= {0, 1, 2}:
            raise InputError(
                found=f"flips along the axes {self.flip_axes}",
                expected="some of 0, 1 and 2, each at most once",
                remedy="Use () for none, (0, 1, 2) for all",
            )

    @property
    def flips(self) -> list[tuple[int, ...]]:
        """Combinations of axes to flip along; the first one is none at all."""
        return [axes for n in range(len(self.flip_axes) + 1) for axes in itertools.combinations(self.flip_axes, n)]


DEFAULTS = SlidingSettings()


@dataclass(frozen=True, eq=False)
class Opinions:
    """What flips and networks say of each voxel: (channel, i, j, k) each.

    mean: of their probabilities. deviation: population standard deviation between them, 0 to 0.5; 0 where only one
    network sees each window, unflipped.
    """

    mean: ChannelArray
    deviation: ChannelArray


def sliding_probabilities(
    networks: Sequence[Network],
    hu: HuArray,
    definition: NetworkDefinition,
    settings: SlidingSettings = DEFAULTS,
    region: Mask | None = None,
    report: ProgressCallback = ignore_progress,
    wanted: tuple[int, ...] | None = None,
) -> ChannelArray:
    """Mean probability of each channel over all windows, flips and networks: float32 (channel, i, j, k), 0 to 1.

    networks: one or more of ``definition``, loaded for one window size. hu: HU on the definition's grid (its spacing,
    axes to the patient's right, front and head), of any size; what windows see beyond it is air. region: on hu's grid;
    windows that hold none of it are left out, which changes nothing inside it; the answer is 0 where no window lies,
    so everywhere if the region is empty. ``report`` is called several times a second and may raise to stop. wanted:
    indices of the channels to answer with, None for all; others take no memory of the volume's size. Raises ValueError
    where networks, definition and region do not fit together.
    """
    sweep = _Sweep(networks, hu, definition, settings, region, report)
    if wanted is None:
        return sweep.blended(_mean, definition.channels)
    return sweep.blended(lambda answers: _mean(answers)[:, list(wanted)], len(wanted))


def sliding_opinions(
    networks: Sequence[Network],
    hu: HuArray,
    definition: NetworkDefinition,
    settings: SlidingSettings = DEFAULTS,
    region: Mask | None = None,
    report: ProgressCallback = ignore_progress,
) -> Opinions:
    """As ``sliding_probabilities``, and how far flips and networks disagree; for twice the memory, hardly more time.

    The variance is taken within each window and averaged over windows as the probabilities are: that a voxel looks
    different in the middle of a window and at its edge is not counted.
    """
    channels = definition.channels
    both = _Sweep(networks, hu, definition, settings, region, report).blended(_mean_and_variance, 2 * channels)
    mean, variance = both[:channels], both[channels:]
    return Opinions(mean, np.sqrt(variance, out=variance))


Summary = Callable[[Iterator[AnswersArray]], AnswersArray]
"""What is kept of the answers of all flips and networks to the same windows, one or more of them."""


@dataclass(frozen=True, eq=False)
class _Sweep:
    """One volume through all networks; the parts are those of ``sliding_probabilities``."""

    networks: Sequence[Network]
    hu: HuArray
    definition: NetworkDefinition
    settings: SlidingSettings
    region: Mask | None
    report: ProgressCallback

    def __post_init__(self) -> None:
        if len({network.window_in for network in self.networks}) != 1:
            message = f"{len(self.networks)} networks, expected one or more with one window size"
            raise ValueError(message)
        expected = self.definition.window_out(self.networks[0].window_in)
        if self.networks[0].window_out != expected:
            message = f"windows of {self.networks[0].window_out} come out, {self.definition.name} gives {expected}"
            raise ValueError(message)
        if self.region is not None and self.region.shape != self.hu.shape:
            message = f"region of shape {self.region.shape} for a volume of {self.hu.shape}"
            raise ValueError(message)

    def blended(self, summary: Summary, channels: int) -> ChannelArray:
        """Each group of windows goes through all flips and networks at once, so that one array holds the result."""
        corners = self._corners()
        blend = Blend(channels, self.hu.shape, gaussian(self.networks[0].window_out))
        at_once = min(network.batch for network in self.networks)
        for first in range(0, len(corners), at_once):
            group = corners[first : first + at_once]
            summaries = summary(self._answers(self._windows(group), first, len(corners)))
            for corner, answer in zip(group, summaries, strict=True):
                blend.add(answer, corner)
        return blend.finished()

    def _corners(self) -> list[Size]:
        window_out = self.networks[0].window_out
        corners = tiles(self.hu.shape, window_out, self.settings.overlap)
        return corners if self.region is None else touching(self.region, corners, window_out)

    def _windows(self, corners: list[Size]) -> WindowsArray:
        """Mapped from HU here: mapping the volume as a whole would take several times its memory."""
        seen = (input_at(self.hu, corner, self.networks[0], AIR_HU) for corner in corners)
        return np.stack([self.definition.input_from_hu(window) for window in seen])

    def _answers(self, windows: WindowsArray, first: int, count: int) -> Iterator[AnswersArray]:
        """Of every network to every flip of some windows, flipped back."""
        runs = list(itertools.product(self.networks, self.settings.flips))
        for done, (network, axes) in enumerate(runs):
            fraction = (first + len(windows) * done / len(runs)) / count
            poll = partial(self.report, ProgressEvent("network", fraction, f"window {first + 1} of {count}"))
            answers = network.run_batch(np.flip(windows, tuple(1 + axis for axis in axes)), poll)
            yield np.flip(answers, tuple(2 + axis for axis in axes))


def _mean(answers: Iterator[AnswersArray]) -> AnswersArray:
    total, count = np.array(next(answers)), 1
    for count, answer in enumerate(answers, start=2):  # noqa: B007 (the last one is used)
        total += answer
    return total / np.float32(count)


def _mean_and_variance(answers: Iterator[AnswersArray]) -> AnswersArray:
    """Means of all channels, then population variances; Welford's updates, so that equal answers give exactly 0."""
    mean, count = np.array(next(answers)), 1
    squares = np.zeros_like(mean)
    for count, answer in enumerate(answers, start=2):
        difference = answer - mean
        mean += difference / np.float32(count)
        squares += difference * (answer - mean)
    return np.concatenate([mean, squares / np.float32(count)], axis=1)
