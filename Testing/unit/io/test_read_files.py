"""NIfTI, NRRD and MetaImage: one volume written in many ways comes back the same."""

from __future__ import annotations

import gzip
import hashlib

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_series import body_hu, oblique_affine

from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.io.nifti import read_nifti, write_nifti
from LiverTumorSegLib.io.nrrd import read_nrrd
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume

HU = body_hu()
AFFINE = oblique_affine()
SHEARED = oblique_affine(tilt_mm=0.6)


def save_nifti(path, array=HU, affine=AFFINE, *, sform=1, qform=0, kind=nib.Nifti1Image):
    image = kind(array, affine)
    image.set_sform(affine, sform)
    image.set_qform(affine, qform)
    nib.save(image, path)
    return path


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_nifti_keeps_int16_voxels_and_the_oblique_affine(tmp_path, name, kind):
    study = read_study(save_nifti(tmp_path / name, kind=kind))
    np.testing.assert_array_equal(study.ct.array, HU)
    np.testing.assert_allclose(study.ct.affine, AFFINE, atol=1e-5)
    assert study.ct.array.dtype == np.int16
    assert study.ct.array.flags.writeable
    assert study.source.kind == "nifti"
    assert study.source.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_the_content_counts_not_the_name(tmp_path):
    save_nifti(tmp_path / "ct.nii.gz").rename(tmp_path / "ct.nrrd")
    np.testing.assert_array_equal(read_study(tmp_path / "ct.nrrd").ct.array, HU)


def test_nifti_in_two_gzip_members_is_read(tmp_path):
    data = save_nifti(tmp_path / "ct.nii").read_bytes()
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]))
    np.testing.assert_array_equal(read_study(tmp_path / "ct.nii.gz").ct.array, HU)


def test_nifti_without_sform_uses_its_qform(tmp_path):
    study = read_study(save_nifti(tmp_path / "ct.nii", sform=0, qform=1))
    np.testing.assert_allclose(study.ct.affine, AFFINE, atol=1e-4)
    assert study.source.warnings == ()


def test_nifti_whose_forms_disagree_says_so(tmp_path):
    image = nib.Nifti1Image(HU, AFFINE)
    moved = AFFINE.copy()
    moved[0, 3] += 30
    image.set_sform(AFFINE, 1)
    image.set_qform(moved, 1)
    nib.save(image, tmp_path / "ct.nii")
    study = read_study(tmp_path / "ct.nii")
    np.testing.assert_allclose(study.ct.affine, AFFINE, atol=1e-5)
    assert "differ by 30.0 mm" in study.source.warnings[0]


def test_nifti_without_any_form_warns(tmp_path):
    study = read_study(save_nifti(tmp_path / "ct.nii", sform=0, qform=0))
    assert study.ct.spacing_mm == pytest.approx((0.7, 0.9, 2.5), rel=1e-6)
    assert "does not say how the patient lies" in study.source.warnings[0]


def test_nifti_in_meters_is_converted(tmp_path):
    meters = np.diag([1e-3, 1e-3, 1e-3, 1.0]) @ AFFINE
    image = nib.Nifti1Image(HU, meters)
    image.header.set_xyzt_units("meter")
    nib.save(image, tmp_path / "ct.nii")
    np.testing.assert_allclose(read_study(tmp_path / "ct.nii").ct.affine, AFFINE, atol=1e-4)


@pytest.mark.parametrize(("slope", "dtype"), [(1.0, np.int16), (0.25, np.float32)])
def test_nifti_scaling_is_applied_and_whole_numbers_become_int16(tmp_path, slope, dtype):
    image = nib.Nifti1Image((HU + 1024).astype(np.uint16), AFFINE)
    image.header.set_slope_inter(slope, -1024)
    nib.save(image, tmp_path / "ct.nii")
    study = read_study(tmp_path / "ct.nii")
    np.testing.assert_array_equal(study.ct.array, (HU + 1024) * slope - 1024)
    assert study.ct.array.dtype == dtype


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64, ">i2"])
def test_whole_hounsfield_units_become_int16_whatever_they_were_stored_as(tmp_path, dtype):
    image = nib.Nifti1Image(HU.astype(dtype), AFFINE, dtype=np.dtype(dtype))
    nib.save(image, tmp_path / "ct.nii")
    study = read_study(tmp_path / "ct.nii")
    np.testing.assert_array_equal(study.ct.array, HU)
    assert study.ct.array.dtype == np.dtype(np.int16)


def test_fractions_of_hounsfield_units_stay_float32(tmp_path):
    study = read_study(save_nifti(tmp_path / "ct.nii", HU.astype(np.float32) + 0.5))
    np.testing.assert_array_equal(study.ct.array, HU + np.float32(0.5))
    assert study.ct.array.dtype == np.float32


def test_a_fourth_axis_of_one_is_dropped(tmp_path):
    study = read_study(save_nifti(tmp_path / "ct.nii", HU[..., np.newaxis]))
    np.testing.assert_array_equal(study.ct.array, HU)


