"""What the LVT network says of a CT: a coarse look at all of it, a fine one at the liver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.engines.network import Network
from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.inference.sliding import AIR_HU, SlidingSettings, sliding_probabilities
from LiverTumorSegLib.models.lvt import CHANNELS
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress
from LiverTumorSegLib.volume import Volume

COARSE_STEP = 2
"""Of the coarse look's spacing, in fine ones: as the network was trained."""


@dataclass(frozen=True, eq=False)
class Structures:
    """Probabilities (float32, 0 to 1) on one upright grid; liver is the organ, with its vessels and tumours."""

    liver: Volume
    vessel: Volume
    tumor: Volume


def look(
    ct: Volume,
    networks: Sequence[Network],
    definition: NetworkDefinition,
    *,
    coarse: bool = False,
    settings: SlidingSettings | None = None,
    region: Mask | None = None,
    report: ProgressCallback = ignore_progress,
) -> Structures:
    """What the networks find in a CT (HU, any grid), at their own spacing or, coarse, at COARSE_STEP times it.

    region: on the grid that ``seen`` gives; where there is nothing of it, nothing is looked for. A coarse look knows
    no vessels: it was not trained to find any.
    """
    view = seen(ct, definition, coarse=coarse)
    answer = sliding_probabilities(networks, view.array, definition, settings or SlidingSettings(), region, report)
    by_name = {name: view.with_array(channel) for name, channel in zip(CHANNELS, answer, strict=True)}
    return Structures(**by_name)


def seen(ct: Volume, definition: NetworkDefinition, *, coarse: bool = False) -> Volume:
    """The CT (HU) as the network sees it: upright, of its spacing; air where the CT does not reach.

    The centre of a coarse voxel lies between fine ones, so interpolation makes it the mean of eight.
    """
    fine = resample(ct, upright_grid(ct, definition.spacing_mm), outside=AIR_HU)
    if not coarse:
        return fine
    i, j, k = (COARSE_STEP * step for step in definition.spacing_mm)
    return resample(fine, upright_grid(ct, (i, j, k)), outside=AIR_HU)
