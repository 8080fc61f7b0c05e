"""What a network is trained on: a patch of an image, its labels, and which of them mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.training.partial_labels import Annotated

Image = Float32[np.ndarray, "i j k"]


@dataclass(frozen=True, eq=False)
class Sample:
    """hu: on a cubic grid whose axes run to the patient's right, front and head. labels: exclusive, values of
    ``MAIN_LABELS``; a structure that is not annotated has the value of what it lies in.
    """

    hu: Image
    labels: LabelArray
    annotated: Annotated


@runtime_checkable  # so that the tests can check annotations
class Source(Protocol):
    """Where samples come from, without end. The same state of rng gives the same sample."""

    def sample(self, rng: np.random.Generator) -> Sample: ...
