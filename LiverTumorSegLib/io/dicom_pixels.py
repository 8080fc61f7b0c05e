"""Pixel data of ordered planes -> Hounsfield units, each file read once."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom_headers import DAMAGE, Plane

_INT16 = np.iinfo(np.int16)


def read_hounsfield(planes: list[Plane]) -> np.ndarray:
    """Planes stacked to (i, j, k): int16 where slopes and intercepts are whole numbers, else float32.

    Slope and intercept are those of each plane. Raises InputError naming the file whose pixels cannot be read.
    """
    whole = all(float(value).is_integer() for plane in planes for value in (plane.slope, plane.intercept))
    rows, columns = planes[0].size
    stack = np.empty((len(planes), rows, columns), dtype=np.int16 if whole else np.float32)
    frames: dict[str, np.ndarray] = {}
    for k, plane in enumerate(planes):
        if plane.entry.name not in frames:
            frames = {plane.entry.name: _stored_pixels(plane)}
        stack = _put(stack, k, plane, _pixels_of(plane, frames[plane.entry.name]))
    return stack.T


def _pixels_of(plane: Plane, stored: np.ndarray) -> np.ndarray:
    """The plane's own (rows, columns); pydicom gives no axis of frames to a file that has one frame."""
    if plane.frame is None:
        return stored
    frames = stored[np.newaxis] if stored.ndim == 2 else stored
    if plane.frame >= len(frames):
        raise _unreadable(plane, f"{len(frames)} frames where the header describes frame {plane.frame + 1}")
    return frames[plane.frame]


def _put(stack: np.ndarray, k: int, plane: Plane, stored: np.ndarray) -> np.ndarray:
    """Rescales one plane into the stack; the stack becomes float32 where int16 is too small."""
    if stored.shape != stack.shape[1:]:
        raise _unreadable(plane, f"{stored.shape} pixels where the header says {stack.shape[1:]}")
    if stack.dtype == np.int16 and stored.dtype == np.int16 and plane.slope == 1 and plane.intercept == 0:
        stack[k] = stored
        return stack
    if stack.dtype == np.float32:
        stack[k] = stored * np.float64(plane.slope) + plane.intercept
        return stack
    values = stored.astype(np.int64) * int(plane.slope) + int(plane.intercept)
    if values.max() > _INT16.max or values.min() < _INT16.min:
        return _put(stack.astype(np.float32), k, plane, stored)
    stack[k] = values
    return stack


def _stored_pixels(plane: Plane) -> np.ndarray:
    """Stored values of all frames of the plane's file, before rescaling."""
    data = plane.entry.read()
    try:
        file = pydicom.dcmread(io.BytesIO(data), force=True)
        _name_bare_syntax(file)
        syntax = UID(file.file_meta.TransferSyntaxUID)
    except DAMAGE as error:
        raise _unreadable(plane, str(error)) from error
    if "PixelData" not in file:
        raise _unreadable(plane, "no pixel data, the file ends early")
    try:
        return np.asarray(file.pixel_array)
    except (NotImplementedError, RuntimeError) as error:
        if not (syntax.is_transfer_syntax and syntax.is_compressed):
            raise _unreadable(plane, str(error)) from error
        return _by_gdcm(plane, data, syntax)
    except DAMAGE as error:
        raise _unreadable(plane, str(error)) from error


def _name_bare_syntax(file: FileDataset) -> None:
    if not file.file_meta.get("TransferSyntaxUID"):
        file.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def _by_gdcm(plane: Plane, data: bytes, syntax: UID) -> np.ndarray:
    """Stored values of a compressed file by ITK's GDCM, which applies slope and intercept: they are taken off again."""
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "slice.dcm"
        file.write_bytes(data)
        try:
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
            values = sitk.GetArrayFromImage(sitk.ReadImage(str(file), imageIO="GDCMImageIO"))
        except RuntimeError as error:
            raise _unreadable(plane, f"no decoder for {syntax.name}") from error
    stored = (values.astype(np.float64) - plane.intercept) / plane.slope
    frames = np.rint(stored).astype(np.int32)
    return frames if plane.frame is not None else frames.reshape(frames.shape[-2:])


def _unreadable(plane: Plane, reason: str) -> InputError:
    return InputError(
        found=f"the pixels of {plane.entry.name} cannot be read ({reason})",
        expected="a complete DICOM file in a known compression",
        remedy="Copy or export the series again, uncompressed if possible",
    )