def test_padding_is_raised_to_minus_1024(tmp_path):
    padded = HU.copy()
    padded[0] = -3024
    study = read_study(save_nifti(tmp_path / "ct.nii", padded))
    assert set(np.unique(study.ct.array[0])) == {-1024}
    np.testing.assert_array_equal(study.ct.array[1:], HU[1:])


SPACES = {
    "left-posterior-superior": [-1, -1, 1],
    "LPS": [-1, -1, 1],
    "right-anterior-superior": [1, 1, 1],
    "RAS": [1, 1, 1],
    "left-anterior-superior": [-1, 1, 1],
    "LAS": [-1, 1, 1],
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", ["ct.nrrd", "ct.nhdr"])
def test_nrrd_spaces_lead_to_the_same_sheared_affine(tmp_path, space, name):
    in_space = np.diag([*SPACES[space], 1.0]) @ SHEARED
    header = {"space": space, "space directions": in_space[:3, :3].T, "space origin": in_space[:3, 3]}
    nrrd.write(str(tmp_path / name), HU, header)
    study = read_study(tmp_path / name)
    np.testing.assert_array_equal(study.ct.array, HU)
    np.testing.assert_allclose(study.ct.affine, SHEARED, atol=1e-9)
    assert study.source.warnings == ()


def test_nrrd_with_spacings_alone_is_taken_as_lps_with_a_warning(tmp_path):
    nrrd.write(str(tmp_path / "ct.nrrd"), HU, {"spacings": [0.7, 0.9, 2.5]})
    study = read_study(tmp_path / "ct.nrrd")
    np.testing.assert_allclose(study.ct.affine, np.diag([-0.7, -0.9, 2.5, 1.0]))
    assert "does not name its axes" in study.source.warnings[0]


@pytest.mark.parametrize("name", ["ct.mha", "ct.mhd", "ct.nrrd", "ct.nii.gz"])
def test_what_itk_writes_comes_back_the_same(tmp_path, name):
    lps = lps_from_ras(AFFINE)
    image = sitk.GetImageFromArray(HU.T)
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, str(tmp_path / name), useCompression=True)
    study = read_study(tmp_path / name)
    np.testing.assert_array_equal(study.ct.array, HU)
    np.testing.assert_allclose(study.ct.affine, AFFINE, atol=1e-4)


def test_written_nifti_is_read_by_itk_on_the_same_grid(tmp_path):
    write_nifti(tmp_path / "mask.nii.gz", Volume((HU > 0).astype(np.uint8), AFFINE))
    image = sitk.ReadImage(str(tmp_path / "mask.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image).T, HU > 0)
    assert image.GetPixelID() == sitk.sitkUInt8
    lps = lps_from_ras(AFFINE)
    for ijk in ([0, 0, 0], [11, 9, 7]):
        place = image.TransformIndexToPhysicalPoint(ijk)
        np.testing.assert_allclose(place, lps[:3, :3] @ ijk + lps[:3, 3], atol=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_written_nifti_keeps_dtype_and_sheared_affine_and_repeats_its_bytes(tmp_path, dtype):
    volume = Volume((HU > 0).astype(dtype), SHEARED)
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, volume)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == dtype
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 0)
    np.testing.assert_allclose(image.affine, SHEARED, atol=1e-5)


def test_a_nifti_is_packed_only_if_its_name_says_so(tmp_path):
    volume = Volume(HU.astype(np.int16), SHEARED)
    for name in ("a.nii", "a.nii.gz"):
        write_nifti(tmp_path / name, volume)
        np.testing.assert_array_equal(read_nifti(tmp_path / name).array, volume.array)
    assert (tmp_path / "a.nii").stat().st_size == 352 + volume.array.nbytes
    assert (tmp_path / "a.nii.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_label_maps_are_read_as_stored(tmp_path):
    nrrd.write(str(tmp_path / "a.nrrd"), (HU > 0).astype(np.uint8), {"space": "LPS", "space directions": np.eye(3)})
    assert read_nrrd(tmp_path / "a.nrrd").array.dtype == np.uint8


def test_a_metaimage_header_beside_big_endian_voxels_is_read(tmp_path):
    header = "NDims = 3\nDimSize = 12 10 8\nElementSpacing = 0.7 0.9 2.5\nOffset = 1 2 3\nElementType = MET_SHORT\n"
    header += "ElementByteOrderMSB = True\nHeaderSize = -1\nElementDataFile = voxels.raw\n"
    (tmp_path / "ct.mhd").write_text(header)
    (tmp_path / "voxels.raw").write_bytes(b"skipped" + HU.astype(">i2").tobytes(order="F"))
    study = read_study(tmp_path / "ct.mhd")
    np.testing.assert_array_equal(study.ct.array, HU)
    np.testing.assert_allclose(study.ct.affine, [[-0.7, 0, 0, -1], [0, -0.9, 0, -2], [0, 0, 2.5, 3], [0, 0, 0, 1]])
