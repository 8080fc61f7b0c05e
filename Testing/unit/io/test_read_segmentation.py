"""Segmentations from readers and other programs: back on the CT's voxels, or refused."""

from __future__ import annotations

import json

import nibabel as nib
import nrrd
import numpy as np
import pytest
from dicom_series import body_hu, oblique_affine
from refusals import refused

from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.io.results import write_labels_json
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, MAIN_LABELS, PORTAL_VEIN, TUMOR, VESSEL
from LiverTumorSegLib.volume import Volume

CT = Volume(body_hu(), oblique_affine(tilt_mm=0.4))


def labels() -> np.ndarray:
    array = np.zeros(CT.shape, np.uint8)
    array[2:9, 2:8, 1:7] = 1
    array[6, 3:7, 2:6] = 2
    array[3:5, 3:5, 2:5] = 3
    return array


def write_segments(path, layers, segments, affine=CT.affine):
    """layers: (layer, i, j, k) or (i, j, k); segments: field dictionaries."""
    lps = lps_from_ras(affine)
    directions = lps[:3, :3].T
    if layers.ndim == 4:
        directions = np.vstack([[np.nan] * 3, directions])
    header = {"space": "left-posterior-superior", "space directions": directions, "space origin": lps[:3, 3]}
    header["kinds"] = ["list"] * (layers.ndim - 3) + ["domain"] * 3
    for n, fields in enumerate(segments):
        header |= {f"Segment{n}_{name}": str(value) for name, value in fields.items()}
    nrrd.write(str(path), layers.astype(np.uint8), header)
    return path


