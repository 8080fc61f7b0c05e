"""DICOM series -> volume: geometry from positions and orientations alone, HU from each slice's rescale values."""

from __future__ import annotations

import zipfile

import numpy as np
import pydicom
import pytest
from dicom_series import body_hu, oblique_affine, write_enhanced, write_series
from refusals import refused

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume


@pytest.fixture
def ct():
    return Volume(body_hu(), oblique_affine())


def test_oblique_anisotropic_series_comes_back_voxel_for_voxel_on_the_same_affine(tmp_path, ct):
    write_series(tmp_path / "a" / "b", ct, description="portal venous")
    (tmp_path / "a" / "notes.txt").write_text("not DICOM")
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    np.testing.assert_allclose(study.ct.affine, ct.affine, atol=1e-8)
    assert study.ct.array.dtype == np.int16
    assert study.source.kind == "dicom"
    assert study.source.series_description == "portal venous"
    assert study.source.study_date == "20240131"
    assert study.source.slice_thickness_mm == 99
    assert study.source.warnings == ()


def test_files_are_listed_in_the_order_of_the_slices(tmp_path, ct):
    files = write_series(tmp_path, ct)
    assert read_study(tmp_path).files == tuple(file.name for file in files)


def test_gantry_tilt_is_a_sheared_affine_with_a_note(tmp_path):
    tilted = Volume(body_hu(), oblique_affine(tilt_mm=0.6))
    write_series(tmp_path, tilted)
    study = read_study(tmp_path)
    np.testing.assert_allclose(study.ct.affine, tilted.affine, atol=1e-8)
    assert study.ct.voxel_mm3 == pytest.approx(0.7 * 0.9 * 2.5)
    angle = np.degrees(np.arctan(0.6 / 2.5))
    assert f"tilt of {angle:.1f} degrees" in study.source.warnings[0]


def test_instance_numbers_are_not_believed(tmp_path, ct):
    write_series(tmp_path, ct, change=lambda k, header: setattr(header, "InstanceNumber", 7 - k))
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, ct.array)


def test_each_slice_is_rescaled_by_its_own_values(tmp_path, ct):
    def own_intercept(k, header):
        header.RescaleIntercept = -1000 - k
        header.PixelData = (ct.array[:, :, k].T.astype(np.int32) + 1000 + k).astype(np.uint16).tobytes()

    write_series(tmp_path, ct, change=own_intercept)
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    assert study.ct.array.dtype == np.int16


def test_a_fractional_slope_gives_float32(tmp_path, ct):
    write_series(tmp_path, ct, change=lambda _k, header: setattr(header, "RescaleSlope", 0.5))
    study = read_study(tmp_path)
    assert study.ct.array.dtype == np.float32
    np.testing.assert_allclose(study.ct.array, (ct.array.astype(float) + 1024) * 0.5 - 1024)


def test_padding_below_air_becomes_minus_1024(tmp_path, ct):
    def pad(k, header):
        header.RescaleIntercept = -3024
        pixels = (ct.array[:, :, k].T.astype(np.int32) + 3024).astype(np.uint16)
        pixels[0, 0] = 0
        header.PixelData = pixels.tobytes()

    write_series(tmp_path, ct, change=pad)
    expected = ct.array.copy()
    expected[0, 0, :] = -1024
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, expected)


def test_positions_rounded_to_a_tenth_of_a_millimeter_are_even_enough(tmp_path):
    upright = Volume(body_hu(), np.diag([-0.7, -0.9, 1.25, 1.0]))

    def rounded(k, header):
        header.ImagePositionPatient = [0, 0, round(1.25 * k, 1)]

    write_series(tmp_path, upright, change=rounded)
    assert read_study(tmp_path).ct.spacing_mm == pytest.approx((0.7, 0.9, 8.8 / 7))


def test_a_missing_slice_is_refused_naming_its_neighbours(tmp_path, ct):
    files = write_series(tmp_path, ct)
    files[3].unlink()
    with refused("1 missing between", files[2].name, files[4].name, "2.50 mm"):
        read_study(tmp_path)


def test_a_slice_that_slid_is_refused_naming_the_gap(tmp_path):
    upright = Volume(body_hu(), np.diag([-0.7, -0.9, 2.5, 1.0]))

    def slide(k, header):
        header.ImagePositionPatient = [0, 0, 2.5 * k + (0.8 if k == 5 else 0)]

    files = write_series(tmp_path, upright, change=slide)
    with refused("3.30 mm between", files[4].name, files[5].name, "at 10.00 mm", "at 13.30 mm"):
        read_study(tmp_path)


def test_a_slice_that_is_shifted_sideways_is_refused(tmp_path):
    upright = Volume(body_hu(), np.diag([-0.7, -0.9, 2.5, 1.0]))

    def shift(k, header):
        header.ImagePositionPatient = [4.0 if k == 2 else 0.0, 0, 2.5 * k]

    files = write_series(tmp_path, upright, change=shift)
    with refused(files[2].name, "4.0 mm off the line"):
        read_study(tmp_path)


def test_two_slices_at_one_position_are_refused_naming_both(tmp_path, ct):
    files = write_series(tmp_path, ct)
    twin = pydicom.dcmread(files[2])
    twin.SOPInstanceUID += ".9"
    twin.save_as(tmp_path / "twin")
    with refused("same place", files[2].name, "twin"):
        read_study(tmp_path)


