"""SmoothSegNet as a model of the main job: the liver first, then tumours in it; or, for comparison, both at once."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.kuleuven_segmenter import KuLeuvenSegmenter
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.two_stage import CardStage, whole_liver
from LiverTumorSegLib.models.backbones import stage_definition
from LiverTumorSegLib.postprocess import TWO_STAGE_STEPS
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.registry import ModelSpec, Stage
from LiverTumorSegLib.settings import Quality
from LiverTumorSegLib.volume import Volume


@runtime_checkable  # so that the tests can check annotations
class StageNetwork(Protocol):
    """One step's network, with its own view of the CT; probabilities come on a grid of its choice."""

    tumor_core: float
    tumor_rim: float

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        """Where the liver is, anywhere in the CT."""
        ...

    def tumors(self, region: Volume, liver: Volume, report: ProgressCallback) -> Volume:
        """Where tumours are in a region of the CT; liver: probability on any grid."""
        ...

    def describe(self) -> list[dict[str, Any]]:
        """What ran it, for run.json."""
        ...


class TwoStageSegmenter:
    """See ``segmenters.Segmenter``: the second network sees only what the first one has called liver."""

    def __init__(self, spec: ModelSpec, liver: StageNetwork, tumor: StageNetwork) -> None:
        self.spec, self._liver, self._tumor = spec, liver, tumor
        self.tumor_core, self.tumor_rim = tumor.tumor_core, tumor.tumor_rim

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        return Whole(whole_liver(self._liver.liver(ct, report).organ))

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        tumor = self._tumor.tumors(region, whole.organ, report)
        return Findings(whole.organ, tumor, steps=TWO_STAGE_STEPS)

    def describe(self) -> list[dict[str, Any]]:
        return [*self._liver.describe(), *self._tumor.describe()]


class MulticlassSegmenter:
    """See ``segmenters.Segmenter``: one look at the whole CT for liver and tumours, as in the papers' ablation."""

    def __init__(self, spec: ModelSpec, network: StageNetwork) -> None:
        self.spec, self._network = spec, network
        self.tumor_core, self.tumor_rim = network.tumor_core, network.tumor_rim

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        found = self._network.liver(ct, report)
        return Whole(whole_liver(found.organ), tumor=found.tumor)

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        """Nothing is left to look for. Raises ValueError for a liver that another model has found."""
        report(ProgressEvent("tumors", 0.0))
        if whole.tumor is None:
            message = f"{self.spec.id}: tumours come with the liver, and this one brings none"
            raise ValueError(message)
        tumor = resample(whole.tumor, Grid.of(region), outside=0.0)
        return Findings(whole.organ, tumor, steps=TWO_STAGE_STEPS)

    def describe(self) -> list[dict[str, Any]]:
        return self._network.describe()


def make_two_stage(spec: ModelSpec, choice: EngineChoice, quality: Quality) -> TwoStageSegmenter | MulticlassSegmenter:
    """Of the networks that are a model's parts: the first for the liver, the last for tumours, one for both.

    Each is a network of a stage, or the fetched ones in the way they look at a CT. Raises ValueError without parts, and
    InputError for a card that no network can have.
    """
    if not spec.parts:
        message = f"{spec.id} has no networks for its steps"
        raise ValueError(message)
    first, last = (_network(part, choice, quality) for part in (spec.parts[0], spec.parts[-1]))
    facts = spec.parts[0].stage
    if facts is not None and facts.stage is Stage.MULTICLASS:
        return MulticlassSegmenter(spec, first)
    return TwoStageSegmenter(spec, first, last)


def _network(part: ModelSpec, choice: EngineChoice, quality: Quality) -> StageNetwork:
    if part.stage is None:
        return KuLeuvenSegmenter(choice, quality)
    try:
        definition = stage_definition(part.files[0].name, part.stage)
    except ValueError as error:
        raise InputError(
            found=f"the card of {part.files[0].name} cannot be right ({error})",
            expected="a window and a HU range that its backbone can take",
            remedy="Import or train the network again, or use another file",
        ) from error
    return CardStage(part.stage, definition, Loader(part, choice), quality)
