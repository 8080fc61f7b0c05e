"""Liver and tumours alone are those of the main job, for every way to refine outlines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from LiverTumorSegLib.cli.liver_and_tumors import liver_and_tumors
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.pipelines import segment
from LiverTumorSegLib.postprocess import TWO_STAGE_STEPS
from LiverTumorSegLib.progress import Progress, ProgressCallback, ignore_progress
from LiverTumorSegLib.registry import SMOOTHSEGNET, ModelSpec
from LiverTumorSegLib.settings import Contour, Division, SegmentSettings
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

AFFINE = np.array([[-3.0, 0.3, 0, 60], [0.3, -3.0, 0, 50], [0, 0, 4.0, -40], [0, 0, 0, 1]])
SHAPE = (40, 36, 24)
CONTOURS = (Contour.OFF, Contour.CHAN_VESE, Contour.REFERENCE)


def ball(center: tuple[int, int, int], radius: float) -> np.ndarray:
    return np.square(np.moveaxis(np.indices(SHAPE), 0, -1) - center).sum(-1) < radius**2


class KnownFindings:
    """A Segmenter that has found a liver with a hole, a tumour that reaches out of it, and a speck."""

    spec: ModelSpec = SMOOTHSEGNET
    tumor_core = tumor_rim = 0.5

    def __init__(self) -> None:
        self.looks = 0
        self.organ = ball((20, 18, 12), 9) & ~ball((20, 14, 12), 1.5)
        self.tumors = ball((26, 18, 12), 4) | ball((15, 18, 12), 1)

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        self.looks += 1
        return Whole(ct.with_array(0.9 * self.organ.astype(np.float32)))

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        tumor = whole.organ.with_array(0.8 * self.tumors.astype(np.float32))
        return Findings(whole.organ, tumor, steps=TWO_STAGE_STEPS)

    def describe(self) -> list[dict[str, Any]]:
        return []


@pytest.fixture(scope="module")
def study() -> Study:
    known = KnownFindings()
    hu = np.random.default_rng(0).normal(0, 12, SHAPE) + 100 * known.organ - 40 * ball((26, 18, 12), 5)
    return Study(Volume(hu.astype(np.float32), AFFINE), Source("here", "nifti", "0"))


def test_they_are_those_of_the_main_job_in_one_look(study):
    known = KnownFindings()
    answers = liver_and_tumors(study.ct, known, CONTOURS, ignore_progress)
    assert known.looks == 1
    usual = SegmentSettings(model=SMOOTHSEGNET.id, anatomy=Division.OFF)
    for contour, answer in zip(CONTOURS, answers, strict=True):
        whole = segment(study, replace(usual, contour=contour), KnownFindings(), Progress()).segmentation
        assert answer.same_grid(study.ct)
        assert np.array_equal(answer.array > 0, whole.array > 0)
        assert np.array_equal(answer.array == TUMOR.value, whole.array == TUMOR.value)
    volumes = [int((answer.array == TUMOR.value).sum()) for answer in answers]
    assert len(set(volumes)) == 3  # each contour does something else
    assert min(volumes) > 0


def test_no_liver_gives_empty_maps(study):
    known = KnownFindings()
    known.organ = ball((20, 18, 12), 2)  # under 50 ml
    for answer in liver_and_tumors(study.ct, known, CONTOURS, ignore_progress):
        assert answer.shape == SHAPE
        assert not answer.array.any()
