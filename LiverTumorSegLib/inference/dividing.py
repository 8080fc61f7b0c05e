"""Couinaud segments, portal vein and hepatic veins of a segmented liver, by the network that sees its shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.anatomy.partition import even, partition
from LiverTumorSegLib.anatomy.quadrate import with_iv_divided
from LiverTumorSegLib.anatomy.shape import OUTSIDE, organ_box, shape_image
from LiverTumorSegLib.anatomy.veins import portal_voxels
from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.parts import carried_over
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.sliding import sliding_probabilities
from LiverTumorSegLib.labels import COUINAUD_LABELS, HEPATIC_VEIN, PORTAL_VEIN, VESSEL, VESSEL_VALUES
from LiverTumorSegLib.models.anatomy import CHANNELS, anatomy_definition
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True, eq=False)
class Divided:
    """segmentation: its vessels told apart (SEGMENTATION_LABELS). segments: uint8, values of ALL_COUINAUD_LABELS inside
    the organ, else 0.
    """

    segmentation: Volume
    segments: Volume


@dataclass(frozen=True, eq=False)
class Given:
    """In the place of a Divider: segments (uint8) that there are already, of this or an earlier mask."""

    segments: Volume

    def divide(self, segmentation: Volume, report: ProgressCallback = ignore_progress) -> Divided:
        """What the mask has gained belongs to the segment that it grew out of; vessels stay as they are.

        Raises ValueError on another grid.
        """
        report(ProgressEvent("segments", 0.0, "Taking over the segments"))
        if not self.segments.same_grid(segmentation):
            message = f"segments on {self.segments.describe_grid()} for {segmentation.describe_grid()}"
            raise ValueError(message)
        segments = np.zeros_like(segmentation.array)
        box = bounding_box(segmentation.array)
        if box is not None:
            segments[box] = carried_over(self.segments.array[box], segmentation.array[box] != 0)
        return Divided(segmentation, segmentation.with_array(segments))


class Divider:
    """spec: of the network for anatomy, with its facts, else ValueError. divides_iv: into IVa and IVb."""

    def __init__(self, spec: ModelSpec, choice: EngineChoice, *, divides_iv: bool = False) -> None:
        if spec.network is None:
            message = f"{spec.id} is no network for anatomy"
            raise ValueError(message)
        self.spec, self._loader = spec, Loader(spec, choice)
        self._divides_iv = divides_iv
        self._definition = anatomy_definition(spec.files[0].name, spec.network.widths, spec.network.window)

    def divide(self, segmentation: Volume, report: ProgressCallback = ignore_progress) -> Divided:
        """segmentation: uint8 on the CT's grid, values of SEGMENTATION_LABELS; vessels that were told apart stay so.
        Without liver there is nothing to divide: both come back empty. Raises ModelUnavailableError where the
        weights are damaged, and what ``report`` raises.
        """
        labels, segments = segmentation.array.copy(order="K"), np.zeros_like(segmentation.array)
        if (labels != 0).any():
            box = organ_box(segmentation)
            labels[box], segments[box] = self._divided(segmentation.crop(box), report)
        return Divided(segmentation.with_array(labels), segmentation.with_array(segments))

    def opinions(self, segmentation: Volume, report: ProgressCallback = ignore_progress) -> dict[str, Volume]:
        """Probabilities of CHANNELS on the grid of the shape; they mean something inside the organ."""
        vessel = segmentation.with_array(np.isin(segmentation.array, VESSEL_VALUES))
        shape = shape_image(segmentation, vessel)
        network = self._loader.load(self._definition, self._definition.legal_window(shape.shape))
        answers = sliding_probabilities([network], shape.array, self._definition, report=report)
        inside = shape.array != OUTSIDE
        return {name: shape.with_array(answer * inside) for name, answer in zip(CHANNELS, answers, strict=True)}

    def _divided(self, segmentation: Volume, report: ProgressCallback) -> tuple[LabelArray, LabelArray]:
        opinions = self.opinions(segmentation, report)
        report(ProgressEvent("segments", 0.5, "Sharing out the liver"))
        segments = partition(segmentation, even([opinions[label.name] for label in COUINAUD_LABELS]))
        labels: LabelArray = segmentation.array.copy()
        unknown = segmentation.with_array(labels == VESSEL.value)
        portal = portal_voxels(unknown, opinions[PORTAL_VEIN.name], opinions[HEPATIC_VEIN.name])
        labels[unknown.array] = HEPATIC_VEIN.value
        labels[portal] = PORTAL_VEIN.value
        if self._divides_iv:
            portal_vein = segmentation.with_array(labels == PORTAL_VEIN.value)
            segments = with_iv_divided(segmentation.with_array(segments), portal_vein).array
        return labels, segments

    def describe(self) -> list[dict[str, Any]]:
        """What ran the network, for run.json."""
        return self._loader.describe()
