"""The fetched KU Leuven networks: liver at 3 mm, lesions at 1 x 1 x 3 mm."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.lesions import CORE_AT, RIM_AT, LesionSearch
from LiverTumorSegLib.inference.liver import liver_probability
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import KULEUVEN
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume


class KuLeuvenSegmenter:
    """See ``segmenters.Segmenter``. Raises ModelUnavailableError at first use if the weights are not in the cache."""

    spec = KULEUVEN
    tumor_core, tumor_rim = CORE_AT, RIM_AT

    def __init__(self, choice: EngineChoice, quality: Quality = Quality.STANDARD) -> None:
        self._loader, self._quality = Loader(KULEUVEN, choice), quality

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        return Whole(liver_probability(ct, self._loader.load(LIVER), report))

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        return Findings(organ=whole.organ, tumor=self.tumors(region, whole.organ, report))

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        """Probability of tumour at 1 x 1 x 3 mm, near what reaches 0.5 of ``liver``; mirrored looks at best quality.

        The liver network must not see mirror images, the lesion network may (docs/models/kuleuven.md).
        """
        search = LesionSearch(region, liver)
        mirrors = ((), (0,), (1,), (2,)) if self._quality is Quality.BEST else ((),)
        return search.probability(self._loader.load(LESION, search.window_in), report, mirrors)

    def describe(self) -> list[dict[str, Any]]:
        return self._loader.describe()
