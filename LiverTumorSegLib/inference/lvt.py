"""What the LVT network sees of a CT, and what it says: a coarse look at all of it, a fine one at the liver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.resample import resample, smoothed, upright_grid
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.sliding import AIR_HU, SlidingSettings, sliding_probabilities
from LiverTumorSegLib.inference.windows import fewest_windows
from LiverTumorSegLib.models.lvt import CHANNELS, COARSE_STEP
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress, part_of
from LiverTumorSegLib.volume import Volume

MOST_VOXELS = 4_500_000
"""Of one window: 48 features at full resolution take memory (measured: 2.6 GiB in all with 3.3 million)."""


@dataclass(frozen=True, eq=False)
class Structures:
    """Probabilities (float32, 0 to 1) on one upright grid; liver is the organ, with its vessels and tumours."""

    liver: Volume
    vessel: Volume
    tumor: Volume


def seen(ct: Volume, definition: NetworkDefinition, *, coarse: bool = False) -> Volume:
    """The CT (HU) as the network sees it: upright, of its spacing or COARSE_STEP times it; air beyond the CT."""
    fine = resample(ct, upright_grid(ct, definition.grid_mm), outside=AIR_HU)
    if not coarse:
        return fine
    i, j, k = (COARSE_STEP * step for step in definition.grid_mm)
    return resample(smoothed(fine, (i, j, k)), upright_grid(ct, (i, j, k)), outside=AIR_HU)


def look(
    view: Volume,
    loader: Loader,
    definition: NetworkDefinition,
    windows: Sequence[Size],
    overlap: float = 0.5,
    *,
    region: Mask | None = None,
    report: ProgressCallback = ignore_progress,
) -> Structures:
    """What the network finds in a view (see ``seen``): the mean over windows of these sizes, with that overlap.

    region: on the view's grid; where there is nothing of it, nothing is looked for. A coarse look knows no vessels: it
    was not trained to find any.
    """
    answers = np.zeros((len(CHANNELS), *view.shape), np.float32)
    for done, window in enumerate(windows):
        step = part_of(report, done / len(windows), (done + 1) / len(windows))
        networks, settings = [loader.load(definition, window)], SlidingSettings(overlap)
        answers += sliding_probabilities(networks, view.array, definition, settings, region, step)
    answers /= np.float32(len(windows))
    by_name = {name: view.with_array(channel) for name, channel in zip(CHANNELS, answers, strict=True)}
    return Structures(**by_name)


def fitted_window(view: Volume, definition: NetworkDefinition) -> Size:
    """The window that shows all of a view, or as much of it as memory allows."""
    return fewest_windows(view.shape, definition, MOST_VOXELS)
