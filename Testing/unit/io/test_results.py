"""The files of a result folder and what comes back from them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from dicom_series import body_hu, oblique_affine
from refusals import refused

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.io.phantom_files import write_phantom_files
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import (
    check_room_for_result,
    read_case,
    read_segmentation_of,
    read_tumor_probability_of,
    read_vena_cava_of,
    result_folder,
    write_case_files,
)
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.io.text_files import CsvTable, write_csv, write_json
from LiverTumorSegLib.measurements import Lesion, Measurements
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

TABLE = CsvTable(("id", "volume (ml)", "flags"), ((1, 0.5, "thin, oblique"), (2, None, "")))


@pytest.fixture
def case():
    affine = oblique_affine(tilt_mm=0.3)
    labels = np.zeros((12, 10, 8), np.uint8)
    labels[2:9, 2:8, 1:7] = 1
    labels[3:5, 3:5, 2:5] = 3
    labels[6, 3:7, 2:6] = 2
    long_axis, short_axis = ((1.0, 2.0, 3.0), (2.5, 3.0, 4.0)), ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    lesion = Lesion(1, 0.0189, 2.1, 1.4, 2.2, long_axis, short_axis, 2, 3, 1.5, 2.5, ("few-slices",))
    source = Source("ct.nii", "nifti", "0" * 64)
    ct = Volume(body_hu(), affine)
    return Case(
        study=Study(ct, source),
        segmentation=ct.with_array(labels),
        lesions=ct.with_array((labels == 3).astype(np.uint16)),
        measurements=Measurements(0.4, 0.02, 0.0189, 4.7, (lesion,), ("oblique",)),
        run=RunRecord(
            "segment", "0.1", "2024-01-31T10:00:00Z", {"model": "auto"}, {}, source.to_json(), warnings=("é",)
        ),
    )


def write(out, case):
    with result_folder(out) as folder:
        write_case_files(folder, case, volumes=TABLE, lesions=TABLE)


def test_everything_written_comes_back(tmp_path, case):
    write(tmp_path / "out", case)
    stored = read_case(tmp_path / "out")
    np.testing.assert_array_equal(stored.segmentation.array, case.segmentation.array)
    np.testing.assert_array_equal(stored.lesions.array, case.lesions.array)
    assert stored.lesions.array.dtype == np.uint16
    assert stored.segmentation.same_grid(case.study.ct)
    assert stored.labels == {"liver": 1, "vessel": 2, "tumor": 3, "portal_vein": 4, "hepatic_vein": 5}
    assert stored.segments is None
    assert stored.measurements == case.measurements
    assert stored.run["warnings"] == ["é"]
    assert read_segmentation_of(tmp_path / "out").same_grid(case.study.ct)


@pytest.mark.parametrize("name", ["segmentation.seg.nrrd", "segmentation.nii.gz"])
def test_both_label_files_of_a_result_can_be_measured_again(tmp_path, case, name):
    write(tmp_path / "out", case)
    again, warnings = read_segmentation(tmp_path / "out" / name, case.study.ct)
    np.testing.assert_array_equal(again.array, case.segmentation.array)
    assert warnings == ()


def test_the_probability_of_tumor_comes_back_on_its_own_grid(tmp_path, case):
    percent = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    own = Volume(percent, oblique_affine(tilt_mm=0.1))
    write(tmp_path / "out", replace(case, tumor_probability=own))
    stored = read_tumor_probability_of(tmp_path / "out")
    assert stored.same_grid(own)
    assert stored.array.dtype == np.float32
    np.testing.assert_allclose(stored.array, percent / 100)


def test_a_result_without_a_probability_has_none(tmp_path, case):
    write(tmp_path / "out", case)
    assert read_tumor_probability_of(tmp_path / "out") is None


def test_the_vena_cava_comes_back_and_nothing_where_there_is_none(tmp_path, case):
    cava = np.zeros(case.segmentation.shape, np.uint8)
    cava[1:3, 2, 1:] = 1
    write(tmp_path / "with", replace(case, vena_cava=case.segmentation.with_array(cava)))
    assert np.array_equal(read_vena_cava_of(tmp_path / "with").array, cava)
    assert read_vena_cava_of(tmp_path / "with").same_grid(case.segmentation)
    write(tmp_path / "without", case)
    assert read_vena_cava_of(tmp_path / "without") is None


def test_a_case_without_lesions_is_written_too(tmp_path, case):
    empty = case.study.ct.with_array(np.zeros(case.study.ct.shape, np.uint8))
    nothing = Measurements(0.0, 0.0, 0.0, None)
    write(tmp_path / "out", replace(case, segmentation=empty, lesions=empty, measurements=nothing))
    assert read_case(tmp_path / "out").measurements == nothing


def test_the_files_are_those_of_the_map(tmp_path, case):
    write(tmp_path / "out", case)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "labels.json", "lesions.nii.gz", "measurements.csv", "measurements.json", "run.json",
        "segmentation.nii.gz", "segmentation.seg.nrrd", "volumes.csv",
    ]  # fmt: skip


def test_text_files_end_with_one_newline_and_are_utf8(tmp_path, case):
    write(tmp_path / "out", case)
    for file in (tmp_path / "out").glob("*.[jc]s*"):
        text = file.read_bytes().decode("utf-8")
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\r" not in text


def test_json_keys_keep_their_order(tmp_path, case):
    write(tmp_path / "out", case)
    data = json.loads((tmp_path / "out" / "measurements.json").read_text())
    assert list(data)[:6] == ["schema", "liver", "tumor", "vessel", "lesions", "flags"]
    assert data["lesions"][0]["long_axis_ras_mm"] == [[1.0, 2.0, 3.0], [2.5, 3.0, 4.0]]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_never_reaches_json_and_nothing_is_left(tmp_path, case, value):
    broken = replace(case, measurements=replace(case.measurements, liver_ml=value))
    with pytest.raises(ValueError, match="JSON compliant"):
        write(tmp_path / "out", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_ct_that_would_fill_the_disk_is_refused_before_the_work(tmp_path, case):
    check_room_for_result(tmp_path, case.study.ct)
    huge = np.broadcast_to(np.int16(0), (2**17, 2**17, 2**17))
    with refused("MiB free", "Free some space"):
        check_room_for_result(tmp_path, Volume(huge, np.eye(4)))


def test_room_is_asked_for_the_hand_over_and_the_scene_together(tmp_path, monkeypatch):
    """Per voxel: int16 CT, uint8 labels, segments and cava and uint16 ids handed over, and 2 bytes of the scene."""
    ct = Volume(np.broadcast_to(np.int16(0), (100, 200, 300)), np.eye(4))
    needed = 100 * 200 * 300 * (2 + 3 * 1 + 2 + 2) + 20 * 2**20
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=needed))
    check_room_for_result(tmp_path, ct)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=needed - 1))
    with refused("is full", "more than 71.5 MiB"):
        check_room_for_result(tmp_path, ct)


def test_csv_quotes_what_needs_it_and_leaves_unknown_cells_empty(tmp_path):
    write_csv(tmp_path / "a.csv", TABLE)
    assert (tmp_path / "a.csv").read_text() == 'id,volume (ml),flags\n1,0.5,"thin, oblique"\n2,,\n'


def test_a_csv_row_of_another_length_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="2 cells in a table of 3"):
        write_csv(tmp_path / "a.csv", CsvTable(("a", "b", "c"), ((1, 2),)))


@pytest.mark.parametrize(
    "name", ["segmentation.nii.gz", "lesions.nii.gz", "labels.json", "measurements.json", "run.json"]
)
def test_an_incomplete_result_is_refused_naming_what_lacks(tmp_path, case, name):
    write(tmp_path / "out", case)
    (tmp_path / "out" / name).unlink()
    with refused(f"no {name}"):
        read_case(tmp_path / "out")


@pytest.mark.parametrize("data", [{"schema": 2}, {"schema": 1}])
def test_measurements_of_another_schema_are_refused(tmp_path, case, data):
    write(tmp_path / "out", case)
    write_json(tmp_path / "out" / "measurements.json", data)
    with refused("measurements.json cannot be used", "schema 1"):
        read_case(tmp_path / "out")


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_damaged_json_is_refused(tmp_path, case, text):
    write(tmp_path / "out", case)
    (tmp_path / "out" / "labels.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with refused("labels.json cannot be read"):
        read_case(tmp_path / "out")


def test_phantom_files_are_a_ct_that_can_be_read_and_its_truth(tmp_path, case):
    write_phantom_files(tmp_path / "p", case.study.ct, case.segmentation, case.lesions, {"liver_ml": 0.4})
    study = read_study(tmp_path / "p" / "ct.nii.gz")
    np.testing.assert_array_equal(study.ct.array, case.study.ct.array)
    truth, _ = read_segmentation(tmp_path / "p" / "segmentation.nii.gz", study.ct)
    np.testing.assert_array_equal(truth.array, case.segmentation.array)
    assert json.loads((tmp_path / "p" / "truth.json").read_text()) == {"liver_ml": 0.4}
