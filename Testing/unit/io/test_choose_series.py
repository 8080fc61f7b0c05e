"""A folder as hospitals export it: several series, scouts, screenshots, other modalities."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_series import body_hu, oblique_affine, write_enhanced, write_series
from refusals import refused

from LiverTumorSegLib.io.dicom_series import SeveralSeriesError
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume


@pytest.fixture
def two_phases(tmp_path):
    """A folder with series 4 (arterial, 2.5 mm) and series 12 (portal venous, 5 mm)."""
    write_series(tmp_path, Volume(body_hu(), oblique_affine()), number=4, description="Arterial", prefix="a")
    portal = Volume(body_hu((12, 10, 6)), oblique_affine((0.7, 0.9, 5.0)))
    write_series(tmp_path, portal, number=12, description="Portal venous", prefix="p")
    return tmp_path


def set_values(**values):
    return lambda _k, header: [setattr(header, name, value) for name, value in values.items()]


def test_several_series_are_listed_with_number_uid_slices_and_spacing(two_phases):
    listed = (
        "1: 'Arterial', 8 slices, 0.70 x 0.90 x 2.50 mm, UID ...99.200.4",
        "2: 'Portal venous', 6 slices, 0.70 x 0.90 x 5.00 mm, UID ...9.200.12",
    )
    with refused("2 series", *listed, "--series"):
        read_study(two_phases)


def test_front_ends_get_the_list_to_choose_from(two_phases):
    with pytest.raises(SeveralSeriesError) as caught:
        read_study(two_phases)
    assert [text.split(",")[0] for text in caught.value.choices] == ["'Arterial'", "'Portal venous'"]


def test_a_place_in_the_list_is_meant_even_where_another_series_has_that_number(two_phases):
    third = Volume(body_hu((12, 10, 7)), oblique_affine())
    write_series(two_phases, third, number=2, description="Delayed", prefix="d")
    # Listed by number: 2 is now first, 4 second, 12 third.
    assert read_study(two_phases, series="#2").source.series_description == "Arterial"
    with pytest.raises(SeveralSeriesError):
        read_study(two_phases, series="2")


@pytest.mark.parametrize("wanted", ["#0", "#3", "#x"])
def test_a_place_that_is_not_in_the_list_is_refused(two_phases, wanted):
    with refused("no series matching", wanted):
        read_study(two_phases, series=wanted)


@pytest.mark.parametrize(
    "wanted", ["2", "#2", "1.2.826.0.1.3680043.10.999.200.12", "200.12", "...200.12", "portal VENOUS", "portal"]
)
def test_a_series_is_chosen_by_number_uid_its_end_or_description(two_phases, wanted):
    assert read_study(two_phases, series=wanted).ct.shape == (12, 10, 6)


def test_a_number_that_means_one_series_in_the_list_and_another_to_the_scanner_is_refused(tmp_path):
    for number, description in ((7, "Native"), (2, "Arterial"), (9, "Portal venous")):
        ct = Volume(body_hu(), oblique_affine())
        write_series(tmp_path, ct, number=number, description=description, prefix=description[0])
    assert read_study(tmp_path, series="7").source.series_description == "Native"
    assert read_study(tmp_path, series="3").source.series_description == "Portal venous"
    with refused("2 series matching '2'", "scanner number 2"):
        read_study(tmp_path, series="2")


@pytest.mark.parametrize("wanted", ["3", "delayed", "", "0"])
def test_a_choice_that_matches_nothing_is_refused_with_the_list(two_phases, wanted):
    with refused("1: 'Arterial'", "2: 'Portal venous'"):
        read_study(two_phases, series=wanted)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nrrd", "ct.mha", "ct.dcm"])
def test_a_series_of_a_file_that_holds_none_is_refused(tmp_path, name):
    ct = Volume(body_hu(), oblique_affine())
    if name == "ct.dcm":
        write_enhanced(tmp_path / name, ct)
    elif name == "ct.nii":
        nib.save(nib.Nifti1Image(ct.array, ct.affine), tmp_path / name)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(ct.array.T), str(tmp_path / name))
    read_study(tmp_path / name)
    with refused("series '2'", f"{name} is a single image", "Leave out --series"):
        read_study(tmp_path / name, series="2")


def test_a_choice_that_matches_two_is_refused_with_the_list(two_phases):
    with refused("2 series matching 'r'", "1: 'Arterial'"):
        read_study(two_phases, series="r")


def test_two_phases_inside_one_series_are_told_apart_by_acquisition(tmp_path):
    ct = Volume(body_hu(), oblique_affine())
    for number in (1, 2):
        same_series = set_values(SeriesInstanceUID="1.2.3", AcquisitionNumber=number)
        write_series(tmp_path, ct, number=number, change=same_series, prefix=f"phase{number}_")
    with refused("2 series"):
        read_study(tmp_path)
    assert {name[:6] for name in read_study(tmp_path, series="2").files} == {"phase2"}


def test_scouts_screenshots_and_single_images_are_left_out_with_a_note(tmp_path):
    ct = Volume(body_hu(), oblique_affine())
    write_series(tmp_path, ct)
    scout = Volume(body_hu((12, 10, 4)), oblique_affine()[:, [0, 2, 1, 3]])
    write_series(
        tmp_path, scout, number=2, change=set_values(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), prefix="s"
    )
    captures = set_values(SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    write_series(tmp_path, ct, number=3, change=captures, prefix="c")
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    assert study.source.warnings == (
        "Left out 4 images: localizer (scout).",
        "Left out 8 images: secondary capture (screenshot).",
    )


def test_an_image_of_another_direction_inside_the_series_is_left_out_with_a_note(tmp_path):
    ct = Volume(body_hu(), oblique_affine())
    write_series(tmp_path, ct, change=set_values(SeriesInstanceUID="1.2.3"))
    sagittal = Volume(body_hu((12, 10, 2)), oblique_affine()[:, [2, 0, 1, 3]])
    write_series(tmp_path, sagittal, number=2, change=set_values(SeriesInstanceUID="1.2.3"), prefix="s")
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    assert "Left out 2 images" in study.source.warnings[0]


def test_an_mr_series_is_refused_by_its_modality(tmp_path):
    write_series(tmp_path, Volume(body_hu(), oblique_affine()), change=set_values(Modality="MR"))
    with refused("8 images: modality MR, not CT"):
        read_study(tmp_path)


def test_a_color_series_is_refused(tmp_path):
    rgb = set_values(SamplesPerPixel=3, PhotometricInterpretation="RGB")
    write_series(tmp_path, Volume(body_hu(), oblique_affine()), change=rgb)
    with refused("8 images: color image"):
        read_study(tmp_path)


def test_slices_without_positions_are_refused(tmp_path):
    def forget(_k, header):
        del header.ImagePositionPatient

    write_series(tmp_path, Volume(body_hu(), oblique_affine()), change=forget)
    with refused("no position or orientation"):
        read_study(tmp_path)


def test_a_zero_pixel_spacing_is_refused(tmp_path):
    write_series(tmp_path, Volume(body_hu(), oblique_affine()), change=set_values(PixelSpacing=[0.9, 0]))
    with refused("spacing 0 x 0.9 x 2.5 mm"):
        read_study(tmp_path)


def test_a_folder_without_dicom_names_the_volume_that_lies_in_it(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(b"x")
    with refused("1 files but no DICOM image", "ct.nii.gz"):
        read_study(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with refused("holds no files"):
        read_study(tmp_path)
