"""A table of images and labels of any origin."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dataset_layouts import patient, save
from dicom_series import write_series
from refusals import refused

from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.table import table_subjects

ONE, TWO = patient(1), patient(2)
LIVER, VESSEL, TUMOR = Structure


def write(folder, *lines: str, encoding: str = "utf-8"):
    """A table whose files are all there: two images, a label map, two masks."""
    save(folder / "images" / "1.nii.gz", ONE.ct.array, ONE.ct.affine)
    save(folder / "images" / "2.nii.gz", TWO.ct.array, TWO.ct.affine)
    save(folder / "labels" / "1.nii.gz", ONE.exclusive(), ONE.ct.affine)
    save(folder / "masks" / "liver.nii.gz", ONE.liver.astype(np.uint8), ONE.ct.affine)
    save(folder / "masks" / "tumor.nii.gz", ONE.tumor * np.uint8(255), ONE.ct.affine)
    (folder / "subjects.csv").write_text("\n".join(lines) + "\n", encoding=encoding)
    return folder / "subjects.csv"


HEAD = "id,image,labels,annotated"
LINE = "a,images/1.nii.gz,labels/1.nii.gz,liver;vessel;tumor"


def test_a_label_map_with_the_usual_values(tmp_path):
    (subject,) = table_subjects(write(tmp_path, HEAD, LINE))
    assert (subject.id, subject.data_set, subject.patient) == ("a", tmp_path.name, "a")
    np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())


def test_classes_that_are_not_annotated_are_left_out_of_the_map(tmp_path):
    (subject,) = table_subjects(write(tmp_path, HEAD, LINE.replace("liver;vessel;", "")))
    assert subject.loss_weights == (0, 0, 1)
    np.testing.assert_array_equal(subject.load().labels.array, 3 * ONE.tumor.astype(np.uint8))


def test_masks_of_one_structure_each(tmp_path):
    line = "a,images/1.nii.gz,liver=masks/liver.nii.gz; Tumour=masks/tumor.nii.gz,liver;tumor"
    (subject,) = table_subjects(write(tmp_path, HEAD, line))
    np.testing.assert_array_equal(subject.load().labels.array, ONE.liver + 2 * ONE.tumor.astype(np.uint8))


def test_a_segmentation_of_slicer_and_a_folder_of_dicom(tmp_path):
    write_series(tmp_path / "dicom", ONE.ct, number=1)
    write_series(tmp_path / "dicom", TWO.ct, number=2, prefix="second_")
    write_seg_nrrd(tmp_path / "a.seg.nrrd", TWO.ct.with_array(TWO.exclusive()), MAIN_LABELS)
    (subject,) = table_subjects(write(tmp_path, f"{HEAD},series", "a,dicom,a.seg.nrrd,liver;tumor,#2"))
    loaded = subject.load()
    np.testing.assert_array_equal(loaded.ct.array, TWO.ct.array)
    np.testing.assert_array_equal(loaded.labels.array, TWO.liver + 2 * TWO.tumor.astype(np.uint8))


def test_optional_columns_synonyms_and_a_byte_order_mark(tmp_path):
    head = "Patient,ID,Data set,Image,Label,Annotated classes"
    lines = ("P1,a,clinic,images/1.nii.gz,labels/1.nii.gz,liver", "P1,b,,images/2.nii.gz,labels/1.nii.gz,liver")
    first, second = table_subjects(write(tmp_path, head, *lines, encoding="utf-8-sig"))
    assert (first.data_set, first.patient) == ("clinic", "P1")
    assert (second.data_set, second.patient) == (tmp_path.name, "P1")


def test_values_are_named_beside_the_labels_or_beside_the_table(tmp_path):
    table = write(tmp_path, HEAD, LINE.replace("vessel;", ""))
    (tmp_path / "labels.json").write_text(json.dumps({"liver": 2, "tumor": 1, "spleen": 3}))
    labels = table_subjects(table)[0].load().labels.array
    np.testing.assert_array_equal(labels, np.array([0, 3, 1, 0])[ONE.exclusive()])
    (tmp_path / "labels" / "labels.json").write_text(json.dumps({"tumor": 2, "liver": 3, "ignore": 1}))
    labels = table_subjects(table)[0].load().labels.array
    np.testing.assert_array_equal(labels, np.array([0, 255, 3, 1])[ONE.exclusive()])


def test_255_is_unknown_unless_it_has_another_name(tmp_path):
    table = write(tmp_path, HEAD, LINE)
    array = ONE.exclusive()
    array[0, 0] = 255
    save(tmp_path / "labels" / "1.nii.gz", array, ONE.ct.affine)
    np.testing.assert_array_equal(table_subjects(table)[0].load().labels.array, array)


def test_listing_opens_no_image_and_no_labels(tmp_path):
    table = write(tmp_path, HEAD, LINE)
    for file in tmp_path.rglob("*.nii.gz"):
        file.write_bytes(b"")
    (subject,) = table_subjects(table)
    with refused("1.nii.gz"):
        subject.load()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((HEAD, LINE.replace("images/1", "images/9")), ("subjects.csv line 2", "images/9.nii.gz does not exist")),
        ((HEAD, LINE, LINE), ("subjects.csv line 3", "the id a for the second time")),
        ((HEAD, LINE.replace("liver;vessel", "spleen")), ("line 2", "annotated classes 'spleen;tumor'")),
        ((HEAD, "a,images/1.nii.gz,,liver"), ("line 2", "no path")),
        ((HEAD, "a,images/1.nii.gz"), ("line 2", "annotated classes ''")),
        ((HEAD, ",images/1.nii.gz,labels/1.nii.gz,liver"), ("line 2", "without a name")),
        ((HEAD, f"{LINE},more"), ("more cells than columns",)),
        ((HEAD, "a,images/1.nii.gz,liver=masks/liver.nii.gz,liver;tumor"), ("line 2", "a mask of each")),
        ((HEAD, "a,images/1.nii.gz,liver=masks/liver.nii.gz,tumor"), ("line 2", "a mask of each")),
        ((HEAD, "a,images/1.nii.gz,bone=masks/liver.nii.gz,tumor"), ("line 2", "'bone'")),
        (("id,image,annotated", "a,images/1.nii.gz,liver"), ("columns id, image, annotated", "Add labels")),
        ((f"{HEAD},label", LINE), ("columns", "each once")),
        ((HEAD,), ("no line in",)),
        (("",), ("columns none",)),
        ((HEAD, 'a,"images/1.nii.gz'), ("subjects.csv",)),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, lines, told):
    with refused(*told):
        table_subjects(write(tmp_path, *lines))


def test_another_encoding_and_a_missing_table_are_refused(tmp_path):
    table = write(tmp_path, HEAD, LINE.replace("a,", "\N{LATIN SMALL LETTER E WITH ACUTE},"), encoding="latin-1")
    with refused("UTF-8"):
        table_subjects(table)
    with refused("absent.csv"):
        table_subjects(tmp_path / "absent.csv")
