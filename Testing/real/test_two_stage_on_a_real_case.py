"""Networks of different kinds in the two steps, on a real CT: the fetched one for the liver, one of a card in it."""

from __future__ import annotations

import numpy as np
import pytest
from real_cases import load_case
from stage_files import facts, threshold_stage

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.geometry.boxes import bounding_box, grow_box
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.kuleuven_segmenter import KuLeuvenSegmenter
from LiverTumorSegLib.inference.two_stage_segmenter import TwoStageSegmenter
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import SMOOTHSEGNET, Stage
from LiverTumorSegLib.settings import SegmentSettings

pytestmark = [pytest.mark.real, pytest.mark.weights, pytest.mark.usefixtures("kuleuven_weights")]


def test_what_the_fetched_network_calls_liver_is_all_that_the_second_one_sees(real_data, tmp_path):
    """The second network calls what is brighter than 140 HU a tumour: here the vessels, in the whole CT mostly bone."""
    case = load_case(real_data, "ircad01")
    choice = choose_engine(SegmentSettings())
    tumor = threshold_stage(tmp_path, facts(Stage.TUMOR, "PLI", (256, 256, 32)), choice.engine)
    segmenter = TwoStageSegmenter(SMOOTHSEGNET, KuLeuvenSegmenter(choice), tumor)
    whole = segmenter.liver(case.ct, ignore_progress)
    organ = resample(whole.organ, Grid.of(case.ct), outside=0.0).array >= 0.5
    assert dice(organ, case.organ) > 0.96
    box = grow_box(bounding_box(organ), (9, 9, 9), case.ct.shape)
    region = case.ct.crop(box)
    found = segmenter.findings(region, whole, ignore_progress)
    assert found.tumor.same_grid(region)
    bright = found.tumor.array >= 0.5
    assert np.array_equal(bright, organ[box] & (region.array > 140))
    assert 0.01 < bright.sum() / organ.sum() < 0.5
