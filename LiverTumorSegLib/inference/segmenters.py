"""What finds liver, vessels and tumours: one interface, whatever runs behind it; what follows is common."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.inference.classical_segmenter import ClassicalSegmenter
from LiverTumorSegLib.inference.combined_segmenter import CombinedSegmenter
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.kuleuven_segmenter import KuLeuvenSegmenter
from LiverTumorSegLib.inference.lvt_segmenter import LvtSegmenter
from LiverTumorSegLib.inference.two_stage_segmenter import make_two_stage
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import BUILT_IN, SMOOTHSEGNET, ModelSpec
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.volume import Volume


@runtime_checkable  # so that the tests can check annotations
class Segmenter(Protocol):
    """Finds the liver in a CT, and what is in it.

    Probabilities come on a grid of the segmenter's choice; 0.5 and more is liver. A tumour is where ``tumor_core`` is
    reached, with all that hangs together with it at ``tumor_rim``.
    """

    spec: ModelSpec
    tumor_core: float
    tumor_rim: float

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        """Where the liver (tumours included) is, anywhere in the CT; all 0 where there is none."""
        ...

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        """A closer look at a region of the CT, given what ``liver`` found, on any grid."""
        ...

    def describe(self) -> list[dict[str, Any]]:
        """What ran each network, for run.json."""
        ...


def make_segmenter(spec: ModelSpec, settings: SegmentSettings) -> Segmenter:
    """What runs a model. Raises InputError where the engine or device that was asked for is not there."""
    if not spec.has_networks:
        return ClassicalSegmenter()
    choice = choose_engine(settings)
    if spec.id == SMOOTHSEGNET.id:
        return make_two_stage(spec, choice, settings.quality)
    if spec.parts:
        return CombinedSegmenter(choice, settings.quality)
    if spec.network:
        own = spec is BUILT_IN
        return LvtSegmenter(spec, choice, settings.quality, in_one_window=own, also_classical=own)
    return KuLeuvenSegmenter(choice, settings.quality)
