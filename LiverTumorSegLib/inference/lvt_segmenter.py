"""A network of the LVT kind alone: a look at the whole CT for the liver, another one for all that is in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.findings import Findings
from LiverTumorSegLib.inference.lesions import within
from LiverTumorSegLib.inference.liver import largest_part
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.lvt import Structures, look, seen
from LiverTumorSegLib.inference.sliding import SlidingSettings
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import ModelSpec, NetworkFacts
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume

NEAR_AT, NEAR_MM = 0.1, 9.0
"""The fine look goes where the coarse one, or another network, has this probability of liver, and so far beyond."""
WHOLE_WEIGHT = 0.5
"""Of the first look in the organ's probability; the rest is the fine one's."""
_OVERLAPS = {Quality.FAST: 0.125, Quality.STANDARD: 0.25, Quality.BEST: 0.5}


class LvtSegmenter:
    """See ``segmenters.Segmenter``. Raises ModelUnavailableError at first use if the weights are damaged."""

    tumor_core, tumor_rim = 0.5, 0.3

    def __init__(
        self, spec: ModelSpec, network: NetworkFacts, choice: EngineChoice, quality: Quality = Quality.STANDARD
    ) -> None:
        self.spec, self._loader = spec, Loader(spec, choice)
        self._definition = lvt_definition(
            spec.files[0].name, network.widths, network.spacing_mm, network.hu_range, network.window
        )
        self._is_coarse = network.knows_coarse
        self._settings = SlidingSettings(_OVERLAPS[quality])

    def liver(self, ct: Volume, report: ProgressCallback) -> Volume:
        found = self.whole(ct, report).liver
        return found.with_array(np.where(largest_part(found.array), found.array, np.float32(0)))

    def whole(self, ct: Volume, report: ProgressCallback) -> Structures:
        """What there is in the whole CT, on the coarser grid if the network knows it."""
        networks = [self._loader.load(self._definition)]
        return look(ct, networks, self._definition, coarse=self._is_coarse, settings=self._settings, report=report)

    def fine(self, region: Volume, liver: Volume, report: ProgressCallback) -> Structures:
        """What there is in a region, on the fine grid, near what may be liver; 0 elsewhere."""
        view = seen(region, self._definition)
        near = within(resample(liver, Grid.of(view), outside=0.0), NEAR_AT, NEAR_MM)
        networks = [self._loader.load(self._definition)]
        return look(region, networks, self._definition, settings=self._settings, region=near, report=report)

    def findings(self, region: Volume, liver: Volume, report: ProgressCallback) -> Findings:
        fine = self.fine(region, liver, report)
        whole = resample(liver, Grid.of(fine.liver), outside=0.0)
        organ = WHOLE_WEIGHT * whole.array + (1 - WHOLE_WEIGHT) * fine.liver.array
        return Findings(
            organ=whole.with_array(organ.astype(np.float32)),
            tumor=fine.tumor,
            vessel=fine.vessel,
            organ_voices={"whole": whole, "fine": fine.liver},
            tumor_voices={"fine": fine.tumor},
        )

    def describe(self) -> list[dict[str, Any]]:
        return self._loader.describe()
