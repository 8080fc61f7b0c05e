"""3D-IRCADb as published, zipped and unpacked."""

from __future__ import annotations

import shutil
import zipfile
from functools import partial

import numpy as np
import pytest
from dataset_layouts import Patient, ircad_masks, pack, patient, write_ircad, write_mask_series
from dicom_series import write_series
from refusals import refused

from LiverTumorSegLib.training.data.ircad import ircad_subjects
from LiverTumorSegLib.training.data.ircad_masks import Part, part_of, with_clefts_closed
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.volume import Volume

ONE = patient(1)
LIVER, VESSEL, TUMOR = Structure


@pytest.mark.parametrize("zipped", [True, False])
def test_liver_vessels_in_it_and_tumors_come_on_the_cts_grid(tmp_path, zipped):
    write_ircad(tmp_path, 1, ONE, zipped=zipped)
    (subject,) = ircad_subjects(tmp_path)
    assert (subject.id, subject.data_set, subject.annotated) == ("ircad-01", "ircad", ALL_STRUCTURES)
    loaded = subject.load()
    np.testing.assert_array_equal(loaded.ct.array, ONE.ct.array)
    np.testing.assert_allclose(loaded.ct.affine, ONE.ct.affine, atol=1e-8)
    np.testing.assert_array_equal(loaded.labels.array, ONE.exclusive())


def test_all_patients_are_found_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2):
        write_ircad(tmp_path / "3Dircadb1", number, patient(number))
    assert [subject.id for subject in ircad_subjects(tmp_path)] == ["ircad-02", "ircad-10"]
    assert [subject.id for subject in ircad_subjects(tmp_path / "3Dircadb1")] == ["ircad-02", "ircad-10"]
    assert [subject.id for subject in ircad_subjects(tmp_path / "3Dircadb1" / "3Dircadb1.2")] == ["ircad-02"]


def test_a_patient_without_tumor_is_annotated_as_having_none(tmp_path):
    write_ircad(tmp_path, 7, patient(7, has_tumor=False))
    (subject,) = ircad_subjects(tmp_path)
    assert subject.annotated == ALL_STRUCTURES
    assert set(np.unique(subject.load().labels.array)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("liver", Part.LIVER),
        ("Liver", Part.LIVER),
        ("livertumor", Part.TUMORS),
        ("livertumor07", Part.TUMORS),
        ("livertumors", Part.TUMORS),
        ("LiverTumours_2", Part.TUMORS),
        ("portalvein", Part.PORTAL_VEIN),
        ("portalvein1", Part.PORTAL_VEIN),
        ("PortalVeins", Part.PORTAL_VEIN),
        ("venoussystem", Part.HEPATIC_VEINS),
        ("venacava", Part.HEPATIC_VEINS),
        ("hepaticveins", Part.HEPATIC_VEINS),
        ("livercyst", None),
        ("liverkyste", None),
        ("tumor", None),
        ("leftsurretumor", None),
        ("metastasectomie", None),
        ("artery", None),
        ("", None),
    ],
)
def test_the_names_that_annotators_chose(name, part):
    assert part_of(name) is part


@pytest.mark.parametrize("missing", ["portalvein", "venoussystem"])
def test_vessels_are_annotated_only_with_both_kinds_of_veins(tmp_path, missing):
    masks = {name: mask for name, mask in ircad_masks(ONE).items() if name != missing}
    write_ircad(tmp_path, 1, ONE, masks)
    (subject,) = ircad_subjects(tmp_path)
    assert subject.annotated == {LIVER, TUMOR}
    np.testing.assert_array_equal(subject.load().labels.array, ONE.liver + 2 * ONE.tumor.astype(np.uint8))


def test_other_spellings_of_folders_are_understood(tmp_path):
    names = {"liver": "LIVER", "portalvein": "portalvein1", "venoussystem": "venacava"}
    write_ircad(tmp_path, 10, ONE, {names.get(name, name): mask for name, mask in ircad_masks(ONE).items()})
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())


