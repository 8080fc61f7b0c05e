"""Everything that cannot be measured is refused with one line that says what to do."""

from __future__ import annotations

import zipfile

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_series import body_hu, oblique_affine
from privileges import folder_for_everyone, without_privileges
from refusals import refused

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.seg_nrrd import is_seg_nrrd

HU = body_hu((40, 36, 20))


def save(path, array, affine=None, **header):
    image = nib.Nifti1Image(array, oblique_affine() if affine is None else affine)
    for key, value in header.items():
        image.header[key] = value
    nib.save(image, path)
    return path


def test_a_missing_file(tmp_path):
    with refused("does not exist", "NIfTI", "Check the path"):
        read_study(tmp_path / "absent.nii.gz")


@pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nii", "ct.nrrd", "ct.mha", "ct.zip", "ct"])
def test_a_text_file_with_an_image_name(tmp_path, name):
    (tmp_path / name).write_text("This is not an image.\n")
    with refused(name, "a text file"):
        read_study(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"\x1f\x8b garbage", bytes(range(256)) * 4])
def test_a_file_without_an_image(tmp_path, content):
    (tmp_path / "ct.nii.gz").write_bytes(content)
    with refused("ct.nii.gz is"):
        read_study(tmp_path / "ct.nii.gz")


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha"])
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_truncated_file(tmp_path, name, share):
    path = tmp_path / name
    noisy = np.random.default_rng(1).integers(-1000, 1000, (40, 36, 20)).astype(np.int16)
    if name.endswith(("nii", "gz")):
        save(path, noisy)
    elif name.endswith("nrrd"):
        nrrd.write(str(path), noisy, {"space": "LPS", "space directions": np.eye(3)})
    else:
        sitk.WriteImage(sitk.GetImageFromArray(noisy), str(path))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with refused(name, "damaged or incomplete", "Copy or export it again"):
        read_study(path)


@pytest.mark.parametrize("shape", [(40, 36), (40, 36, 1), (40, 36, 20, 2)])
def test_an_image_without_three_axes(tmp_path, shape):
    with refused(" x ".join(map(str, shape)), "three axes"):
        read_study(save(tmp_path / "ct.nii", np.zeros(shape, np.int16), np.eye(4)))


def test_a_two_dimensional_metaimage(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(HU[:, :, 0]), str(tmp_path / "ct.mha"))
    with refused("36 x 40", "three axes"):
        read_study(tmp_path / "ct.mha")


def test_a_color_nifti(tmp_path):
    rgb = np.zeros((5, 6, 7), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    with refused("color image"):
        read_study(save(tmp_path / "ct.nii", rgb))


def test_a_color_nrrd(tmp_path):
    header = {"kinds": ["RGB-color", "domain", "domain", "domain"], "space": "LPS"}
    header |= {"space directions": np.vstack([[np.nan] * 3, np.eye(3)])}
    nrrd.write(str(tmp_path / "ct.nrrd"), np.zeros((3, 5, 6, 7), np.uint8), header)
    with refused("RGB-color", "one number per voxel"):
        read_study(tmp_path / "ct.nrrd")


def test_a_color_metaimage(tmp_path):
    image = sitk.GetImageFromArray(np.zeros((7, 6, 5, 3), np.uint8), isVector=True)
    sitk.WriteImage(image, str(tmp_path / "ct.mha"))
    with refused("3 numbers per voxel"):
        read_study(tmp_path / "ct.mha")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers_are_counted(tmp_path, value):
    broken = HU.astype(np.float32)
    broken[3, 4, 5:8] = value
    with refused("3 voxels of 28800", "NaN or infinite"):
        read_study(save(tmp_path / "ct.nii", broken))


def test_zero_spacing_in_a_nifti(tmp_path):
    path = save(tmp_path / "ct.nii", HU, np.diag([0.7, 0.9, 2.5, 1]))
    header = bytearray(path.read_bytes())
    header[88:92] = bytes(4)  # pixdim[3]
    header[252:256] = bytes(4)  # qform_code, sform_code
    path.write_bytes(header)
    with refused("spacing 0.7 x 0.9 x 0 mm"):
        read_study(path)


def test_zero_spacing_in_a_nrrd(tmp_path):
    header = {"space": "LPS", "space directions": np.diag([0.7, 0.0, 2.5])}
    nrrd.write(str(tmp_path / "ct.nrrd"), HU, header)
    with refused("spacing 0.7 x 0 x 2.5 mm"):
        read_study(tmp_path / "ct.nrrd")


def test_zero_spacing_in_a_metaimage(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(HU), str(tmp_path / "ct.mhd"))
    text = (tmp_path / "ct.mhd").read_text().replace("ElementSpacing = 1 1 1", "ElementSpacing = 1 0 1")
    (tmp_path / "ct.mhd").write_text(text)
    with refused("spacing 1 x 0 x 1 mm"):
        read_study(tmp_path / "ct.mhd")


def test_a_nrrd_without_spacing(tmp_path):
    nrrd.write(str(tmp_path / "ct.nrrd"), HU)
    with refused("without spacing"):
        read_study(tmp_path / "ct.nrrd")


def test_a_nrrd_in_another_unit(tmp_path):
    header = {"space": "LPS", "space directions": np.eye(3), "space units": ["cm", "cm", "cm"]}
    nrrd.write(str(tmp_path / "ct.nrrd"), HU, header)
    with refused("measured in cm"):
        read_study(tmp_path / "ct.nrrd")


def test_a_nrrd_in_the_frame_of_a_scanner(tmp_path):
    nrrd.write(str(tmp_path / "ct.nrrd"), HU, {"space": "scanner-xyz", "space directions": np.eye(3)})
    with refused("scanner-xyz", "patient space"):
        read_study(tmp_path / "ct.nrrd")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros_like(HU), "the same value (0) in every voxel"),
        (((HU + 1000) // 6).astype(np.uint8), "as an 8-bit picture"),
        ((HU > 0).astype(np.uint8), "values from 0 to 1, as a mask"),
        (HU + 1024, "as an MR or a CT without its rescale intercept"),
        ((HU / 1000).astype(np.float32), "as a mask or a normalized image"),
    ],
)
def test_values_that_are_not_hounsfield_units(tmp_path, array, words):
    with refused(words, "air -1000"):
        read_study(save(tmp_path / "ct.nii", array))