def test_the_same_instance_twice_is_taken_once_with_a_note(tmp_path, ct):
    files = write_series(tmp_path, ct)
    (tmp_path / "copy").write_bytes(files[2].read_bytes())
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    assert study.source.warnings == ("Left out 1 images that occur twice.",)


def test_a_zip_gives_the_same_study_as_its_folder(tmp_path, ct):
    files = write_series(tmp_path / "series", ct)
    with zipfile.ZipFile(tmp_path / "series.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"PATIENT/{file.name}")
    packed, unpacked = read_study(tmp_path / "series.zip"), read_study(tmp_path / "series")
    np.testing.assert_array_equal(packed.ct.array, unpacked.ct.array)
    np.testing.assert_array_equal(packed.ct.affine, unpacked.ct.affine)
    assert packed.source.sha256 == unpacked.source.sha256


def test_files_without_the_part_10_preamble_are_read(tmp_path, ct):
    for file in write_series(tmp_path, ct):
        dataset = pydicom.dcmread(file)
        with file.open("wb") as bare:
            pydicom.filewriter.write_dataset(_implicit(bare), dataset)
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, ct.array)


def test_jpeg_ls_compressed_slices_are_decoded(tmp_path, ct):
    pytest.importorskip("jpeg_ls")
    for file in write_series(tmp_path, ct):
        dataset = pydicom.dcmread(file)
        dataset.compress(pydicom.uid.JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(file)
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, ct.array)


def test_lossless_jpeg_without_a_python_decoder_is_read_by_gdcm(tmp_path, ct):
    for file in write_series(tmp_path, ct):
        dataset = pydicom.dcmread(file)
        dataset.PixelData = _lossless_jpeg(dataset.pixel_array, tmp_path.parent / "packed.dcm")
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLosslessSV1
        dataset.save_as(file)
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, ct.array)


def _lossless_jpeg(pixels, file):
    """The encapsulated frame that GDCM makes of stored values."""
    import SimpleITK as sitk

    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.SetFileName(str(file))
    writer.Execute(sitk.GetImageFromArray(pixels[np.newaxis]))
    packed = pydicom.dcmread(file)
    assert packed.file_meta.TransferSyntaxUID == pydicom.uid.JPEGLosslessSV1
    return packed.PixelData


def test_an_enhanced_multi_frame_ct_is_one_file(tmp_path, ct):
    write_enhanced(tmp_path / "enhanced.dcm", ct)
    for source in (tmp_path, tmp_path / "enhanced.dcm"):
        study = read_study(source)
        np.testing.assert_array_equal(study.ct.array, ct.array)
        np.testing.assert_allclose(study.ct.affine, ct.affine, atol=1e-8)


def test_enhanced_files_of_one_frame_each_are_a_series(tmp_path, ct):
    for k in range(ct.shape[2]):
        shift = np.eye(4)
        shift[2, 3] = k
        write_enhanced(tmp_path / f"{k}.dcm", Volume(ct.array[:, :, k : k + 1], ct.affine @ shift))
        dataset = pydicom.dcmread(tmp_path / f"{k}.dcm")
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k + 1}"
        dataset.save_as(tmp_path / f"{k}.dcm")
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.ct.array, ct.array)
    np.testing.assert_allclose(study.ct.affine, ct.affine, atol=1e-8)


def test_an_enhanced_ct_with_fewer_frames_than_described_is_refused(tmp_path, ct):
    write_enhanced(tmp_path / "enhanced.dcm", ct)
    dataset = pydicom.dcmread(tmp_path / "enhanced.dcm")
    dataset.NumberOfFrames = ct.shape[2] - 1
    dataset.PixelData = dataset.PixelData[: -len(dataset.PixelData) // ct.shape[2]]
    dataset.save_as(tmp_path / "enhanced.dcm")
    with refused(f"{ct.shape[2] - 1} frames where the header describes frame {ct.shape[2]}"):
        read_study(tmp_path)


def test_a_link_that_leads_in_a_circle_is_passed_over(tmp_path, ct):
    write_series(tmp_path, ct)
    (tmp_path / "circle").symlink_to("circle")
    np.testing.assert_array_equal(read_study(tmp_path).ct.array, ct.array)


def test_one_slice_alone_is_refused_naming_its_folder(tmp_path, ct):
    files = write_series(tmp_path / "series", ct)
    with refused("one DICOM slice", f"Give {tmp_path / 'series'}"):
        read_study(files[0])


def test_a_truncated_slice_is_refused_by_name(tmp_path, ct):
    files = write_series(tmp_path, ct)
    files[4].write_bytes(files[4].read_bytes()[:-30])
    with refused(files[4].name, "cannot be read"):
        read_study(tmp_path)


def test_a_slice_that_breaks_off_in_its_header_leaves_a_gap_that_is_refused(tmp_path, ct):
    files = write_series(tmp_path, ct)
    files[4].write_bytes(files[4].read_bytes()[:400])
    with refused("missing between", files[3].name, files[5].name):
        read_study(tmp_path)


def _implicit(file):
    stream = pydicom.filebase.DicomIO(file)
    stream.is_little_endian, stream.is_implicit_VR = True, True
    return stream
