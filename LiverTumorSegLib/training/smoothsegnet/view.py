"""Samples as the network of a stage sees them: on its grid, along its axes, for tumours with the liver alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.geometry.axes import along_ras, reoriented
from LiverTumorSegLib.geometry.resample import Grid, resample, smoothed
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.training.augmentation.placement import AIR_HU, BACKGROUND
from LiverTumorSegLib.training.samples import Sample, Source
from LiverTumorSegLib.training.smoothsegnet.facts import window_ras
from LiverTumorSegLib.volume import Volume

_ORGAN = [label.value for label in MAIN_LABELS]


@dataclass(frozen=True)
class StageView:
    """A Source: another one's samples as ``facts`` say. priors: expected ratio by case id.

    The other one's samples are ``facts.cut_size`` voxels large, cubes with the edge of the finest axis, or the CTs'
    own voxels where the facts know no spacing; axes run to the patient's right, front and head.
    """

    source: Source
    facts: StageFacts
    priors: Mapping[str, float] = field(default_factory=dict)

    def sample(self, rng: np.random.Generator) -> Sample:
        """One of the other source's, changed; where no case is known, nothing is expected."""
        sample = self.source.sample(rng)
        if self.facts.spacing_mm is not None:
            sample = _regridded(sample, self.facts, along_ras(self.facts.spacing_mm, self.facts.axes))
        if self.facts.stage is Stage.TUMOR:
            outside = ~np.isin(sample.labels, _ORGAN)
            sample = replace(sample, hu=np.where(outside, np.float32(self.facts.hu_range[0]), sample.hu))
        whole = replace(sample.whole, expected_ratio=self.priors.get(sample.case_id, math.nan))
        hu, labels = (_turned(array, self.facts) for array in (sample.hu, sample.labels))
        return replace(sample, hu=hu, labels=labels, whole=whole)


def _regridded(sample: Sample, facts: StageFacts, cell: Vector) -> Sample:
    """From cubes to cells that are longer along some axes; HU are what a thicker slice collects."""
    finest = min(cell)
    if all(step == finest for step in cell):
        return sample
    affine = np.diag([*cell, 1.0])
    affine[:3, 3] = (np.array(cell) - finest) / 2  # both grids begin at the same face
    grid = Grid(window_ras(facts), affine)
    cubes = Volume(sample.hu, np.diag([finest, finest, finest, 1.0]))
    hu = resample(smoothed(cubes, cell), grid, outside=AIR_HU).array
    labels = resample(cubes.with_array(sample.labels), grid, outside=BACKGROUND, linear=False).array
    smaller = finest**3 / math.prod(cell)
    whole = replace(
        sample.whole,
        organ_voxels=sample.whole.organ_voxels * smaller,
        tumor_voxels=sample.whole.tumor_voxels * smaller,
    )
    return replace(sample, hu=hu, labels=labels, whole=whole)


def _turned(array: np.ndarray, facts: StageFacts) -> np.ndarray:
    """From axes R, A, S to those of the facts."""
    return np.ascontiguousarray(reoriented(Volume(array, np.eye(4)), facts.axes).array)
