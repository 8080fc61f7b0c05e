"""The ablation of SmoothSegNet: who tests, and which methods share which networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from refusals import refused

from LiverTumorSegLib.cli import experiment_smoothing
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.training.data.label_maps import BinaryMask
from LiverTumorSegLib.training.data.splits import TEST
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject
from LiverTumorSegLib.training.experiment.smoothing.design import (
    METHODS,
    PAIRS,
    TRAIN,
    Networks,
    Training,
    method,
    random_splits,
)
from LiverTumorSegLib.training.experiment.smoothing.scale import SCALES


def subject(number: int, patient: str = "") -> Subject:
    """One that is never read."""
    image = CtSource(Path(f"{number}.nii"))
    masks = (BinaryMask(Path(f"{number}-{one}.nii"), one) for one in (Structure.LIVER, Structure.TUMOR))
    annotations = tuple(Annotation("a", image, mask, mask.structures) for mask in masks)
    return Subject(f"s{number:03d}", "a", image, annotations, patient)


SUBJECTS = tuple(subject(number) for number in range(98))


def test_three_splits_have_a_fifth_that_tests_and_nobody_is_in_both_parts():
    splits = random_splits(SUBJECTS, 0)
    assert len(splits) == 3
    for split in splits:
        train, test = set(split.part(TRAIN).subjects), set(split.part(TEST).subjects)
        assert (len(train), len(test)) == (78, 20)
        assert not train & test
        assert train | test == {one.id for one in SUBJECTS}
    assert len({split.part(TEST).subjects for split in splits}) == 3


def test_splits_depend_on_seed_and_names_alone():
    splits = random_splits(SUBJECTS, 7)
    again = random_splits(SUBJECTS[::-1], 7)
    assert [set(a.part(TEST).subjects) for a in splits] == [set(b.part(TEST).subjects) for b in again]
    other = random_splits(SUBJECTS, 8)
    assert set(splits[0].part(TEST).subjects) != set(other[0].part(TEST).subjects)


def test_all_images_of_a_patient_are_in_one_part():
    twice = tuple(subject(number, f"p{number // 2}") for number in range(20))
    for split in random_splits(twice, 0):
        test = split.part(TEST).subjects
        assert len(test) == 4
        assert {f"s{number:03d}" for number in range(20) if f"s{number ^ 1:03d}" in test} == set(test)
    with refused("4 patients"):
        random_splits(SUBJECTS[:4], 0)


def test_methods_are_those_of_the_papers_and_share_what_they_can():
    assert [one.version for one in METHODS] == ["I", "II", "III", "IV", "V", "IV*", "V*"]
    assert [one.networks for one in METHODS[1:5]] == [Networks.TWO_STEP, Networks.SMOOTHED] * 2
    assert [one.contour for one in METHODS[:5]] == [Contour.OFF] * 3 + [Contour.REFERENCE] * 2
    # A split takes four networks: contours are inference, and both pairs have the liver's in common.
    assert {one for networks in Networks for one in networks.trainings} == set(Training)
    assert set(Networks.TWO_STEP.trainings) & set(Networks.SMOOTHED.trainings) == {Training.LIVER}
    assert Networks.MULTICLASS.contours == (Contour.OFF,)
    assert Networks.TWO_STEP.contours == Networks.SMOOTHED.contours
    assert {version for pair in PAIRS for version in pair} == {one.version for one in METHODS}
    with pytest.raises(ValueError, match="no version VI"):
        method("VI")


@pytest.mark.parametrize("name", SCALES)
def test_smoothing_changes_the_weight_of_the_prior_and_nothing_else(name):
    scale = SCALES[name]
    backbone = scale.backbone("segresnet-vae")
    plain, smoothed = (scale.recipe(one, backbone, 3)[0] for one in (Training.TUMOR, Training.SMOOTHED))
    assert (plain.loss.prior_weight, smoothed.loss.prior_weight) == (0.0, 0.5)
    assert replace(smoothed, name=plain.name, loss=plain.loss) == plain
    assert plain.seed == 3


def test_the_papers_scale_has_the_committed_recipes():
    scale = SCALES["paper"]
    recipe, text = scale.recipe(Training.SMOOTHED, scale.backbone("segresnet-vae"), 0)
    assert recipe.training.patch == (256, 256, 32)
    assert (recipe.network.backbone, recipe.training.learning_rate) == ("segresnet-vae", 1e-4)
    assert 'name = "smoothsegnet-tumor"' in text
    assert tuple(SCALES) == experiment_smoothing.SCALES


def test_backbones_keep_their_proportions_at_a_small_scale():
    small = SCALES["small"]
    assert [small.backbone(name) for name in ("segresnet-vae", "unet-large", "unet:4")] == [
        "segresnet-vae:8", "unet-large:16", "unet:4"
    ]  # fmt: skip
    with refused("no backbone 'unet9'"):
        small.backbone("unet9")
