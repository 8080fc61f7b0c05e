"""Label files -> masks on the image's grid, or a refusal."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dataset_layouts import patient, save
from refusals import refused

from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.training.data.label_maps import (
    BinaryMask,
    LabelMap,
    Meaning,
    Segments,
    meanings_of,
    read_values,
)
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.turns import every_turn
from LiverTumorSegLib.volume import Volume

ONE = patient(1)
STUDY = Study(ONE.ct, Source("ct.nii", "nifti", ""))
LIVER, VESSEL, TUMOR = Structure
MEANINGS = ((1, Meaning.LIVER), (7, Meaning.TUMOR), (9, Meaning.NOTHING), (255, Meaning.UNKNOWN))


def labels() -> np.ndarray:
    array = ONE.liver.astype(np.uint8)
    array[ONE.tumor] = 7
    array[0, 0, :] = 9
    return array


def test_values_become_masks_and_the_liver_is_the_whole_organ(tmp_path):
    drawn = LabelMap(save(tmp_path / "a.nii.gz", labels(), ONE.ct.affine), MEANINGS).read(STUDY)
    assert set(drawn.masks) == {LIVER, TUMOR}
    np.testing.assert_array_equal(drawn.masks[LIVER], ONE.liver)
    np.testing.assert_array_equal(drawn.masks[TUMOR], ONE.tumor)
    assert drawn.unknown is None


def test_unknown_voxels_are_told_apart(tmp_path):
    array = labels()
    array[-1, 3:5, 2] = 255
    drawn = LabelMap(save(tmp_path / "a.nii.gz", array, ONE.ct.affine), MEANINGS).read(STUDY)
    np.testing.assert_array_equal(drawn.unknown, array == 255)


def test_labels_stored_in_any_order_of_axes_come_back_on_the_images_voxels(tmp_path):
    for number, turn in enumerate(every_turn()):
        turned = turn.volume(Volume(labels(), ONE.ct.affine))
        path = save(tmp_path / f"{number}.nii", turned.array, turned.affine)
        np.testing.assert_array_equal(LabelMap(path, MEANINGS).read(STUDY).masks[TUMOR], ONE.tumor)


@pytest.mark.parametrize("dtype", [np.float64, np.int16, np.float32])
def test_whole_numbers_of_any_type_are_labels(tmp_path, dtype):
    path = save(tmp_path / "a.nii", labels().astype(dtype), ONE.ct.affine)
    np.testing.assert_array_equal(LabelMap(path, MEANINGS).read(STUDY).masks[TUMOR], ONE.tumor)


@pytest.mark.parametrize(
    ("value", "told"), [(3, "unknown values 3"), (-1, "unknown values -1"), (0.5, "0.5"), (np.nan, "nan")]
)
def test_unknown_values_are_refused_with_those_that_are_known(tmp_path, value, told):
    array = labels().astype(np.float32)
    array[0, 0, 0] = value
    with refused(told, "7 tumor", "labels.json"):
        LabelMap(save(tmp_path / "a.nii", array, ONE.ct.affine), MEANINGS).read(STUDY)


def test_a_ct_in_place_of_labels_is_refused_in_one_line(tmp_path):
    with refused("and ", " more"):
        LabelMap(save(tmp_path / "a.nii", ONE.ct.array, ONE.ct.affine), MEANINGS).read(STUDY)


def shifted(affine: np.ndarray, by_mm: float) -> np.ndarray:
    moved = affine.copy()
    moved[0, 3] += by_mm
    return moved


@pytest.mark.parametrize(
    ("array", "affine"),
    [
        (labels(), shifted(ONE.ct.affine, 0.5)),
        (labels(), ONE.ct.affine * np.array([1.01, 1, 1, 1])),
        (labels()[:-1], ONE.ct.affine),
        (labels(), np.eye(4)),
    ],
    ids=["shifted", "other spacing", "smaller", "lost header"],
)
def test_another_grid_is_refused(tmp_path, array, affine):
    with refused("another grid than its image", "14 x 12 x 9 voxels"):
        LabelMap(save(tmp_path / "a.nii", array, affine), MEANINGS).read(STUDY)


def test_rounding_of_a_header_is_not_another_grid(tmp_path):
    path = save(tmp_path / "a.nii", labels(), shifted(ONE.ct.affine, 1e-3))
    assert LabelMap(path, MEANINGS).read(STUDY).masks[TUMOR].any()


@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_may_have_any_value_inside(tmp_path, value):
    path = save(tmp_path / "a.nii", ONE.liver.astype(np.uint8) * np.uint8(value), ONE.ct.affine)
    np.testing.assert_array_equal(BinaryMask(path, LIVER).read(STUDY).masks[LIVER], ONE.liver)


def test_an_empty_mask_says_that_there_is_none(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros(ONE.ct.shape, np.uint8), ONE.ct.affine)
    assert not BinaryMask(path, TUMOR).read(STUDY).masks[TUMOR].any()


def test_a_mask_with_two_values_is_refused(tmp_path):
    with refused("the values 1, 7, 9", "mask of the liver"):
        BinaryMask(save(tmp_path / "a.nii", labels(), ONE.ct.affine), LIVER).read(STUDY)


def test_slicers_segmentations_are_known_by_their_segments(tmp_path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", ONE.ct.with_array(ONE.exclusive()), MAIN_LABELS)
    drawn = Segments(tmp_path / "a.seg.nrrd").read(STUDY)
    for structure, mask in ((LIVER, ONE.liver), (VESSEL, ONE.vessel), (TUMOR, ONE.tumor)):
        np.testing.assert_array_equal(drawn.masks[structure], mask)


def test_names_give_values_their_meaning_in_any_spelling(tmp_path):
    names = {"background": 0, "Whole Liver": 1, "Portal_Veins": 4, "tumour 2": 3, "spleen": 8, "Unknown": 99}
    (tmp_path / "labels.json").write_text(json.dumps({"labels": names}))
    assert read_values(tmp_path / "labels.json") == (
        (1, Meaning.LIVER),
        (4, Meaning.VESSEL),
        (3, Meaning.TUMOR),
        (8, Meaning.NOTHING),
        (99, Meaning.UNKNOWN),
    )
    assert meanings_of({}) == ()


@pytest.mark.parametrize("text", ['{"liver": "one"}', '{"labels": 3}', "[]", "{"])
def test_a_damaged_list_of_values_is_refused(tmp_path, text):
    (tmp_path / "labels.json").write_text(text)
    with refused("labels.json"):
        read_values(tmp_path / "labels.json")