def test_listing_reads_neither_images_nor_masks(tmp_path):
    write_ircad(tmp_path, 1, ONE)
    (tmp_path / "3Dircadb1.1" / "PATIENT_DICOM.zip").write_bytes(b"not a zip")
    write_ircad(tmp_path, 2, ONE, zipped=False)
    for file in (tmp_path / "3Dircadb1.2").rglob("image_*"):
        file.write_bytes(b"not DICOM")
    subjects = ircad_subjects(tmp_path)
    assert [subject.annotated for subject in subjects] == [ALL_STRUCTURES] * 2
    with refused("PATIENT_DICOM.zip"):
        subjects[0].load()


def test_a_broken_zip_of_masks_is_refused_by_name(tmp_path):
    write_ircad(tmp_path, 1, ONE)
    packed = tmp_path / "3Dircadb1.1" / "MASKS_DICOM.zip"
    packed.write_bytes(packed.read_bytes()[:-200])
    with refused("MASKS_DICOM.zip cannot be unpacked"):
        ircad_subjects(tmp_path)


def test_a_zip_of_masks_may_shrink_further_than_a_ct(tmp_path):
    """More than 100 MiB in less than a two-hundredth, as in the published zips, which io.archive takes for bombs."""
    packed = write_ircad(tmp_path, 1, ONE) / "MASKS_DICOM.zip"
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(f"MASKS_DICOM/skin/image_{number}", bytes(55 * 2**20))
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("MASKS_DICOM/skin/image_2", bytes(65 * 2**20))
    with refused("MASKS_DICOM.zip", "65 MiB"):
        ircad_subjects(tmp_path)


def test_files_of_macos_in_a_zip_of_masks_are_passed_over(tmp_path):
    packed = write_ircad(tmp_path, 1, ONE) / "MASKS_DICOM.zip"
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("MASKS_DICOM/liver/._image_0", b"fork")
        archive.writestr("__MACOSX/MASKS_DICOM/liver/image_0", b"fork")
        archive.writestr("MASKS_DICOM/liver/Thumbs.db", b"not DICOM")
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())


def test_a_damaged_mask_is_refused_when_it_is_read(tmp_path):
    place = write_ircad(tmp_path, 1, ONE, zipped=False)
    file = next((place / "MASKS_DICOM" / "liver").iterdir())
    file.write_bytes(file.read_bytes()[:-40])
    with refused(file.name, "cannot be read"):
        ircad_subjects(tmp_path)[0].load()
    file.write_bytes(b"")
    with refused("8 slices in liver"):
        ircad_subjects(tmp_path)[0].load()


def test_a_mask_that_lacks_a_slice_is_refused(tmp_path):
    place = write_ircad(tmp_path, 1, ONE, zipped=False)
    next((place / "MASKS_DICOM" / "portalvein").iterdir()).unlink()
    with refused("8 slices in portalvein", "each of the 9 slices"):
        ircad_subjects(tmp_path)[0].load()


def test_masks_of_another_patient_are_refused(tmp_path):
    write_ircad(tmp_path, 1, ONE)
    write_ircad(tmp_path / "other", 2, patient(2))
    shutil.copy(tmp_path / "other/3Dircadb1.2/MASKS_DICOM.zip", tmp_path / "3Dircadb1.1/MASKS_DICOM.zip")
    with refused("has another grid than its image"):
        ircad_subjects(tmp_path)[0].load()


def test_a_ct_in_the_place_of_a_mask_is_refused(tmp_path):
    place = write_ircad(tmp_path, 1, ONE, zipped=False)
    shutil.rmtree(place / "MASKS_DICOM" / "liver")
    shutil.copytree(place / "PATIENT_DICOM", place / "MASKS_DICOM" / "liver")
    with refused("different values", "a mask: 0 outside, 255 inside"):
        ircad_subjects(tmp_path)[0].load()


def without_positions(masks: dict[str, np.ndarray], name: str, k: int, dataset) -> None:
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.RescaleIntercept = 7, 0
    dataset.PixelData = (masks[name][:, :, k].T * np.uint8(255)).astype(np.uint8).tobytes()
    del dataset.ImagePositionPatient


def write_without_positions(folder, one: Patient, prefix: str = "image_") -> None:
    masks = ircad_masks(one)
    write_ircad(folder, 1, one, {}, zipped=False)
    for name in masks:
        change = partial(without_positions, masks, name)
        write_series(folder / "3Dircadb1.1" / "MASKS_DICOM" / name, one.ct, change=change, prefix=prefix)


