"""How liver and tumours are found: by the fetched networks, or without any. One interface; what follows is common."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from LiverTumorSegLib.classical.lesions import find_lesions
from LiverTumorSegLib.classical.liver import find_liver
from LiverTumorSegLib.engines import EngineChoice, Network, choose_engine, load_network
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.lesions import CORE_AT, RIM_AT, LesionSearch
from LiverTumorSegLib.inference.liver import liver_probability
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.registry import CLASSICAL, KULEUVEN, ModelSpec
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.volume import Volume


@runtime_checkable  # so that the tests can check annotations
class Segmenter(Protocol):
    """Finds the liver in a CT and the tumours in a liver.

    Probabilities come on a grid of the segmenter's choice; 0.5 and more is liver. A tumour is where ``tumor_core`` is
    reached, with all that hangs together with it at ``tumor_rim``.
    """

    spec: ModelSpec
    tumor_core: float
    tumor_rim: float

    def liver(self, ct: Volume, report: ProgressCallback) -> Volume:
        """Probability of liver (tumours included) anywhere in the CT; all 0 where there is none."""
        ...

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        """Probability of tumour in a region of the CT, given the liver's probability on any grid."""
        ...

    def describe(self) -> list[dict[str, Any]]:
        """What ran each network, for run.json."""
        ...


def make_segmenter(spec: ModelSpec, settings: SegmentSettings) -> Segmenter:
    """What runs a model. Raises InputError where the engine or device that was asked for is not there."""
    return NetworkSegmenter(choose_engine(settings)) if spec.files else ClassicalSegmenter()


class NetworkSegmenter:
    """The KU Leuven networks. Raises ModelUnavailableError at first use if their weights are not in the cache."""

    spec = KULEUVEN
    tumor_core, tumor_rim = CORE_AT, RIM_AT

    def __init__(self, choice: EngineChoice) -> None:
        self._choice = choice
        self._ran: list[dict[str, Any]] = []

    def liver(self, ct: Volume, report: ProgressCallback) -> Volume:
        return liver_probability(ct, self._load(LIVER, LIVER.trained_window), report)

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        search = LesionSearch(region, liver)
        return search.probability(self._load(LESION, search.window_in), report)

    def describe(self) -> list[dict[str, Any]]:
        return list(self._ran)

    def _load(self, definition: NetworkDefinition, window_in: Size) -> Network:
        network = load_network(definition, weights.load(self.spec, definition.name), self._choice, window_in)
        self._ran.append({"network": definition.name} | network.describe())
        return network


class ClassicalSegmenter:
    """Thresholds seeded from anatomy: something honest to look at where no network can be had."""

    spec = CLASSICAL
    tumor_core = tumor_rim = 0.5

    def liver(self, ct: Volume, report: ProgressCallback) -> Volume:
        report(ProgressEvent("liver", 0.0))
        return ct.with_array(find_liver(ct).astype(np.uint8))

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        report(ProgressEvent("tumors", 0.0))
        organ = resample(liver, Grid.of(region), outside=0.0).array >= 0.5
        return region.with_array(find_lesions(region, organ).astype(np.uint8))

    def describe(self) -> list[dict[str, Any]]:
        return []
