"""What a network of a stage of SmoothSegNet sees of a CT, as its card says, and what it answers."""

from __future__ import annotations

from typing import Any

import cc3d
import fill_voids
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import HuArray, Mask
from LiverTumorSegLib.geometry.axes import along_ras, axes_of, reoriented
from LiverTumorSegLib.geometry.boxes import bounding_box, grow_box
from LiverTumorSegLib.geometry.resample import Grid, resample, smoothed, upright_grid
from LiverTumorSegLib.inference.findings import Whole
from LiverTumorSegLib.inference.liver import LIVER_AT
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.sliding import AIR_HU, SlidingSettings, sliding_probabilities
from LiverTumorSegLib.inference.windows import ChannelArray
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume

OVERLAPS = {Quality.FAST: 0.2, Quality.STANDARD: 0.2, Quality.BEST: 0.8}
"""Of windows: the authors' application takes 0.2, their evaluation 0.8. Both weigh a window's voxels alike; here those
in its middle count more, as in the other models.
"""
_FRINGE = 2
"""Voxels around the liver whose probabilities are kept, so that interpolation leaves its border in place."""
_BACKGROUND, _TUMOR = "background", "tumor"


class CardStage:
    """A trained or imported network in either step; what its stage is not for is not asked of it.

    A tumour is where its probability is 0.5 or more: what the strongest of the three classes is, but for voxels where
    none of them has half.
    """

    tumor_core = tumor_rim = 0.5

    def __init__(
        self, facts: StageFacts, definition: NetworkDefinition, loader: Loader, quality: Quality = Quality.STANDARD
    ) -> None:
        """definition: of the network that the facts tell of, with its window. loader: of its weights."""
        self._facts, self._definition, self._loader = facts, definition, loader
        self._settings = SlidingSettings(OVERLAPS[quality])

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        """Liver with its tumours, anywhere in a CT: all that is not background. Of a multi-class network tumours too.

        One array of the CT's size is kept for each, and the CT itself is not copied unless the card has a spacing.
        """
        view = stage_view(ct, self._facts)
        both = self._facts.stage is Stage.MULTICLASS
        answers = self._answers(view.array, None, report, (_BACKGROUND, _TUMOR) if both else (_BACKGROUND,))
        organ, *tumors = (reoriented(view.with_array(answer), axes_of(ct.affine)) for answer in answers)
        np.subtract(np.float32(1), organ.array, out=organ.array)
        return Whole(organ, tumor=tumors[0] if both else None)

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        """Probability of tumour in a CT that is masked to the liver and cropped to its box; 0 outside the liver.

        liver: probability on any grid. What is not liver, and what windows see beyond the box, has the lowest HU that
        the network knows. Windows without liver are not looked at.
        """
        view = stage_view(region, self._facts)
        inside = resample(liver, Grid.of(view), outside=0.0).array >= LIVER_AT
        probability = np.zeros(view.shape, np.float32)
        box = bounding_box(inside)
        if box is not None:
            masked = np.where(inside[box], view.array[box], np.float32(self._facts.hu_range[0]))
            (answer,) = self._answers(masked, inside[box], report, (_TUMOR,))
            probability[box] = answer * inside[box]
        return reoriented(view.with_array(probability), axes_of(region.affine))

    def _answers(
        self, hu: HuArray, region: Mask | None, report: ProgressCallback, names: tuple[str, ...]
    ) -> ChannelArray:
        """Of these channels. The network is let go of afterwards, since the other step's needs its memory."""
        wanted = tuple(self._facts.stage.channels.index(name) for name in names)
        network = self._loader.load(self._definition)
        answers = sliding_probabilities([network], hu, self._definition, self._settings, region, report, wanted)
        self._loader.let_go()
        return answers

    def describe(self) -> list[dict[str, Any]]:
        """What ran the network, for run.json."""
        return self._loader.describe()


def stage_view(ct: Volume, facts: StageFacts) -> Volume:
    """A CT (HU) as a network of a stage sees it: its axes run as the card says.

    In its own voxels, as a view, where the card has no spacing; else on an upright grid, air where the CT does not
    reach, smoothed first along axes that become coarser.
    """
    own = reoriented(ct, facts.axes)
    if facts.spacing_mm is None:
        return own
    grid = upright_grid(ct, along_ras(facts.spacing_mm, facts.axes))
    return reoriented(resample(smoothed(own, facts.spacing_mm), grid, outside=AIR_HU), facts.axes)


def whole_liver(probability: Volume) -> Volume:
    """The first step's post-processing: the largest 26-connected part at 0.5, its holes filled (with 1).

    The answer is cropped to it and what little lies around; a single voxel of 0 where nothing reaches 0.5.
    """
    part = cc3d.largest_k(probability.array >= LIVER_AT, k=1, connectivity=26) > 0
    tight = bounding_box(part)
    if tight is None:
        one = probability.crop((slice(0, 1), slice(0, 1), slice(0, 1)))
        return one.with_array(np.zeros((1, 1, 1), np.float32))
    box = grow_box(tight, (_FRINGE,) * 3, probability.shape)
    found, part = probability.crop(box), part[box]
    fringe = (found.array < LIVER_AT) & ndimage.binary_dilation(part, iterations=_FRINGE)
    organ = np.where(part | fringe, found.array, np.float32(0))
    organ[fill_voids.fill(part) & ~part] = 1.0
    return found.with_array(organ.astype(np.float32))
