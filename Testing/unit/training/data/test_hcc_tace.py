"""HCC-TACE-Seg as downloaded, in real DICOM: which CT, which segments, where they lie, and who is left out."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pydicom
import pytest

pytest.importorskip("highdicom", reason="writes the segmentations")

from dataset_layouts import patient
from dicom_series import oblique_affine
from refusals import refused
from tace_download import (
    REVERSED,
    TURNED,
    CtSeries,
    masks_of,
    rewrite,
    write_ct,
    write_patient,
    write_segmentation,
)

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.training.data.hcc_tace import hcc_tace_cohort, hcc_tace_subjects
from LiverTumorSegLib.training.data.hcc_tace_places import place_of
from LiverTumorSegLib.training.data.hcc_tace_segments import Part, read_frames
from LiverTumorSegLib.training.data.layouts import Layout, find_subjects, recognize
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.volume import Volume

ONE, OTHER = patient(1), patient(2)
CT = CtSeries("HCC_001", 4)
LIVER, VESSEL, TUMOR = Structure


def expected(one=ONE) -> np.ndarray:
    """The portal vein is liver, the aorta background, a tumour wins over the liver around it."""
    labels = np.where(one.liver, 1, 0).astype(np.uint8)
    labels[one.tumor] = 3
    return labels


def collection(tmp_path):
    return tmp_path / "manifest-1643035385102" / "HCC-TACE-Seg"


def excluded(folder) -> dict[str, str]:
    """Reasons by patient; HCC_001 is added as somebody who can be used."""
    write_patient(folder, ONE, CT)
    cohort = hcc_tace_cohort(folder)
    assert [subject.id for subject in cohort.subjects] == ["HCC_001"]
    return {one.patient: one.reason for one in cohort.excluded}


@pytest.mark.parametrize("grid", [REVERSED, TURNED], ids=["slices reversed", "turned and cropped"])
@pytest.mark.parametrize("classic", [False, True], ids=["described", "classic"])
def test_labels_of_a_segmentation_on_its_own_grid_come_on_the_cts(tmp_path, grid, classic):
    write_patient(collection(tmp_path), ONE, CT, grid, classic=classic)
    (subject,) = hcc_tace_subjects(tmp_path)
    assert (subject.id, subject.patient, subject.data_set) == ("HCC_001", "HCC_001", "hcc-tace-seg")
    assert subject.annotated == {LIVER, TUMOR}
    loaded = subject.load()
    np.testing.assert_array_equal(loaded.ct.array, ONE.ct.array)
    np.testing.assert_allclose(loaded.ct.affine, ONE.ct.affine, atol=1e-8)
    np.testing.assert_array_equal(loaded.labels.array, expected())


def test_the_folder_of_the_download_of_the_collection_and_of_a_patient_are_recognized(tmp_path):
    root = collection(tmp_path)
    write_patient(root, ONE, CT)
    (root / "LICENSE").write_text("CC BY 4.0")
    for folder in (tmp_path, root, root / "HCC_001"):
        assert recognize(folder) is Layout.HCC_TACE
        assert [subject.id for subject in find_subjects([folder])] == ["HCC_001"]


def test_result_folders_that_are_called_like_patients_are_results(tmp_path):
    for name in ("run.json", "ct.nii.gz"):
        (tmp_path / "HCC_001" / "case").mkdir(parents=True, exist_ok=True)
        (tmp_path / "HCC_001" / "case" / name).write_text("{}")
    assert recognize(tmp_path) is Layout.RESULTS


def test_of_two_phases_in_two_series_the_one_that_was_segmented_is_taken(tmp_path):
    root = collection(tmp_path)
    write_ct(root, OTHER.ct, replace(CT, number=3))
    write_patient(root, ONE, CT)
    write_ct(root, OTHER.ct, replace(CT, number=5))
    (subject,) = hcc_tace_subjects(root)
    np.testing.assert_array_equal(subject.load().ct.array, ONE.ct.array)


@pytest.mark.parametrize("first", [True, False])
def test_of_two_phases_in_one_series_the_one_that_was_segmented_is_taken(tmp_path, first):
    root = collection(tmp_path)
    twin = ONE.ct.with_array(ONE.ct.array + np.int16(100))
    write_ct(root, twin, replace(CT, acquisition=2 if first else 1))
    write_patient(root, ONE, replace(CT, acquisition=1 if first else 2))
    (subject,) = hcc_tace_subjects(root)
    loaded = subject.load()
    np.testing.assert_array_equal(loaded.ct.array, ONE.ct.array)
    np.testing.assert_array_equal(loaded.labels.array, expected())


def test_the_study_after_treatment_is_not_taken(tmp_path):
    root = collection(tmp_path)
    write_ct(root, OTHER.ct, replace(CT, study=2))
    write_patient(root, ONE, CT)
    cohort = hcc_tace_cohort(root)
    np.testing.assert_array_equal(cohort.subjects[0].load().ct.array, ONE.ct.array)
    assert cohort.notes == ()


def test_of_two_segmented_studies_the_earlier_one_is_taken(tmp_path):
    root = collection(tmp_path)
    write_patient(root, OTHER, replace(CT, study=3))
    write_patient(root, ONE, replace(CT, study=2))
    (subject,) = hcc_tace_subjects(root)
    np.testing.assert_array_equal(subject.load().labels.array, expected())


def test_a_segmentation_of_a_later_study_alone_is_told(tmp_path):
    root = collection(tmp_path)
    write_ct(root, OTHER.ct, CT)
    write_patient(root, ONE, replace(CT, study=2))
    with pytest.warns(UserWarning, match="HCC_001 .* not of the earliest study"):
        hcc_tace_subjects(root)


def without_references(dataset) -> None:
    del dataset.ReferencedSeriesSequence
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        del groups.DerivationImageSequence


def test_a_segmentation_that_names_no_slices_goes_with_the_ct_of_the_earliest_study_that_it_fits(tmp_path):
    root = collection(tmp_path)
    write_ct(root, ONE.ct, replace(CT, study=2))
    write_ct(root, patient(9).ct, replace(CT, number=3))
    scout = Volume(ONE.ct.array[:, :, :2], ONE.ct.affine)
    write_ct(root, scout, replace(CT, number=2))
    rewrite(write_patient(root, ONE, CT), without_references)
    (subject,) = hcc_tace_subjects(root)
    np.testing.assert_array_equal(subject.load().ct.array, ONE.ct.array)
    np.testing.assert_array_equal(subject.load().labels.array, expected())


def test_if_it_fits_two_it_is_left_out(tmp_path):
    two = CtSeries("HCC_002", 4)
    rewrite(write_patient(collection(tmp_path), ONE, two), without_references)
    write_ct(collection(tmp_path), ONE.ct, replace(two, number=5))
    assert "fits 2 CT volumes" in excluded(collection(tmp_path))["HCC_002"]


def test_slices_alone_name_the_ct_too(tmp_path):
    root = collection(tmp_path)
    write_ct(root, ONE.ct, replace(CT, number=5))
    rewrite(write_patient(root, ONE, CT), lambda dataset: dataset.__delattr__("ReferencedSeriesSequence"))
    (subject,) = hcc_tace_subjects(root)
    assert "4.000000" in str(subject.image.path)


def test_patients_with_missing_files_are_listed_with_the_reason(tmp_path):
    root = collection(tmp_path)
    write_ct(root, ONE.ct, CtSeries("HCC_002", 4))
    write_patient(root, ONE, CtSeries("HCC_003", 4))
    shutil.rmtree(CtSeries("HCC_003", 4).folder(root, "Recon 2 LIVER 3 PHASE AP"))
    write_patient(root, ONE, CtSeries("HCC_004", 4))
    next(CtSeries("HCC_004", 4).folder(root, "Recon 2 LIVER 3 PHASE AP").glob("*_4.dcm")).unlink()
    damaged = write_patient(root, ONE, CtSeries("HCC_005", 4))
    damaged.write_bytes(damaged.read_bytes()[:-3000])
    (root / "HCC_006").mkdir()
    reasons = excluded(root)
    assert set(reasons) == {"HCC_002", "HCC_003", "HCC_004", "HCC_005", "HCC_006"}
    assert reasons["HCC_002"] == reasons["HCC_006"] == "no segmentations"
    assert "CT series that it was drawn on is not there" in reasons["HCC_003"]
    assert "slices that it was drawn on are not all there" in reasons["HCC_004"]
    assert "damaged" in reasons["HCC_005"]
    told: list[str] = []
    assert [subject.id for subject in find_subjects([root], told.append)] == ["HCC_001"]
    assert len(told) == 5
    assert told[0] == "HCC_002 of HCC-TACE-Seg is left out: no segmentations."


def moved(dataset, mm: float) -> None:
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        place = groups.PlanePositionSequence[0]
        place.ImagePositionPatient = [place.ImagePositionPatient[0] + mm, *place.ImagePositionPatient[1:]]


def test_misaligned_segmentations_are_listed_with_the_reason(tmp_path):
    root = collection(tmp_path)
    names = [f"HCC_00{number}" for number in range(2, 7)]
    files = {name: write_patient(root, ONE, CtSeries(name, 4)) for name in names}
    rewrite(files["HCC_002"], lambda dataset: setattr(dataset, "FrameOfReferenceUID", "1.2.3"))
    rewrite(files["HCC_003"], lambda dataset: moved(dataset, 0.4))
    rewrite(files["HCC_004"], lambda dataset: moved(dataset, 100.0))

    def swapped(dataset) -> None:
        first, second = dataset.PerFrameFunctionalGroupsSequence[:2]
        first.PlanePositionSequence, second.PlanePositionSequence = (
            second.PlanePositionSequence,
            first.PlanePositionSequence,
        )

    rewrite(files["HCC_005"], swapped)
    coarse = Volume(ONE.ct.array, oblique_affine((1.42, 1.8, 2.5), tilt_mm=0.3))
    slices = write_ct(root, ONE.ct, CtSeries("HCC_006", 4))
    write_segmentation(files["HCC_006"].parent, *REVERSED.of(coarse, masks_of(ONE)), slices)
    reasons = excluded(root)
    assert reasons["HCC_002"].endswith("its frame of reference is not the CT's")
    assert "mm off" in reasons["HCC_003"]
    assert "HCC_004" in reasons
    assert "lies on slice" in reasons["HCC_005"]
    assert "misaligned" in reasons["HCC_006"]
    assert all(reason.startswith("a misaligned segmentation") for reason in reasons.values())


def test_segments_are_known_by_their_codes_where_labels_say_nothing(tmp_path):
    root = collection(tmp_path)
    slices = write_ct(root, ONE.ct, CT)
    labels = {"Liver": "A", "Mass": "B", "Portal vein": "C", "Abdominal aorta": "D"}
    place = CtSeries("HCC_001", 300).folder(root, "Segmentation")
    write_segmentation(place, *REVERSED.of(ONE.ct, masks_of(ONE)), slices, labels=labels)
    (subject,) = hcc_tace_subjects(root)
    np.testing.assert_array_equal(subject.load().labels.array, expected())


def test_without_a_tumor_segment_a_patient_is_left_out_and_an_unknown_segment_is_told(tmp_path):
    root = collection(tmp_path)
    for number, segments in ((2, ("Liver", "Portal vein")), (3, ("Mass", "Liver"))):
        ct = CtSeries(f"HCC_00{number}", 4)
        file = replace(ct, number=300).folder(root, "Segmentation")
        write_segmentation(file, *REVERSED.of(ONE.ct, masks_of(ONE)), write_ct(root, ONE.ct, ct), segments=segments)
        (segmentation,) = file.iterdir()

    def add_spleen(dataset) -> None:
        dataset.SegmentSequence[1].SegmentLabel = "Spleen"
        dataset.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue = "78961009"

    rewrite(segmentation, add_spleen)
    assert excluded(root) == {
        "HCC_002": "a segmentation without tumor (it has Liver, Portal vein)",
        "HCC_003": "a segmentation without liver (it has Mass, Spleen)",
    }


def test_a_segment_that_nobody_knows_is_background_and_is_told(tmp_path):
    root = collection(tmp_path)

    def no_aorta(dataset) -> None:
        dataset.SegmentSequence[0].SegmentLabel = "Spleen"
        dataset.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue = "78961009"

    rewrite(write_patient(root, ONE, CT), no_aorta)
    cohort = hcc_tace_cohort(root)
    assert cohort.notes == ("HCC_001 of HCC-TACE-Seg: the segments Spleen are not known and count as background.",)
    np.testing.assert_array_equal(cohort.subjects[0].load().labels.array, expected())


def test_two_segmentations_of_a_study_and_files_of_somebody_else_leave_a_patient_out(tmp_path):
    root = collection(tmp_path)
    write_patient(root, ONE, CtSeries("HCC_002", 4))
    twice = CtSeries("HCC_002", 300).folder(root, "Segmentation")
    shutil.copytree(twice, twice.with_name("301.000000-Segmentation"))
    write_patient(root, ONE, CtSeries("HCC_003", 4))
    (root / "HCC_003").rename(root / "HCC_007")
    assert excluded(root) == {
        "HCC_002": "2 segmentations of one study",
        "HCC_007": f"files of HCC_003 in {root / 'HCC_007'}",
    }


def test_the_clinical_table_is_found_where_it_lies(tmp_path):
    root = collection(tmp_path)
    write_patient(root, ONE, CT)
    assert hcc_tace_cohort(root).clinical_table is None
    table = root / "HCC-TACE-Seg_clinical_data-V2.xlsx"
    table.write_bytes(b"")
    assert hcc_tace_cohort(tmp_path).clinical_table == table


def test_a_cohort_of_nobody_and_a_patient_who_is_there_twice_are_refused(tmp_path):
    root = collection(tmp_path)
    with refused("no HCC_NNN"):
        hcc_tace_cohort(tmp_path)
    write_ct(root, ONE.ct, CtSeries("HCC_002", 4))
    with refused("nobody in", "HCC_002 of HCC-TACE-Seg is left out: no segmentations"):
        hcc_tace_cohort(root)
    write_patient(tmp_path / "again", ONE, CtSeries("HCC_002", 4))
    with refused("patient HCC_002 in"):
        hcc_tace_cohort(tmp_path)


@pytest.mark.real
def test_frames_that_dcmqi_wrote_lie_on_the_slices_of_their_ct(real_data):
    """The NRRD beside it was written by dcmqi, from the same voxels."""
    import nrrd

    folder = real_data / "dicomseg"
    header, pixels = read_frames(folder / "liver.dcm")
    study = read_study(folder / "ct-3slice")
    assert header.segments == (("Liver", Part.LIVER),)
    mask = np.zeros(study.ct.shape, bool)
    for frame in header.frames:
        place = place_of(frame, header.size, study.ct)
        assert frame.source == pydicom.dcmread(folder / "ct-3slice" / study.files[place.first[2]]).SOPInstanceUID
        mask[place.voxels(pixels[frame.index])] = True
    stored, facts = nrrd.read(str(folder / "liver_seg.nrrd"))
    lps = np.diag([-1.0, -1.0, 1.0])
    places = np.argwhere(stored) @ facts["space directions"] + facts["space origin"]
    found = study.ct.ras_from_ijk(np.argwhere(mask)) @ lps
    assert len(places) == len(found) > 1000
    np.testing.assert_allclose(np.sort(places, axis=0), np.sort(found, axis=0), atol=0.01)
