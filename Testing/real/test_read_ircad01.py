"""A real CT as a hospital hands it over, and the same CT as NIfTI."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.segmentation import read_segmentation

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def from_zip(real_data):
    return read_study(real_data / "dicom" / "ircad01_dicom.zip")


def test_dicom_zip_and_nifti_give_identical_voxels_on_the_same_grid(real_data, from_zip):
    nifti = read_study(real_data / "cases" / "ircad01" / "ct.nii.gz")
    np.testing.assert_array_equal(from_zip.ct.array, nifti.ct.array)
    assert from_zip.ct.array.dtype == nifti.ct.array.dtype == np.int16
    np.testing.assert_allclose(from_zip.ct.affine, nifti.ct.affine, atol=1e-9)
    assert from_zip.ct.same_grid(nifti.ct, tolerance_mm=1e-6)


def test_the_slices_are_in_the_order_of_their_positions_though_the_zip_is_not(from_zip):
    assert [name.rsplit("_", 1)[1] for name in from_zip.files] == [str(n) for n in range(129)]
    assert from_zip.source.warnings == ()
    assert from_zip.source.patient_id == ""


def test_a_real_three_slice_series_is_read(real_data):
    study = read_study(real_data / "dicomseg" / "ct-3slice")
    assert study.ct.shape == (512, 512, 3)
    assert study.ct.array.min() == -1024


def test_the_experts_liver_lies_on_the_dicom_grid(real_data, from_zip):
    liver, warnings = read_segmentation(real_data / "cases" / "ircad01" / "liver.nii.gz", from_zip.ct)
    assert warnings == ()
    inside = from_zip.ct.array[liver.array == 1]
    assert 90 < np.median(inside) < 130
