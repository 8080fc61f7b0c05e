"""What a network is trained on: a patch of an image, its labels, and which of them mean anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.labels import LIVER, VESSEL
from LiverTumorSegLib.training.partial_labels import Annotated

Image = Float32[np.ndarray, "i j k"]


@dataclass(frozen=True)
class WholeLiver:
    """Of a sample's case: voxels of the organ (liver with tumours) and of its tumours, also where the sample does not
    show them, in voxels of the sample; 0 for a sample that is all there is. expected_ratio: of both, as a clinical
    prior tells; NaN where none does.
    """

    organ_voxels: float = 0.0
    tumor_voxels: float = 0.0
    expected_ratio: float = math.nan


@dataclass(frozen=True, eq=False)
class Sample:
    """hu: on a cubic grid whose axes run to the patient's right, front and head (for a stage of SmoothSegNet: as its
    recipe tells). labels: exclusive, values of ``MAIN_LABELS``; a structure that is not annotated has the value of what
    it lies in. Those of shapes: ``training.shapes``. case_id: of the real case that it shows as it is; "" for rendered
    patients, and where tumours were painted in.
    """

    hu: Image
    labels: LabelArray
    annotated: Annotated
    case_id: str = ""
    whole: WholeLiver = WholeLiver()


def without_vessels(sample: Sample) -> Sample:
    """The same where vessels are not asked for, with liver in their place; for a sample whose liver is annotated."""
    labels = np.where(sample.labels == VESSEL.value, np.uint8(LIVER.value), sample.labels)
    return replace(sample, labels=labels, annotated=replace(sample.annotated, vessel=0.0))


@runtime_checkable  # so that the tests can check annotations
class Source(Protocol):
    """Where samples come from, without end. The same state of rng gives the same sample."""

    def sample(self, rng: np.random.Generator) -> Sample: ...
