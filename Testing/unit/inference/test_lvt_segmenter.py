"""A network trained here, through export and the main job, on a CT that it never saw: a ball on a tilted grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_runs import SMALL, small

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.inference.findings import Whole
from LiverTumorSegLib.inference.lvt_segmenter import LvtSegmenter
from LiverTumorSegLib.inference.segmenters import make_segmenter
from LiverTumorSegLib.io.own_weights import model_of_file
from LiverTumorSegLib.pipelines import segment
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.registry import KULEUVEN
from LiverTumorSegLib.settings import Engine, Precision, Quality, SegmentSettings
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.training.card import export
from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.partial_labels import IRCAD
from LiverTumorSegLib.training.run import begin
from LiverTumorSegLib.training.samples import Sample
from LiverTumorSegLib.volume import Volume

STEPS = 900
CENTER_RAS = np.array([20.0, -35.0, 110.0])
TUMOR_RAS = CENTER_RAS + [12.0, 5.0, -8.0]


class PartsOfBalls:
    """A Source: 96 mm of a ball somewhere in or beside it, with a dark spot; now and then air where a scan ends."""

    def sample(self, rng: np.random.Generator) -> Sample:
        at = np.moveaxis(np.indices((16, 16, 16)), 0, -1)
        center, radius = rng.uniform(-3, 19, 3), rng.uniform(5, 8)
        spot_center = center + rng.uniform(-3, 3, 3)
        ball, spot = (np.linalg.norm(at - c, axis=-1) < r for c, r in ((center, radius), (spot_center, 3.0)))
        labels = np.select([spot, ball], [3, 1], 0).astype(np.uint8)
        hu = np.array([-80.0, 100.0, 0.0, 10.0], np.float32)[labels] + rng.normal(0, 5, ball.shape)
        if rng.random() < 0.4:
            outside = np.s_[: int(rng.integers(1, 7))] if rng.random() < 0.5 else np.s_[-int(rng.integers(1, 7)) :]
            hu[outside], labels[outside] = -1000.0, 0
        return Sample(hu.astype(np.float32), labels, IRCAD)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    recipe = small(steps=STEPS, learning_rate=1e-2)
    run = train(recipe, begin(recipe, torch.device("cpu")), PartsOfBalls(), folder, Means(workers=0))
    return export(run, recipe, "parts of balls", folder)


def oblique_affine() -> np.ndarray:
    a = np.deg2rad(20)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-2.5, -3.0, 5.0])
    affine[:3, 3] = CENTER_RAS - affine[:3, :3] @ [24, 22, 12]
    return affine


@pytest.fixture(scope="module")
def study() -> Study:
    """A ball of 40 mm with a dark spot of 18 mm, neither in the middle of the volume nor of a voxel."""
    rng = np.random.default_rng(3)
    empty = Volume(np.zeros((52, 44, 26), np.int16), oblique_affine())
    ras = empty.ras_from_ijk(np.argwhere(np.ones(empty.shape))).reshape(*empty.shape, 3)
    ball, spot = (np.linalg.norm(ras - c, axis=-1) < r for c, r in ((CENTER_RAS, 40.0), (TUMOR_RAS, 18.0)))
    hu = np.select([spot, ball], [10.0, 100.0], -80.0) + rng.normal(0, 5, empty.shape)
    return Study(empty.with_array(hu.astype(np.int16)), Source("ball", "nifti", "0" * 64))


def settings(**changes: object) -> SegmentSettings:
    return SegmentSettings(precision=Precision.FP32, **changes)


@pytest.mark.parametrize("engine", [Engine.TORCH, Engine.OPENVINO])
def test_it_finds_ball_and_spot_where_they_are(weights_file, study, engine):
    spec = model_of_file(weights_file)
    segmenter = make_segmenter(spec, settings(engine=engine))
    case = segment(study, settings(engine=engine), segmenter, Progress())
    hu = study.ct.array
    assert dice(case.segmentation.array > 0, hu > -20) > 0.75
    (lesion, *_others) = case.measurements.lesions
    center = case.segmentation.ras_from_ijk(np.argwhere(case.lesions.array == 1)).mean(0)
    assert np.linalg.norm(center - TUMOR_RAS) < 5
    assert lesion.volume_ml == pytest.approx(4 / 3 * np.pi * 1.8**3, rel=0.4)
    assert case.run.model["id"] == "small"
    assert case.run.model["networks"][0]["engine"] == engine


def test_more_time_means_more_looks(weights_file, study):
    spec = model_of_file(weights_file)
    seen: dict[Quality, int] = {}
    for quality in Quality:
        events: list[str] = []
        segmenter = LvtSegmenter(spec, choose_engine(settings()), quality)
        segmenter.liver(study.ct, lambda event, events=events: events.append(event.message))
        seen[quality] = len(set(events))
    assert seen[Quality.FAST] <= seen[Quality.STANDARD] < seen[Quality.BEST]


def test_one_window_for_everything_is_one_look_and_at_best_quality_more(weights_file, study):
    spec = model_of_file(weights_file)
    seen: dict[Quality, set[str]] = {}
    for quality in (Quality.STANDARD, Quality.BEST):
        events: list[str] = []
        segmenter = LvtSegmenter(spec, choose_engine(settings()), quality, in_one_window=True)
        segmenter.liver(study.ct, lambda event, events=events: events.append(event.message))
        seen[quality] = set(events)
    assert seen[Quality.STANDARD] == {"window 1 of 1"}
    assert len(seen[Quality.BEST]) > 4


def test_damaged_weights_are_not_run(weights_file, study, tmp_path):
    copy = tmp_path / weights_file.name
    content = bytearray(weights_file.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    copy.with_suffix(".json").write_text(weights_file.with_suffix(".json").read_text())
    spec = model_of_file(copy)
    with pytest.raises(ModelUnavailableError, match=r"small\.safetensors"):
        LvtSegmenter(spec, choose_engine(settings())).liver(study.ct, lambda _event: None)


def test_a_network_that_knows_the_coarse_grid_looks_at_the_whole_ct_there(weights_file, study):
    spec = model_of_file(weights_file)
    spec = replace(spec, network=replace(spec.network, knows_coarse=True))
    liver = LvtSegmenter(spec, choose_engine(settings())).whole(study.ct, lambda _event: None).liver
    assert liver.spacing_mm == (18.0, 18.0, 18.0)
    assert SMALL.training.spacing_mm == 6.0


def test_without_a_coarse_look_dark_parts_are_tumors_where_the_network_misses_them(weights_file, study):
    spec = model_of_file(weights_file)
    segmenter = LvtSegmenter(spec, choose_engine(settings()), also_classical=True)
    ball = Whole(study.ct.with_array((study.ct.array > -20).astype(np.float32)))
    findings = segmenter.findings(study.ct, ball, lambda _event: None)
    assert set(findings.tumor_voices) == {"fine", "classical"}
    highest = np.maximum(*(voice.array for voice in findings.tumor_voices.values()))
    assert np.array_equal(findings.tumor.array, highest)
    assert (findings.organ.array <= findings.organ_voices["fine"].array).all()


def test_a_model_of_another_kind_is_no_network_of_this_one():
    with pytest.raises(ValueError, match="kuleuven"):
        LvtSegmenter(KULEUVEN, choose_engine(settings()))
