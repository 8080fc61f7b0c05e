"""MetaImage (.mha, .mhd): a text header and plain or zlib-packed voxels.

ITK reads it too, but prints complaints of its own about damaged files.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.affine import ras_from_lps
from LiverTumorSegLib.io.raw import RawImage, content_sha256, damaged, not_scalar, read_bytes, sha256, spatial_shape

_DTYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_MAX_HEADER_BYTES = 2**16


def is_metaimage(start: bytes) -> bool:
    """Whether a file that starts with these bytes has a MetaImage header."""
    keys = {line.split(b"=")[0].strip() for line in start.splitlines()[:20] if b"=" in line}
    return bool({b"ObjectType", b"NDims", b"DimSize"} & keys)


def read_metaimage(path: Path) -> RawImage:
    """Raises InputError for damaged, 2D, 4D and color images, for ASCII voxels and for data in several files."""
    data = read_bytes(path)
    header, body = _split(path, data)
    try:
        shape = tuple(int(n) for n in header["DimSize"].split())
        channels = int(header.get("ElementNumberOfChannels", "1"))
        affine, file = _affine(header, len(shape)), header["ElementDataFile"]
    except (KeyError, ValueError) as error:
        raise damaged(path, f"MetaImage header: {error}") from error
    if channels != 1:
        raise not_scalar(path, f"an image of {channels} numbers per voxel")
    spatial = spatial_shape(path, shape)
    array = _voxels(path, header, body if file == "LOCAL" else _other_file(path, file), spatial)
    digest = sha256(data) if file == "LOCAL" else content_sha256(array, affine)
    return RawImage(path, "metaimage", array, affine, digest)


def _split(path: Path, data: bytes) -> tuple[dict[str, str], bytes]:
    """Header fields and what follows the line that ends them."""
    end = data.find(b"ElementDataFile", 0, _MAX_HEADER_BYTES)
    stop = data.find(b"\n", end)
    if end < 0:
        raise damaged(path, "MetaImage header without ElementDataFile")
    text = data[: stop if stop >= 0 else len(data)].decode("latin-1")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}, data[stop + 1 :] if stop >= 0 else b""


def _affine(header: dict[str, str], axes: int) -> Affine:
    """ijk -> RAS of the first three axes; the matrix lists one axis' direction after the other, in LPS."""
    names = (("TransformMatrix", "Rotation", "Orientation"), ("Offset", "Origin", "Position"))
    matrix, offset = (next((header[name] for name in options if name in header), "") for options in names)
    directions = np.array(matrix.split() or np.eye(axes).ravel(), dtype=np.float64).reshape(axes, axes)
    spacing = np.array(header.get("ElementSpacing", header.get("ElementSize", "")).split(), dtype=np.float64)
    lps = np.eye(4)
    lps[:3, :3] = directions[:3, :3].T * spacing[:3] if spacing.size == axes >= 3 else np.zeros((3, 3))
    lps[:3, 3] = np.array(offset.split() or ["0"] * axes, dtype=np.float64).reshape(axes)[:3] if axes >= 3 else 0.0
    return ras_from_lps(lps)


def _other_file(path: Path, name: str) -> bytes:
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(
            found=f"{path.name} has its voxels in several files",
            expected="one .mha, or one .mhd with one data file",
            remedy="Save it again as .mha or .nii.gz",
        )
    if not name.isprintable():
        raise damaged(path, "MetaImage header names no data file")
    return read_bytes(path.parent / Path(name.replace("\\", "/")).name)


def _voxels(path: Path, header: dict[str, str], body: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    kind = _DTYPES.get(header.get("ElementType", ""))
    if kind is None or header.get("BinaryData", "True").lower() != "true":
        raise damaged(path, f"voxels of type {header.get('ElementType', 'unknown')} cannot be read")
    big = "true" in (header.get(name, "").lower() for name in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"))
    dtype = np.dtype((">" if big else "<") + kind)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if header.get("CompressedData", "False").lower() == "true":
        body = _inflate(path, body, size)
    start = _start(path, header)
    start = len(body) - size if start == -1 else start
    if start < 0 or len(body) < start + size:
        raise damaged(path, f"{max(0, len(body) - max(start, 0)) / size:.0%} of its voxels are there")
    return np.frombuffer(body, dtype, size // dtype.itemsize, start).reshape(shape, order="F")


def _start(path: Path, header: dict[str, str]) -> int:
    """Bytes before the voxels; -1: they are the last of the file."""
    try:
        return int(header.get("HeaderSize") or 0)
    except ValueError as error:
        raise damaged(path, f"MetaImage HeaderSize: {error}") from error


def _inflate(path: Path, body: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(body, size)
    except zlib.error as error:
        raise damaged(path, f"zlib: {error}") from error