def test_what_we_write_comes_back(tmp_path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", CT.with_array(labels()), MAIN_LABELS)
    segmentation, warnings = read_segmentation(tmp_path / "a.seg.nrrd", CT)
    np.testing.assert_array_equal(segmentation.array, labels())
    assert segmentation.array.dtype == np.uint8
    assert segmentation.same_grid(CT)
    assert warnings == ()


def test_cropped_layers_in_any_order_with_overlaps_are_merged_by_priority(tmp_path):
    low, high = np.array([1, 2, 1]), np.array([10, 9, 8])
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    cropped = CT.crop(box)
    truth = labels()[box]
    layers = np.stack([np.where(truth == 3, 7, 0), np.where(truth > 0, 4, 0) + np.where(truth == 2, 1, 0)])
    layers = np.concatenate([layers, (truth == 2)[np.newaxis] * 9])
    segments = [
        {"ID": "S_x1", "Name": "Lesions", "Layer": 0, "LabelValue": 7},
        {"ID": "vessel", "Name": "renamed by its reader", "Layer": 2, "LabelValue": 9},
        {"ID": "S_x2", "Name": "LIVER", "Layer": 1, "LabelValue": 4},
        {"ID": "S_x3", "Name": "liver", "Layer": 1, "LabelValue": 5},
    ]
    path = write_segments(tmp_path / "a.seg.nrrd", layers, segments, cropped.affine)
    segmentation, warnings = read_segmentation(path, CT)
    np.testing.assert_array_equal(segmentation.array, labels())
    assert warnings == ()


def test_a_segment_is_known_by_its_snomed_code_when_its_name_says_nothing(tmp_path):
    entry = "Segmentation category and type~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~Anatomic~^^~^^"
    segments = [
        {"ID": "S_1", "Name": "Segment_1", "Tags": f"A:b|TerminologyEntry:{entry}|", "Layer": 0, "LabelValue": 1}
    ]
    path = write_segments(tmp_path / "a.seg.nrrd", labels() > 0, segments)
    segmentation, _ = read_segmentation(path, CT)
    np.testing.assert_array_equal(segmentation.array, labels() > 0)


def test_unknown_segments_are_named_in_a_warning(tmp_path):
    segments = [
        {"ID": "a", "Name": "Liver", "Layer": 0, "LabelValue": 1},
        {"ID": "b", "Name": "Spleen", "Layer": 0, "LabelValue": 2},
        {"ID": "c", "Name": "Empty one", "Layer": 0, "LabelValue": 9},
    ]
    segmentation, warnings = read_segmentation(write_segments(tmp_path / "a.seg.nrrd", labels(), segments), CT)
    np.testing.assert_array_equal(segmentation.array, labels() == 1)
    assert warnings == ("Ignored segments that are not liver, vessel or tumor: Spleen.",)


def test_a_file_with_unknown_segments_only_is_refused(tmp_path):
    segments = [{"ID": "b", "Name": "Spleen", "Layer": 0, "LabelValue": 1}]
    with refused("Spleen", "none of which is known", "Rename the segments"):
        read_segmentation(write_segments(tmp_path / "a.seg.nrrd", labels(), segments), CT)


def test_files_of_slicer_before_shared_layers_are_read(tmp_path):
    layers = np.stack([labels() > 0, labels() == 3])
    segments = [{"ID": "Segment_1", "Name": "liver"}, {"ID": "Segment_2", "Name": "tumor"}]
    segmentation, _ = read_segmentation(write_segments(tmp_path / "a.seg.nrrd", layers, segments), CT)
    np.testing.assert_array_equal(segmentation.array, np.where(labels() == 3, 3, labels() > 0))


@pytest.mark.parametrize("fields", [{"Layer": 3}, {"Layer": "x"}])
def test_a_segment_in_a_layer_that_is_not_there_is_refused(tmp_path, fields):
    path = write_segments(tmp_path / "a.seg.nrrd", labels(), [{"ID": "liver", "Name": "liver"} | fields])
    with refused("damaged or incomplete"):
        read_segmentation(path, CT)


def test_a_larger_grid_loses_what_lies_outside_with_a_warning(tmp_path):
    shifted = CT.affine.copy()
    shifted[:3, 3] = CT.ras_from_ijk(np.array([[-2, -1, -2]]))[0]
    mask = np.zeros((15, 12, 12), np.uint8)
    mask[2:5, 1:4, 0:4] = 1
    write_nifti(tmp_path / "a.nii.gz", Volume(mask, shifted))
    segmentation, warnings = read_segmentation(tmp_path / "a.nii.gz", CT)
    assert np.argwhere(segmentation.array).min(axis=0).tolist() == [0, 0, 0]
    assert np.argwhere(segmentation.array).max(axis=0).tolist() == [2, 2, 1]
    assert warnings == ("18 segmented voxels lie outside the CT and were left out.",)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)])
def test_swapped_and_reversed_axes_are_turned_back(tmp_path, axes, flips):
    turned = np.eye(4)[:, [*axes, 3]]
    for column, flip in enumerate(flips):
        if flip:
            turned[:3, 3] += turned[:3, column] * (CT.shape[axes[column]] - 1)
            turned[:3, column] *= -1
    array = np.flip(np.transpose(labels(), axes), [column for column, flip in enumerate(flips) if flip])
    write_nifti(tmp_path / "a.nii.gz", Volume(array, CT.affine @ turned))
    write_labels_json(tmp_path, MAIN_LABELS)
    segmentation, warnings = read_segmentation(tmp_path / "a.nii.gz", CT)
    np.testing.assert_array_equal(segmentation.array, labels())
    assert warnings == ()


@pytest.mark.parametrize("change", ["half a voxel", "spacing", "rotation"])
def test_another_grid_is_refused_with_both_described(tmp_path, change):
    affine = CT.affine.copy()
    if change == "half a voxel":
        affine[:3, 3] += 0.5 * affine[:3, 0]
    elif change == "spacing":
        affine[:3, 0] *= 1.01
    else:
        affine[:3, :2] = CT.affine[:3, :2] @ np.array([[0.999, 0.0447], [-0.0447, 0.999]])
    write_nifti(tmp_path / "a.nii.gz", Volume(labels(), affine))
    with refused("another grid", CT.describe_grid(), Volume(labels(), affine).describe_grid()[:30]):
        read_segmentation(tmp_path / "a.nii.gz", CT)


