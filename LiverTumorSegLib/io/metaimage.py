"""MetaImage (.mha, .mhd) through ITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import ras_from_lps
from LiverTumorSegLib.io.raw import RawImage, content_sha256, damaged, not_scalar, read_bytes, spatial_shape


def is_metaimage(start: bytes) -> bool:
    """Whether a file that starts with these bytes has a MetaImage header."""
    keys = [line.split(b"=")[0].strip() for line in start.splitlines()[:20] if b"=" in line]
    return bool({b"ObjectType", b"NDims", b"DimSize"} & set(keys))


def read_metaimage(path: Path) -> RawImage:
    """Raises InputError for damaged, 2D, 4D and color images and for a spacing of zero."""
    import SimpleITK as sitk

    _refuse_zero_spacing(path)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    except RuntimeError as error:
        raise damaged(path, _last_line(error)) from error
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise not_scalar(path, f"an image of {image.GetNumberOfComponentsPerPixel()} numbers per voxel")
    spatial_shape(path, image.GetSize())
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    lps = np.eye(4)
    lps[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    lps[:3, 3] = image.GetOrigin()
    array, affine = sitk.GetArrayFromImage(image).T, ras_from_lps(lps)
    return RawImage(path, "metaimage", array, affine, content_sha256(array, affine))


def _refuse_zero_spacing(path: Path) -> None:
    for line in read_bytes(path)[:4096].splitlines():
        key, _, value = line.partition(b"=")
        if key.strip() in (b"ElementSpacing", b"ElementSize") and any(_is_zero(item) for item in value.split()):
            raise InputError(
                found=f"{path.name} has a spacing of {value.decode(errors='replace').strip()} mm",
                expected="a positive spacing along three axes",
                remedy="Correct the header or export the CT again",
            )


def _is_zero(text: bytes) -> bool:
    try:
        return float(text) <= 0
    except ValueError:
        return True


def _last_line(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].split("): ")[-1] if lines else "unknown reason"
