"""A network of the LVT kind alone: a look at the whole CT for the liver, another one for all that is in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.classical.lesions import find_lesions
from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.lesions import within
from LiverTumorSegLib.inference.liver import LIVER_AT, largest_part
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.lvt import Structures, fitted_window, look, seen
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume

_OVERLAPS = {Quality.FAST: 0.125, Quality.STANDARD: 0.25, Quality.BEST: 0.5}
NEAR_AT, NEAR_MM = 0.1, 9.0
"""The fine look goes where the coarse one, or another network, has this probability of liver, and so far beyond."""


class LvtSegmenter:
    """See ``segmenters.Segmenter``. Raises ModelUnavailableError at first use if the weights are damaged."""

    tumor_core, tumor_rim = 0.5, 0.3

    def __init__(
        self,
        spec: ModelSpec,
        choice: EngineChoice,
        quality: Quality = Quality.STANDARD,
        *,
        in_one_window: bool = False,
        also_classical: bool = False,
    ) -> None:
        """spec: with the facts of its network, else ValueError.

        in_one_window: one window shows everything, as far as memory allows, and others come at best quality; a quarter
        of the time, for a network that bears to see more than it was trained on. also_classical: tumours are also what
        stands out from the parenchyma, for a network that misses most of them.
        """
        network = spec.network
        if network is None:
            message = f"{spec.id} is no network of the LVT kind"
            raise ValueError(message)
        self.spec, self._loader = spec, Loader(spec, choice)
        self._definition = lvt_definition(
            spec.files[0].name, network.widths, network.spacing_mm, network.hu_range, network.window
        )
        self._is_coarse, self._quality = network.knows_coarse, quality
        self._in_one_window, self._also_classical = in_one_window, also_classical

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        found = self.whole(ct, report).liver
        return Whole(found.with_array(np.where(largest_part(found.array), found.array, np.float32(0))))

    def whole(self, ct: Volume, report: ProgressCallback) -> Structures:
        """What there is in the whole CT, on the coarser grid if the network knows it."""
        return self._look(seen(ct, self._definition, coarse=self._is_coarse), None, report)

    def fine(self, region: Volume, liver: Volume, report: ProgressCallback) -> Structures:
        """What there is in a region, on the fine grid, near what may be liver; 0 elsewhere."""
        view = seen(region, self._definition)
        near = within(resample(liver, Grid.of(view), outside=0.0), NEAR_AT, NEAR_MM)
        return self._look(view, near, report)

    def _look(self, view: Volume, region: Mask | None, report: ProgressCallback) -> Structures:
        windows, overlap = [self._definition.trained_window], _OVERLAPS[self._quality]
        if self._in_one_window:
            others = windows if self._quality is Quality.BEST else []
            windows = [fitted_window(view, self._definition), *others]
        return look(view, self._loader, self._definition, windows, overlap, region=region, report=report)

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        fine = self.fine(region, whole.organ, report)
        coarse = resample(whole.organ, Grid.of(fine.liver), outside=0.0)
        organ = agreed(coarse, fine.liver)
        tumors = {"fine": fine.tumor} | self._bright_or_dark(region, organ)
        return Findings(
            organ=organ,
            tumor=fine.tumor.with_array(np.maximum.reduce([voice.array for voice in tumors.values()])),
            vessel=fine.vessel,
            organ_voices={"whole": coarse, "fine": fine.liver},
            tumor_voices=tumors,
        )

    def _bright_or_dark(self, region: Volume, organ: Volume) -> dict[str, Volume]:
        """What stands out from the parenchyma, as a voice of 0 and 1 on the organ's grid, where that is asked."""
        if not self._also_classical:
            return {}
        inside = resample(organ, Grid.of(region), outside=0.0).array >= LIVER_AT
        found = region.with_array(find_lesions(region, inside).astype(np.uint8))
        return {"classical": resample(found, Grid.of(organ), outside=0.0)}

    def describe(self) -> list[dict[str, Any]]:
        return self._loader.describe()


def agreed(coarse: Volume, fine: Volume) -> Volume:
    """The lower of two looks at one grid: the fine one knows the border, the coarse one what is liver."""
    return fine.with_array(np.minimum(coarse.array, fine.array))