def test_labels_json_gives_the_values(tmp_path):
    write_nifti(tmp_path / "a.nii.gz", CT.with_array(labels() * 10))
    (tmp_path / "labels.json").write_text(json.dumps({"Tumours": 10, "liver": 20, "kidney": 30}))
    segmentation, warnings = read_segmentation(tmp_path / "a.nii.gz", CT)
    np.testing.assert_array_equal(segmentation.array, np.choose(labels(), [0, 3, 1, 0]))
    assert "kidney" in warnings[0]


def test_a_single_mask_without_labels_json_is_the_liver(tmp_path):
    write_nifti(tmp_path / "liver.nii.gz", CT.with_array((labels() > 0).astype(np.uint8)))
    segmentation, _ = read_segmentation(tmp_path / "liver.nii.gz", CT)
    np.testing.assert_array_equal(segmentation.array, labels() > 0)


def test_a_float_label_map_is_read(tmp_path):
    nib.save(nib.Nifti1Image(labels().astype(np.float64), CT.affine), tmp_path / "a.nii")
    np.testing.assert_array_equal(read_segmentation(tmp_path / "a.nii", CT)[0].array, labels())


def test_values_without_a_name_are_refused_with_a_list(tmp_path):
    write_nifti(tmp_path / "a.nii.gz", CT.with_array(labels() + np.uint8(2) * (labels() > 1)))
    with refused("the values 4, 5", "1 liver, 2 vessel, 3 tumor", "labels.json"):
        read_segmentation(tmp_path / "a.nii.gz", CT)


@pytest.mark.parametrize("text", ["[1]", "{", '{"liver": "one"}', '{"labels": 3}'])
def test_labels_json_that_cannot_be_understood_is_refused(tmp_path, text):
    write_nifti(tmp_path / "a.nii.gz", CT.with_array(labels()))
    (tmp_path / "labels.json").write_text(text)
    with refused("labels.json is not a list of labels"):
        read_segmentation(tmp_path / "a.nii.gz", CT)


@pytest.mark.parametrize("array", [CT.array, CT.array / np.float32(7), np.full(CT.shape, np.nan, np.float32)])
def test_an_image_in_the_place_of_the_segmentation_is_refused(tmp_path, array):
    nib.save(nib.Nifti1Image(array, CT.affine), tmp_path / "a.nii")
    with refused("a.nii has"):
        read_segmentation(tmp_path / "a.nii", CT)


def test_a_missing_segmentation_is_refused(tmp_path):
    with refused("does not exist"):
        read_segmentation(tmp_path / "a.seg.nrrd", CT)


def test_an_empty_segmentation_is_a_result_with_a_warning(tmp_path):
    write_seg_nrrd(tmp_path / "a.seg.nrrd", CT.with_array(np.zeros(CT.shape, np.uint8)), MAIN_LABELS)
    segmentation, warnings = read_segmentation(tmp_path / "a.seg.nrrd", CT)
    assert not segmentation.array.any()
    assert warnings == ("The segmentation is empty.",)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("liver", LIVER),
        ("LIVER", LIVER),
        ("Livers", LIVER),
        ("Liver_1", LIVER),
        ("Portal Vein", PORTAL_VEIN),
        ("hepatic-veins", HEPATIC_VEIN),
        ("Liver vessels", VESSEL),
        ("Tumour 12", TUMOR),
        ("liver_tumors", TUMOR),
        ("Metastases", TUMOR),
        ("masses", TUMOR),
        ("spleen", None),
        ("not liver", None),
        ("", None),
    ],
)
def test_names_mean_labels(name, label):
    assert label_of((name,)) == label


def test_a_name_counts_before_a_code():
    assert label_of(("S_1", "tumor"), LIVER.code.value) == TUMOR
    assert label_of(("S_1", "drawn by AB"), LIVER.code.value) == LIVER
