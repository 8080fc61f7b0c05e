"""Without a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from LiverTumorSegLib.classical.lesions import find_lesions
from LiverTumorSegLib.classical.liver import find_liver
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.registry import CLASSICAL
from LiverTumorSegLib.volume import Volume


class ClassicalSegmenter:
    """Thresholds seeded from anatomy: a rough outline. See ``segmenters.Segmenter``."""

    spec = CLASSICAL
    tumor_core = tumor_rim = 0.5

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        report(ProgressEvent("liver", 0.0))
        return Whole(ct.with_array(find_liver(ct).astype(np.uint8)))

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        report(ProgressEvent("tumors", 0.0))
        organ = resample(whole.organ, Grid.of(region), outside=0.0).array >= 0.5
        return Findings(organ=whole.organ, tumor=region.with_array(find_lesions(region, organ).astype(np.uint8)))

    def describe(self) -> list[dict[str, Any]]:
        return []
