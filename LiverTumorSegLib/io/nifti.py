"""NIfTI in and out: a file is read once, hashed and unpacked in memory; the name's ending does not matter."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import RawImage, damaged, not_scalar, read_bytes, sha256, spatial_shape
from LiverTumorSegLib.volume import Volume

GZIP_LEVEL = 1
"""A label map of 34 MB: level 1 takes a sixth of the time of level 6, both give well under 1 MB."""

_MM_PER_UNIT = {"meter": 1e3, "micron": 1e-3}
_MAX_UNPACKED = 2**35
_FORMS_APART_MM = 0.1


def read_nifti(path: Path) -> RawImage:
    """A NIfTI-1 or -2 single file, plain or gzipped, as stored values with scl_slope and scl_inter applied.

    The affine is the sform, else the qform; with neither, the spacing alone is used and a warning says so. array is
    read-only where no scaling was needed. Raises InputError for damaged, 2D, 4D, color and complex images.
    """
    packed = read_bytes(path)
    data = gunzip(path, packed) if packed[:2] == b"\x1f\x8b" else packed
    header = _header(path, data)
    shape = spatial_shape(path, tuple(int(n) for n in header.get_data_shape()))
    affine, warnings = _affine(path, header)
    return RawImage(path, "nifti", _voxels(path, data, header, shape), affine, sha256(packed), warnings)


def gunzip(path: Path, packed: bytes) -> bytes:
    """Unpacks all members of a gzip file. Raises InputError if it ends early or swells beyond any CT."""
    parts, total = [], 0
    while packed[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(packed, _MAX_UNPACKED - total + 1))
        except zlib.error as error:
            raise damaged(path, f"gzip: {error}") from error
        total += len(parts[-1])
        if total > _MAX_UNPACKED:
            raise damaged(path, "it unpacks to more than 32 GiB")
        if not member.eof:
            raise damaged(path, "the compressed data end early")
        packed = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def is_nifti(start: bytes) -> bool:
    """Whether a file that starts with these (unpacked) bytes has a NIfTI header."""
    size = start[:4]
    return size in (b"\x5c\x01\0\0", b"\0\0\x01\x5c", b"\x1c\x02\0\0", b"\0\0\x02\x1c")


def write_nifti(path: Path, volume: Volume) -> None:
    """A NIfTI with the volume's own dtype, gzipped if its name says so (.gz); sform always, qform where orthogonal.

    The header stores the affine as float32. The bytes depend on the volume alone.
    """
    image = nib.Nifti1Image(volume.array, volume.affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(volume.affine, code=1)
    if _is_orthogonal(volume.affine):
        image.set_qform(volume.affine, code=1)
    else:
        image.header["qform_code"] = 0
    data = image.to_bytes()
    path.write_bytes(gzip.compress(data, compresslevel=GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else data)


def _header(path: Path, data: bytes) -> Any:
    second = data[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c")
    kind = nib.Nifti2Header if second else nib.Nifti1Header
    try:
        header = kind.from_fileobj(io.BytesIO(data), check=False)
        header.get_data_dtype(), header.get_data_shape()
    except (HeaderDataError, WrapStructError, OSError, ValueError, KeyError) as error:
        raise damaged(path, f"NIfTI header: {error}") from error
    if bytes(header["magic"])[:3] in (b"ni1", b"ni2"):
        raise InputError(
            found=f"{path.name} is the header of a two-file NIfTI (.hdr and .img)",
            expected="a single file (.nii or .nii.gz)",
            remedy="Convert it to .nii.gz",
        )
    return header


def _voxels(path: Path, data: bytes, header: Any, shape: tuple[int, int, int]) -> np.ndarray:
    dtype = header.get_data_dtype()
    if dtype.fields or dtype.kind not in "iuf":
        raise not_scalar(path, "a color image" if dtype.fields else f"an image of {dtype} numbers")
    (slope, inter), offset = _scaling(path, header), _offset(path, header)
    count = int(np.prod(shape, dtype=np.int64))
    if not 0 <= offset <= len(data) - count * dtype.itemsize:
        share = max(0, len(data) - max(0, offset)) / (count * dtype.itemsize)
        raise damaged(path, f"{share:.0%} of its voxels are there")
    stored = np.frombuffer(data, dtype, count, offset).reshape(shape, order="F")
    if slope == 1 and inter == 0:
        return stored
    return stored.astype(np.float32) * np.float32(slope) + np.float32(inter)


def _scaling(path: Path, header: Any) -> tuple[float, float]:
    """Slope and intercept; 1 and 0 where the header leaves them out."""
    try:
        slope, inter = header.get_slope_inter()
    except HeaderDataError as error:
        raise damaged(path, f"NIfTI header: {error}") from error
    return (1.0, 0.0) if slope is None else (float(slope), float(inter or 0.0))


def _offset(path: Path, header: Any) -> int:
    """Where the voxels begin; NIfTI-1 stores it as float32."""
    try:
        return int(header.get_data_offset())
    except (ValueError, OverflowError) as error:
        raise damaged(path, f"NIfTI vox_offset: {error}") from error


def _affine(path: Path, header: Any) -> tuple[Affine, tuple[str, ...]]:
    sform = header.get_sform() if header["sform_code"] > 0 else None
    try:
        qform = header.get_qform() if header["qform_code"] > 0 else None
    except (HeaderDataError, ValueError) as error:
        if sform is None:
            raise damaged(path, f"NIfTI qform: {error}") from error
        qform = None
    return _choose_form(header, sform, qform, _mm_per_unit(header))


def _choose_form(header: Any, sform: Affine | None, qform: Affine | None, mm: float) -> tuple[Affine, tuple[str, ...]]:
    scale = np.diag([mm, mm, mm, 1.0])
    if sform is not None:
        apart = 0.0 if qform is None else float(np.abs(sform - qform).max()) * mm
        disagree = f"The header's two positions (sform, qform) differ by {apart:.1f} mm; the sform is used."
        return scale @ sform, (disagree,) if apart > _FORMS_APART_MM else ()
    if qform is not None:
        return scale @ qform, ()
    return scale @ header.get_base_affine(), (
        "The header does not say how the patient lies; the axes were taken as left, anterior, superior.",
    )


def _mm_per_unit(header: Any) -> float:
    try:
        return _MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    except KeyError:
        return 1.0


def _is_orthogonal(affine: Affine) -> bool:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < 1e-5)
