"""The main job's bookkeeping on an oblique phantom of boxes, with a segmenter whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.pipelines import measure, segment
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.registry import CLASSICAL, KULEUVEN
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

SHAPE = (60, 50, 30)
LIVER_BOX, TUMOR_BOX = np.s_[10:45, 8:40, 6:24], np.s_[20:30, 15:25, 10:16]
STRAY = np.s_[50:58, 42:48, 26:29]


def oblique() -> np.ndarray:
    a = np.deg2rad(17)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[-np.cos(a), 0, np.sin(a)], [0, -1, 0], [np.sin(a), 0, np.cos(a)]]) @ np.diag(
        [2, 2.5, 4]
    )
    affine[:3, 3] = [40.0, -12.0, 300.0]
    return affine


def box_mask(*boxes) -> np.ndarray:
    mask = np.zeros(SHAPE, np.float32)
    for box in boxes:
        mask[box] = 1.0
    return mask


class Known:
    """Answers with boxes on the CT's own grid, whatever the region it is asked about."""

    tumor_core, tumor_rim = 0.5, 0.2

    def __init__(self, liver, tumors, spec=KULEUVEN):
        self._liver, self._tumors, self.spec = liver, tumors, spec

    def liver(self, ct, report):
        return Whole(ct.with_array(self._liver))

    def findings(self, region, whole, report):
        return Findings(organ=whole.organ, tumor=whole.organ.with_array(self._tumors))

    def describe(self):
        return []


@pytest.fixture
def study() -> Study:
    rng = np.random.default_rng(5)
    hu = np.full(SHAPE, 20.0) + 80 * box_mask(LIVER_BOX) - 50 * box_mask(TUMOR_BOX) + rng.normal(0, 3, SHAPE)
    return Study(
        Volume(hu.astype(np.int16), oblique()), Source("boxes", "nifti", "0" * 64, warnings=("from the reader",))
    )


def test_masks_come_back_voxel_for_voxel_on_an_oblique_grid(study):
    case = segment(study, SegmentSettings(), Known(box_mask(LIVER_BOX, STRAY), box_mask(TUMOR_BOX)), Progress())
    assert case.segmentation.same_grid(study.ct)
    assert np.array_equal(case.segmentation.array > 0, box_mask(LIVER_BOX) > 0)
    assert np.array_equal(case.segmentation.array == 3, box_mask(TUMOR_BOX) > 0)
    assert case.measurements.liver_ml == pytest.approx(35 * 32 * 18 * 0.02)
    assert [lesion.volume_ml for lesion in case.measurements.lesions] == pytest.approx([10 * 10 * 6 * 0.02])


def test_without_a_liver_the_result_is_empty_and_flagged(study):
    case = segment(study, SegmentSettings(), Known(box_mask(), box_mask(TUMOR_BOX)), Progress())
    assert not case.segmentation.array.any()
    assert "no-liver-found" in case.measurements.flags
    assert case.measurements.burden_percent is None


def test_a_liver_smaller_than_any_organ_is_none(study):
    case = segment(study, SegmentSettings(), Known(box_mask(np.s_[10:20, 10:20, 10:20]), box_mask()), Progress())
    assert "no-liver-found" in case.measurements.flags


def test_warnings_of_reader_caller_and_vessels_all_reach_the_record(study):
    case = segment(study, SegmentSettings(), Known(box_mask(LIVER_BOX), box_mask()), Progress(), ("from the caller",))
    assert case.run.warnings[:2] == ("from the reader", "from the caller")
    assert "No vessel stands out" in case.run.warnings[2]


def test_stages_report_rising_fractions_and_take_their_time(study):
    events = []
    progress = Progress(events.append)
    segment(study, SegmentSettings(), Known(box_mask(LIVER_BOX), box_mask(TUMOR_BOX)), progress)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    stages = ["liver", "tumors", "postprocess", "vessels", "measure", "appearance", "confidence"]
    assert list(progress.clock.seconds()) == stages


def test_a_cancel_from_the_callback_ends_the_run(study):
    def stop_at_tumors(event):
        if event.stage == "tumors":
            raise CancelledError

    with pytest.raises(CancelledError):
        segment(study, SegmentSettings(), Known(box_mask(LIVER_BOX), box_mask()), Progress(stop_at_tumors))


def test_what_a_reader_drew_is_measured_however_small(study):
    labels = box_mask(LIVER_BOX).astype(np.uint8)
    labels[20, 20, 12] = 3
    case = measure(study, study.ct.with_array(labels), None, ("from the file",), Progress())
    assert [lesion.volume_ml for lesion in case.measurements.lesions] == pytest.approx([0.02])
    assert case.run.model == {}
    assert case.run.warnings == ("from the reader", "from the file")


def test_networks_give_a_confidence_and_a_quality_and_a_reader_and_the_fallback_none(study):
    boxes = box_mask(LIVER_BOX), box_mask(TUMOR_BOX)
    found = segment(study, SegmentSettings(), Known(*boxes), Progress()).measurements
    assert 0 < found.lesions[0].confidence < 1
    assert found.quality is not None
    classical = segment(study, SegmentSettings(), Known(*boxes, CLASSICAL), Progress())
    drawn = measure(study, classical.segmentation, None, (), Progress())
    for case in (classical, drawn):
        assert case.measurements.quality is None
        assert [lesion.confidence for lesion in case.measurements.lesions] == [None]
        assert "low-confidence" not in case.measurements.flags
        assert "doubtful-lesion" not in case.measurements.lesions[0].flags


def test_without_a_liver_there_is_no_quality(study):
    case = segment(study, SegmentSettings(), Known(box_mask(), box_mask(TUMOR_BOX)), Progress())
    assert case.measurements.quality is None


def test_the_probability_of_tumor_is_kept_in_percent_on_the_networks_own_grid(study):
    case = segment(study, SegmentSettings(), Known(box_mask(LIVER_BOX), 0.437 * box_mask(TUMOR_BOX)), Progress())
    assert case.tumor_probability.array.dtype == np.uint8
    assert case.tumor_probability.same_grid(study.ct)  # the grid on which this segmenter answers
    np.testing.assert_array_equal(case.tumor_probability.array, np.where(box_mask(TUMOR_BOX) > 0, 44, 0))


def test_without_a_network_or_a_liver_there_is_no_probability(study):
    classical = Known(box_mask(LIVER_BOX), box_mask(TUMOR_BOX), CLASSICAL)
    assert segment(study, SegmentSettings(), classical, Progress()).tumor_probability is None
    assert segment(study, SegmentSettings(), Known(box_mask(), box_mask()), Progress()).tumor_probability is None
    nothing = study.ct.with_array(box_mask().astype(np.uint8))
    assert measure(study, nothing, None, (), Progress()).tumor_probability is None
