"""The fetched networks and the built-in one together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.kuleuven_segmenter import KuLeuvenSegmenter
from LiverTumorSegLib.inference.lesions import CORE_AT, RIM_AT
from LiverTumorSegLib.inference.liver import largest_part
from LiverTumorSegLib.inference.lvt import Structures
from LiverTumorSegLib.inference.lvt_segmenter import LvtSegmenter, agreed
from LiverTumorSegLib.progress import ProgressCallback, part_of
from LiverTumorSegLib.registry import BUILT_IN, COMBINED
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume

VESSEL_SURE, VESSEL_DOUBTFUL = 0.9, 0.05
FETCHED, COARSE, FINE = "kuleuven", "built-in, coarse", "built-in, fine"


@dataclass(frozen=True)
class Shares:
    """Of the own network in the mean probability of the organ; what is left is the fetched network's.

    whole: of its coarse look, before the fine one. organ: of what both its looks agree to.
    """

    whole: float = 0.3
    organ: float = 0.3


class CombinedSegmenter:
    """See ``segmenters.Segmenter``: liver from all networks, tumours from the fetched ones, vessels from the own one.

    The networks fail in different places, so their mean fails less. What was measured: docs/models/combined.md.
    """

    spec = COMBINED
    tumor_core, tumor_rim = CORE_AT, RIM_AT

    def __init__(
        self,
        choice: EngineChoice,
        quality: Quality = Quality.STANDARD,
        *,
        own: LvtSegmenter | None = None,
        shares: Shares | None = None,
    ) -> None:
        """own: another network instead of the built-in one, for judging it by cases that it has not seen."""
        self._fetched = KuLeuvenSegmenter(choice, quality)
        self._own = own or LvtSegmenter(BUILT_IN, choice, quality, in_one_window=True)
        self._shares = shares or Shares()

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        fetched = self._fetched.liver(ct, part_of(report, 0.0, 0.8)).organ
        coarse = resample(self._own.whole(ct, part_of(report, 0.8, 1.0)).liver, Grid.of(fetched), outside=0.0)
        organ = _mean(fetched, coarse, self._shares.whole)
        part = organ.with_array(np.where(largest_part(organ.array), organ.array, np.float32(0)))
        return Whole(part, {FETCHED: fetched, COARSE: coarse})

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        fine = self._own.fine(region, whole.organ, part_of(report, 0.0, 0.35))
        grid = Grid.of(fine.liver)
        fetched, coarse = (resample(whole.voices[name], grid, outside=0.0) for name in (FETCHED, COARSE))
        organ = organ_of(fetched, coarse, fine, self._shares.organ)
        tumor = self._fetched.tumors(region, organ, part_of(report, 0.35, 1.0))
        return Findings(
            organ,
            tumor,
            fine.vessel,
            {FETCHED: fetched, COARSE: coarse, FINE: fine.liver},
            vessel_sure=VESSEL_SURE,
            vessel_doubtful=VESSEL_DOUBTFUL,
        )

    def describe(self) -> list[dict[str, Any]]:
        return [*self._fetched.describe(), *self._own.describe()]


def organ_of(fetched: Volume, coarse: Volume, fine: Structures, share: float) -> Volume:
    """Probability of liver on one grid; share: of the own network.

    To it a vein that leaves the liver is liver for a while; its voice is taken away there, and the fetched one decides.
    """
    own = agreed(coarse, fine.liver)
    return _mean(fetched, own.with_array(own.array * (1 - fine.vessel.array)), share)


def _mean(fetched: Volume, own: Volume, share: float) -> Volume:
    """Of two probabilities on one grid."""
    return fetched.with_array(((1 - share) * fetched.array + share * own.array).astype(np.float32))
