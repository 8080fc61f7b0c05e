"""Two networks in turn on an oblique CT: where things are does not depend on axes, windows or engines."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from engine_runs import ENGINES, needs_both_engines
from refusals import refused
from stage_files import (
    ORIGIN,
    facts,
    known_ct,
    threshold_definition,
    threshold_stage,
    threshold_weights,
)

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.geometry.axes import axes_of
from LiverTumorSegLib.inference import sliding
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.two_stage import CardStage, stage_view, whole_liver
from LiverTumorSegLib.inference.two_stage_segmenter import MulticlassSegmenter, TwoStageSegmenter, make_two_stage
from LiverTumorSegLib.io.stage_models import with_stages
from LiverTumorSegLib.io.stage_weights import pair_in, stage_of_file, write_stage
from LiverTumorSegLib.models.backbones import stage_definition
from LiverTumorSegLib.pipelines import segment
from LiverTumorSegLib.progress import Progress, ignore_progress
from LiverTumorSegLib.registry import SMOOTHSEGNET, Stage
from LiverTumorSegLib.settings import Contour, Device, Engine, Precision, Quality, SegmentSettings
from LiverTumorSegLib.study import Source, Study

KNOWN = known_ct()
STUDY = Study(KNOWN.ct, Source("balls", "nifti", "0" * 64))
SETTINGS = SegmentSettings(SMOOTHSEGNET.id)
BOTH_AXES = [("PLI", "PLI"), ("RAS", "RAS"), ("SRA", "PLI")]


def two_steps(folder, liver_axes, tumor_axes, engine=Engine.TORCH):
    stages = (facts(Stage.LIVER, liver_axes), facts(Stage.TUMOR, tumor_axes, (16, 16, 8)))
    liver, tumor = (threshold_stage(folder, card, engine) for card in stages)
    return TwoStageSegmenter(SMOOTHSEGNET, liver, tumor)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("liver_axes", "tumor_axes"), BOTH_AXES)
def test_liver_and_tumors_come_back_voxel_for_voxel_whatever_the_axes_of_the_cards(
    tmp_path, liver_axes, tumor_axes, engine
):
    case = segment(STUDY, SETTINGS, two_steps(tmp_path, liver_axes, tumor_axes, engine), Progress())
    assert case.segmentation.same_grid(KNOWN.ct)
    assert np.array_equal(case.segmentation.array > 0, KNOWN.liver)
    assert np.array_equal(case.segmentation.array == 3, KNOWN.tumor)
    assert len(case.measurements.lesions) == 2


@pytest.mark.parametrize(
    ("axes", "shift", "array_axis", "moved_by"),
    [("PLI", (0, 0, 1), 0, 1), ("RAS", (0, 0, 1), 0, -1), ("PLI", (1, 0, 0), 2, 1), ("RAS", (0, 1, 0), 2, -1)],
    ids=["third axis to the feet", "third axis to the head", "first axis to the back", "second axis to the front"],
)
def test_windows_are_handed_over_along_the_cards_axes(tmp_path, axes, shift, array_axis, moved_by):
    """A network that answers with the next voxel along an axis moves its answer the other way in the patient."""
    stage = threshold_stage(tmp_path, facts(Stage.LIVER, axes), Engine.TORCH, shift)
    found = stage.liver(KNOWN.ct, ignore_progress).organ.array >= 0.5
    bright = KNOWN.ct.array > 50
    inner = np.s_[1:-1, 1:-1, 1:-1]
    moved, unmoved = ((found != mask)[inner].mean() for mask in (np.roll(bright, moved_by, array_axis), bright))
    assert moved < 0.1 * unmoved  # at the windows' edges the next voxel is not seen


@pytest.mark.parametrize("axes", ["PLI", "RAS", "SRA"])
def test_a_view_in_the_cts_own_voxels_is_no_copy(axes):
    view = stage_view(KNOWN.ct, facts(Stage.LIVER, axes))
    assert axes_of(view.affine) == axes
    assert np.shares_memory(view.array, KNOWN.ct.array)


def test_a_view_with_a_spacing_is_upright_and_its_spacing_lies_along_the_cards_axes():
    card = replace(facts(Stage.LIVER, "PLI"), spacing_mm=(3.0, 2.0, 5.0))
    view = stage_view(KNOWN.ct, card)
    assert view.spacing_mm == pytest.approx((3.0, 2.0, 5.0))
    np.testing.assert_allclose(view.affine[:3, :3], [[0, -2, 0], [-3, 0, 0], [0, 0, -5]], atol=1e-12)
    center_ras = KNOWN.ct.ras_from_ijk(np.argwhere(KNOWN.ct.array > 250)).mean(0)
    there = view.ras_from_ijk(np.argwhere(view.array > 200)).mean(0)
    assert np.linalg.norm(there - center_ras) < 1.5


def test_with_a_spacing_of_its_own_a_pair_finds_the_same_things_in_the_same_place(tmp_path):
    cards = [replace(facts(stage, "PLI"), spacing_mm=(2.0, 2.0, 4.0)) for stage in (Stage.LIVER, Stage.TUMOR)]
    segmenter = TwoStageSegmenter(SMOOTHSEGNET, *(threshold_stage(tmp_path, card, Engine.TORCH) for card in cards))
    found = segment(STUDY, SETTINGS, segmenter, Progress()).segmentation.array
    assert dice(found > 0, KNOWN.liver) > 0.96
    assert dice(found == 3, KNOWN.tumor) > 0.9


def test_one_network_for_both_finds_the_same_and_what_is_bright_outside_the_liver_is_no_tumor(tmp_path):
    stage = threshold_stage(tmp_path, facts(Stage.MULTICLASS), Engine.TORCH)
    assert (stage.liver(KNOWN.ct, ignore_progress).tumor.array >= 0.5)[KNOWN.ct.array > 250].all()
    case = segment(STUDY, SETTINGS, MulticlassSegmenter(SMOOTHSEGNET, stage), Progress())
    assert np.array_equal(case.segmentation.array > 0, KNOWN.liver)
    assert np.array_equal(case.segmentation.array == 3, KNOWN.tumor)


def test_the_second_network_sees_the_lowest_hu_wherever_there_is_no_liver(tmp_path):
    """A network that calls a voxel tumour when the next one to the feet is darker than anything in this CT."""
    card, next_one = facts(Stage.TUMOR, window=(64, 64, 32)), (0, 0, 1)
    weights = threshold_weights(card, next_one)
    weights["conv_01.kernel"][2] *= -1
    weights["conv_01.bias"][2] = 64 * (100 / 450)  # below -100 HU
    spec = write_stage(tmp_path / "tumor.safetensors", weights, card, ORIGIN)
    choice = EngineChoice(Engine.TORCH, Device.CPU, Precision.FP32, 1)
    stage = CardStage(card, threshold_definition(card, next_one), Loader(spec, choice))
    organ = KNOWN.ct.with_array(KNOWN.liver.astype(np.float32))
    found = stage.tumors(KNOWN.ct, organ, ignore_progress).array
    assert KNOWN.ct.array.min() > -100
    assert np.array_equal(found >= 0.5, KNOWN.liver & ~np.roll(KNOWN.liver, 1, 0))
    assert not found[~KNOWN.liver].any()


def bent_liver():
    """Two thin lobes at a right angle: most windows of their box hold none of them."""
    liver = np.zeros(KNOWN.ct.shape, np.float32)
    liver[4:8, 4:58, 6:12] = liver[4:28, 4:10, 6:12] = liver[4:8, 4:10, 6:46] = 1.0
    return KNOWN.ct.with_array(liver)


def random_stage(folder, card, engine, quality=Quality.STANDARD):
    """A small network of the published kind with random weights: it looks at neighbours, and norms its window."""
    definition = stage_definition(str(card.stage), card)
    random = np.random.default_rng(3)
    tensors = {
        name: random.normal(scale=np.sqrt(2 / max(1, np.prod(shape[1:]))), size=shape).astype(np.float16)
        for name, shape in definition.named.shapes.items()
    }
    spec = write_stage(folder / f"{card.stage}.safetensors", tensors, card, ORIGIN)
    return CardStage(card, definition, Loader(spec, EngineChoice(engine, Device.CPU, Precision.FP32, 1)), quality)


def test_windows_without_liver_are_left_out_and_that_changes_nothing(tmp_path, monkeypatch):
    stage = random_stage(tmp_path, facts(Stage.TUMOR, window=(16, 16, 8)), Engine.TORCH)
    seen: dict[str, set[str]] = {"some": set(), "all": set()}

    def tumors(which):
        return stage.tumors(KNOWN.ct, bent_liver(), lambda event: seen[which].add(event.message)).array

    some = tumors("some")
    monkeypatch.setattr(sliding, "touching", lambda _mask, corners, _size: corners)
    every = tumors("all")
    assert np.array_equal(some, every)
    assert some[bent_liver().array > 0].std() > 0.01
    assert len(seen["some"]) < 0.7 * len(seen["all"])


@needs_both_engines
def test_both_engines_say_the_same(tmp_path):
    card = facts(Stage.TUMOR, window=(16, 16, 8))
    first, second = (
        random_stage(tmp_path, card, engine).tumors(KNOWN.ct, bent_liver(), ignore_progress).array
        for engine in (Engine.TORCH, Engine.OPENVINO)
    )
    assert first[bent_liver().array > 0].std() > 0.01
    np.testing.assert_allclose(second, first, atol=2e-4)


def test_best_quality_looks_at_overlapping_windows(tmp_path):
    card, seen = facts(Stage.LIVER), {}
    for quality in Quality:
        stage = threshold_stage(tmp_path, card, Engine.TORCH)
        stage = CardStage(card, threshold_definition(card), stage._loader, quality)
        events: set[str] = set()
        stage.liver(KNOWN.ct, lambda event, events=events: events.add(event.message))
        seen[quality] = len(events)
    assert seen[Quality.FAST] == seen[Quality.STANDARD] < seen[Quality.BEST] / 5


def test_looking_for_the_liver_takes_no_array_per_class_of_the_cts_size(tmp_path):
    """The answer, its weights, and one byte for where they are 0: 9 bytes a voxel; all three classes would take 17."""
    large = replace(KNOWN.ct, array=np.tile(KNOWN.ct.array, (3, 3, 3)))
    stage = threshold_stage(tmp_path, facts(Stage.LIVER, window=(64, 64, 32)), Engine.TORCH)
    stage.liver(KNOWN.ct, ignore_progress)
    tracemalloc.start()
    stage.liver(large, ignore_progress)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 11 * large.array.size


def test_the_liver_is_the_largest_part_with_its_holes_filled_and_keeps_its_border():
    probability = np.where(KNOWN.ct.array > 50, np.float32(0.9), np.float32(0.3))
    found = whole_liver(KNOWN.ct.with_array(probability))
    there = np.rint(KNOWN.ct.ijk_from_ras(found.ras_from_ijk(np.argwhere(found.array >= 0.5)))).astype(int)
    mask = np.zeros(KNOWN.ct.shape, bool)
    mask[tuple(there.T)] = True
    assert np.array_equal(mask, KNOWN.liver)
    assert found.array.size < 0.6 * probability.size
    assert {0.0, 0.3, 0.9, 1.0} == {round(float(value), 3) for value in np.unique(found.array)}


def test_without_a_liver_nothing_is_found(tmp_path):
    empty = Study(KNOWN.ct.with_array(np.full(KNOWN.ct.shape, -60, np.int16)), STUDY.source)
    case = segment(empty, SETTINGS, two_steps(tmp_path, "PLI", "PLI"), Progress())
    assert not case.segmentation.array.any()
    assert "no-liver-found" in case.measurements.flags


@pytest.mark.parametrize(
    ("contour", "step"),
    [
        (Contour.AUTO, None),
        (Contour.OFF, None),
        (Contour.CHAN_VESE, "refine_tumor_contours"),
        (Contour.REFERENCE, "refine_tumor_contours_as_published"),
    ],
)
def test_tumors_stay_inside_the_liver_all_of_them_and_are_refined_only_when_that_is_asked(tmp_path, contour, step):
    settings = SegmentSettings(SMOOTHSEGNET.id, contour=contour)
    case = segment(STUDY, settings, two_steps(tmp_path, "PLI", "PLI"), Progress())
    usual = ["keep_largest_liver", "fill_liver", "keep_tumors_inside_the_liver", "drop_small_lesions"]
    done = [entry["step"] for entry in case.run.postprocessing]
    assert done == [*usual, *([step] if step else []), "keep_vessels_outside_tumors"]
    assert case.run.settings["contour"] == contour
    assert len(case.measurements.lesions) == 2


def test_the_record_names_both_networks_and_what_ran_them(tmp_path):
    cards = [facts(stage, window=(16, 16, 8)) for stage in (Stage.LIVER, Stage.TUMOR)]
    for card in cards:
        random_stage(tmp_path, card, Engine.TORCH)
    spec = with_stages(*pair_in(tmp_path))
    choice = EngineChoice(Engine.TORCH, Device.CPU, Precision.FP32, 1)
    segmenter = make_two_stage(spec, choice, Quality.STANDARD)
    organ = segmenter.liver(KNOWN.ct, ignore_progress)
    liver = replace(organ, organ=KNOWN.ct.with_array(KNOWN.liver.astype(np.float32)))
    segmenter.findings(KNOWN.ct, liver, ignore_progress)
    assert [(ran["network"], ran["window"]) for ran in segmenter.describe()] == [
        ("liver", "16 x 16 x 8"),
        ("tumor", "16 x 16 x 8"),
    ]
    assert [file.name for file in spec.all_files] == ["liver", "tumor"]
    assert not spec.is_fetched


def test_tumors_without_the_look_that_found_them_are_refused(tmp_path):
    segmenter = MulticlassSegmenter(SMOOTHSEGNET, threshold_stage(tmp_path, facts(Stage.MULTICLASS), Engine.TORCH))
    whole = replace(segmenter.liver(KNOWN.ct, ignore_progress), tumor=None)
    with pytest.raises(ValueError, match="brings none"):
        segmenter.findings(KNOWN.ct, whole, ignore_progress)


@pytest.mark.parametrize("change", [{"window": (15, 16, 8)}, {"hu_range": (250.0, -200.0)}])
def test_a_card_that_no_network_can_have_is_refused(tmp_path, change):
    random_stage(tmp_path, facts(Stage.LIVER, window=(16, 16, 8)), Engine.TORCH)
    spec = stage_of_file(tmp_path / "liver.safetensors")
    spec = with_stages(replace(spec, stage=replace(spec.stage, **change)))
    with refused("card of liver", str(next(iter(change.values())))):
        make_two_stage(spec, EngineChoice(Engine.TORCH, Device.CPU, Precision.FP32, 1), Quality.STANDARD)


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())