def test_an_image_with_negative_values_but_no_air_is_read_with_a_warning(tmp_path):
    study = read_study(save(tmp_path / "ct.nii", np.maximum(HU, -150)))
    assert "Hardly any voxel is air (lowest value -150)" in study.source.warnings[0]


def test_noise_and_other_parts_of_the_body_are_read_without_a_complaint(tmp_path):
    noise = np.random.default_rng(2).normal(0, 400, HU.shape).astype(np.int16)
    assert read_study(save(tmp_path / "noise.nii", noise)).source.warnings == ()


def test_a_file_without_permission():
    with folder_for_everyone() as folder:
        path = save(folder / "ct.nii", HU)
        path.chmod(0o600)
        with without_privileges(), refused("cannot be read", "permissions"):
            read_study(path)


@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_a_folder_without_permission(mode):
    with folder_for_everyone() as folder:
        (folder / "series").mkdir()
        (folder / "series" / "image").write_bytes(b"x")
        (folder / "series").chmod(mode)
        with without_privileges(), refused("cannot be read", "permissions"):
            read_study(folder / "series")


def test_a_damaged_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and nothing more")
    with refused("a.zip cannot be unpacked"):
        read_study(tmp_path / "a.zip")


def test_an_empty_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w"):
        pass
    with refused("a.zip holds no files"):
        read_study(tmp_path / "a.zip")


def test_a_zip_that_swells_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image", bytes(120 * 2**20))
    with refused("bomb.zip would unpack from 0.1 MiB to 120 MiB"):
        read_study(tmp_path / "bomb.zip")


def test_a_zip_whose_names_point_outside_writes_nothing(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(inside / "a.zip", "w") as archive:
        archive.writestr("../escaped", "text")
        archive.writestr(str(tmp_path / "absolute"), "text")
    with refused("2 files but no DICOM image"):
        read_study(inside / "a.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert [path.name for path in inside.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    ("byte", "value"),
    [(108, "nan"), (108, "inf"), (116, "nan"), (116, "inf")],
    ids=["vox_offset nan", "vox_offset inf", "scl_inter nan", "scl_inter inf"],
)
def test_a_nifti_header_with_numbers_that_are_none(tmp_path, byte, value):
    data = bytearray(save(tmp_path / "ct.nii", HU).read_bytes())
    data[112:116] = np.float32(1).tobytes()
    data[byte : byte + 4] = np.float32(value).tobytes()
    (tmp_path / "ct.nii").write_bytes(data)
    with refused("ct.nii is damaged", "NIfTI"):
        read_study(tmp_path / "ct.nii")


@pytest.mark.parametrize(("field", "complaint"), [("HeaderSize = abc", "HeaderSize"), ("Offset = 1 2", "shape (3,)")])
def test_a_metaimage_header_with_a_broken_field(tmp_path, field, complaint):
    header = f"NDims = 3\nDimSize = 40 36 20\nElementSpacing = 1 1 1\nElementType = MET_SHORT\n{field}\n"
    (tmp_path / "ct.mha").write_bytes(f"{header}ElementDataFile = LOCAL\n".encode() + HU.tobytes(order="F"))
    with refused("ct.mha is damaged", complaint):
        read_study(tmp_path / "ct.mha")


@pytest.mark.parametrize("origin", [b"(1,2)", b"(1)"])
def test_a_nrrd_whose_origin_is_no_point(tmp_path, origin):
    path = tmp_path / "ct.nrrd"
    nrrd.write(str(path), HU, {"space": "LPS", "space directions": np.eye(3), "space origin": [7, 7, 7]})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"(7,7,7)", origin))
    assert path.read_bytes() != whole
    with refused("ct.nrrd is damaged", "space origin"):
        read_study(path)


def test_a_seg_nrrd_that_may_not_be_read():
    with folder_for_everyone() as folder:
        (folder / "a.seg.nrrd").touch(0)
        with without_privileges(), refused("a.seg.nrrd cannot be read", "permissions"):
            is_seg_nrrd(folder / "a.seg.nrrd")


def test_a_dicom_folder_that_may_be_listed_but_not_entered():
    with folder_for_everyone() as folder:
        (folder / "slice").write_text("x")
        folder.chmod(0o644)
        with without_privileges(), refused("cannot be read", "permissions"):
            read_study(folder)
