"""Livers' shapes as training sees them: maps read, moved, and asked about."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from phantoms import affine_of, rotation, sphere, voxelize
from refusals import refused

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.inference.dividing import Divider
from LiverTumorSegLib.io.nifti import read_nifti, write_nifti
from LiverTumorSegLib.io.own_weights import ANATOMY, model_of_file
from LiverTumorSegLib.models.anatomy import CHANNELS
from LiverTumorSegLib.settings import Engine, Precision, SegmentSettings
from LiverTumorSegLib.training.job import TrainSettings, run_training
from LiverTumorSegLib.training.losses import deeply_supervised, soft_dice
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.shapes.maps import COUINAUD, VEINS, read_shapes
from LiverTumorSegLib.training.shapes.patches import ShapePatches
from LiverTumorSegLib.training.shapes.targets import (
    HEPATIC,
    PORTAL,
    WITH_VEINS,
    WITHOUT_VEINS,
    targets_from_shapes,
)
from LiverTumorSegLib.volume import Volume

SIZE = (32, 32, 24)
CENTER_RAS = (20.0, 10.0, 40.0)
RECIPE = """
name = "anatomy"
seed = 1
never_seen = ["ircad01"]
[network]
widths = [4, 4, 6, 8]
hu_range = [0.0, 2.0]
[training]
setting = "anatomy"
patch = [32, 32, 24]
spacing_mm = 4.0
steps = 2
learning_rate = 1e-3
precision = "fp32"
[[sources]]
kind = "shapes"
veins_share = 0.5
label_maps = ["ircad02", "lits1"]
"""
VALUES = {"liver": 4, "portal_vein": 5, "hepatic_veins_and_vena_cava": 6}


def write_liver(data, name: str, *, with_veins: bool) -> None:
    """A ball of 40 mm whose right half is segment 7, the other one 3; a portal ball in 7, a hepatic one in 3."""
    shape = (90, 80, 30)
    affine = affine_of((1.2, 1.3, 4.0), (0.0, 0.0, 0.0), rotation(10, 2))
    affine[:3, 3] = np.array(CENTER_RAS) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    ball = voxelize(shape, affine, sphere(40.0, CENTER_RAS))
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1).reshape(-1, 3)
    right = (ball.ras_from_ijk(ijk)[:, 0] > CENTER_RAS[0]).reshape(shape)
    segments = np.where(right, 7, 3).astype(np.uint8) * (ball.array > 0)
    for folder in (COUINAUD, VEINS):
        (data / folder).mkdir(parents=True, exist_ok=True)
    write_nifti(data / COUINAUD / f"{name}.nii.gz", Volume(segments.astype(np.uint8), affine))
    (data / VEINS / "labels.json").write_text(json.dumps({"labels": VALUES}))
    if with_veins:
        # The map of the whole body lies on a grid of its own, with its axes the other way round.
        body_affine = np.diag([-1.5, -1.5, 2.0, 1.0])
        body_affine[:3, 3] = (140.0, 130.0, -40.0)
        body_shape = (160, 160, 80)
        body = np.zeros(body_shape, np.uint8)
        for value, shift in ((5, 18.0), (6, -18.0)):
            at = (CENTER_RAS[0] + shift, *CENTER_RAS[1:])
            body[voxelize(body_shape, body_affine, sphere(9.0, at)).array > 0] = value
        write_nifti(data / VEINS / f"{name}.nii.gz", Volume(body, body_affine))


@pytest.fixture
def data(tmp_path):
    write_liver(tmp_path, "ircad02", with_veins=True)
    write_liver(tmp_path, "lits1", with_veins=False)
    return tmp_path


def test_maps_come_upright_with_the_share_of_each_vein(data):
    with_veins, without = read_shapes(data, ["ircad02", "lits1"])
    assert (with_veins.has_veins, without.has_veins) == (True, False)
    for shape in (with_veins, without):
        assert set(np.unique(shape.segments)) == {0, 3, 7}
        # The axes run to the right, front and head: segment 7 is on the high side of the first one.
        assert np.argwhere(shape.segments == 7)[:, 0].mean() > np.argwhere(shape.segments == 3)[:, 0].mean() + 5
    voxel_mm3, ball_mm3 = 4.0**3, 4 / 3 * np.pi * 9.0**3
    assert with_veins.veins.sum((1, 2, 3)) * voxel_mm3 == pytest.approx([ball_mm3, ball_mm3], rel=0.05)
    portal, hepatic = with_veins.veins
    assert (with_veins.segments[portal > 0.5] == 7).all()
    assert (with_veins.segments[hepatic > 0.5] == 3).all()
    assert not without.veins.any()


def test_values_that_are_no_segments_are_refused(data):
    write_nifti(data / COUINAUD / "lits9.nii.gz", Volume(np.full((4, 4, 4), 9, np.uint8), np.eye(4)))
    with refused("lits9", "1 to 8"):
        list(read_shapes(data, ["lits9"]))


def test_samples_are_livers_with_their_vessels_as_they_may_be_segmented(data):
    source = ShapePatches(list(read_shapes(data, ["ircad02", "lits1"])), SIZE, 0.5)
    samples = [source.sample(np.random.default_rng(n)) for n in range(60)]
    known = [sample for sample in samples if sample.annotated == WITH_VEINS]
    assert 10 < len(known) < 50
    for sample in samples:
        organ = sample.labels > 0
        assert ((sample.hu >= 1) == organ).all()
        assert sample.hu.max() <= 2.0
        assert set(np.unique(sample.labels[organ] & 15)) == {3, 7}
        assert (sample.annotated == WITH_VEINS) or sample.hu.max() == 1.0
    shown = [sample.hu[(sample.labels & PORTAL) > 0].mean() for sample in known]
    assert max(shown) > 1.5
    assert min(shown) < 1.35  # some are shown with vessels missing


def test_the_same_random_numbers_give_the_same_sample(data):
    source = ShapePatches(list(read_shapes(data, ["ircad02"])), SIZE, 1.0)
    first, second = (source.sample(np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.hu, second.hu)
    assert np.array_equal(first.labels, second.labels)


def test_without_livers_there_is_no_source():
    with refused("no liver"):
        ShapePatches([], SIZE, 0.0)


def two_voxels(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8).reshape(1, 1, 1, -1)


def test_targets_are_one_segment_for_each_voxel_and_the_veins_beside_it():
    targets = targets_from_shapes(two_voxels(0, 3, 7 + PORTAL, 8 + HEPATIC), [WITH_VEINS])
    values = targets.values[0, :, 0, 0]
    expected = torch.zeros(len(CHANNELS), 4)
    for channel, voxel in ((2, 1), (6, 2), (7, 3), (8, 2), (9, 3)):
        expected[channel, voxel] = 1
    assert torch.equal(values, expected)
    assert targets.known.flatten().tolist() == [False, True, True, True]
    assert targets.class_weights.tolist() == [[1.0] * 10]


def test_unknown_veins_and_the_outside_ask_for_nothing():
    targets = targets_from_shapes(two_voxels(0, 3), [WITHOUT_VEINS])
    logits = torch.zeros(1, 10, 1, 1, 2, requires_grad=True)
    deeply_supervised([logits], targets).backward()
    assert not logits.grad[0, 8:].any()
    assert not logits.grad[..., 0].any()
    assert logits.grad[0, :8, 0, 0, 1].abs().min() > 0


def test_dice_counts_all_ten_channels():
    labels = two_voxels(1, 2 + PORTAL)
    targets = targets_from_shapes(labels, [WITH_VEINS])
    right = (targets.values * 2 - 1) * 30
    assert float(soft_dice(right, targets)) == pytest.approx(0.0, abs=1e-4)
    wrong = right.clone()
    wrong[:, 8] *= -1  # the portal vein alone
    assert float(soft_dice(wrong, targets)) == pytest.approx(0.1, abs=1e-3)


def test_other_labels_and_other_numbers_of_samples_are_refused():
    with refused("values"):
        targets_from_shapes(two_voxels(0, PORTAL), [WITH_VEINS])
    with refused("values"):
        targets_from_shapes(two_voxels(9, 1), [WITH_VEINS])
    with refused("facts on 2"):
        targets_from_shapes(two_voxels(1, 1), [WITH_VEINS, WITH_VEINS])


def test_the_setting_has_the_networks_channels():
    assert (Setting.ANATOMY.channels, Setting.ANATOMY.structures) == (10, 10)
    assert (Setting.MC.channels, Setting.ML.channels) == (4, 3)


def test_a_run_on_shapes_writes_weights_that_divide_a_liver(data):
    (data / "anatomy.toml").write_text(RECIPE)
    done = run_training(TrainSettings(data / "anatomy.toml", data / "runs" / "one", data, workers=0), lambda _: None)
    assert done.weights is not None
    assert done.run.use.trained_on == ("ircad02", "lits1")
    assert done.run.use.images_of == ()
    spec = model_of_file(done.weights, ANATOMY)
    assert (spec.provides, spec.license) == (("couinaud", "portal_vein", "hepatic_vein"), "CC-BY-NC-4.0")
    with refused("lvt-anatomy"):
        model_of_file(done.weights)
    image = read_nifti(data / COUINAUD / "lits1.nii.gz")
    liver = Volume((np.asarray(image.array) > 0).astype(np.uint8), image.affine)
    choice = choose_engine(SegmentSettings(engine=Engine.TORCH, precision=Precision.FP32))
    segments = Divider(spec, choice).divide(liver).segments.array
    assert ((segments > 0) == (liver.array > 0)).all()