def test_masks_without_positions_are_put_by_the_names_of_the_cts_slices(tmp_path):
    write_without_positions(tmp_path, ONE)
    pack(tmp_path / "3Dircadb1.1" / "PATIENT_DICOM")
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())


def test_masks_with_neither_positions_nor_those_names_are_refused(tmp_path):
    write_without_positions(tmp_path, ONE, prefix="mask_")
    with refused("without positions", "another grid"):
        ircad_subjects(tmp_path)[0].load()


def test_a_patient_lacking_images_masks_or_liver_is_refused(tmp_path):
    place = write_ircad(tmp_path, 1, ONE)
    (place / "MASKS_DICOM.zip").rename(tmp_path / "kept.zip")
    with refused("no MASKS_DICOM in", "3Dircadb1.1"):
        ircad_subjects(tmp_path)
    shutil.rmtree(place)
    write_ircad(tmp_path, 1, ONE, {"bone": ONE.liver, "livertumor": ONE.tumor})
    with refused("no masks of a liver"):
        ircad_subjects(tmp_path)


def test_a_patient_in_two_folders_and_a_folder_without_patients_are_refused(tmp_path):
    write_ircad(tmp_path, 1, ONE)
    shutil.copytree(tmp_path / "3Dircadb1.1", tmp_path / "copy" / "3Dircadb1.01")
    with refused("patient 1 in"):
        ircad_subjects(tmp_path)
    (tmp_path / "empty").mkdir()
    with refused("no 3Dircadb1.N"):
        ircad_subjects(tmp_path / "empty")


def test_an_empty_folder_beside_the_zip_does_not_hide_it(tmp_path):
    place = write_ircad(tmp_path, 1, ONE)
    (place / "MASKS_DICOM").mkdir()
    assert ircad_subjects(tmp_path)[0].load().labels.array.any()


def liver_with_clefts() -> tuple[Volume, np.ndarray]:
    """2 x 1 x 2.5 mm. A block whose first faces lie on those of the volume, with a cleft, a groove and a hole."""
    organ = np.zeros((24, 40, 16), bool)
    organ[:20, :36, :14] = True
    organ[8:10, 20:36, :] = False  # a cleft of 4 mm
    organ[:6, 24:36, 5:14] = False  # a groove of 12 mm, open to three sides
    organ[12:16, 6:14, 4:8] = False  # a closed hole of 8 x 8 x 10 mm
    return Volume(np.zeros(organ.shape, np.int16), np.diag([2.0, 1.0, 2.5, 1.0])), organ


def test_clefts_and_holes_count_as_liver_and_grooves_and_surroundings_do_not():
    ct, organ = liver_with_clefts()
    closed = with_clefts_closed(organ, ct)
    assert (closed | ~organ).all()
    assert closed[8:10, 20:35, 1:13].all()  # rounded off at its three open ends
    assert closed[12:16, 6:14, 4:8].all()
    assert not closed[0:3, 30:, 9:].any()
    assert not closed[20:].any()
    assert not closed[:, 36:].any()
    assert not closed[:, :, 14:].any()


def test_an_empty_liver_stays_empty():
    ct, organ = liver_with_clefts()
    assert not with_clefts_closed(np.zeros_like(organ), ct).any()


def test_a_vein_in_a_cleft_of_the_liver_mask_is_a_vessel(tmp_path):
    masks = ircad_masks(ONE)
    masks["liver"] = ONE.liver & ~ONE.vessel
    write_ircad(tmp_path, 1, ONE, masks)
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())


def test_masks_of_a_series_with_its_own_intercept_are_read_by_stored_values(tmp_path):
    place = write_ircad(tmp_path, 1, ONE, zipped=False)
    shutil.rmtree(place / "MASKS_DICOM" / "liver")
    files = write_mask_series(place / "MASKS_DICOM" / "liver", ONE.ct.with_array(ONE.liver))
    import pydicom

    for file in files:
        dataset = pydicom.dcmread(file)
        dataset.RescaleIntercept = -1024
        dataset.save_as(file)
    np.testing.assert_array_equal(ircad_subjects(tmp_path)[0].load().labels.array, ONE.exclusive())
