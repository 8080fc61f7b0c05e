"""DICOM headers -> one record per image plane."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import Entry

_FIRST_ELEMENTS = tuple(bytes((8, 0, element, 0)) for element in (0, 1, 5, 8))
"""How files begin that lack the 128 bytes and the DICM of DICOM part 10."""

DAMAGE = (
    *(InvalidDicomError, BytesLengthException, EOFError, ValueError, NotImplementedError, LookupError, TypeError),
    *(AttributeError, OverflowError, RecursionError, struct.error, zlib.error, zipfile.BadZipFile),
)
"""What pydicom and zipfile raise on damaged files."""

TAGS = [
    "SpecificCharacterSet",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyDate",
    "Modality",
    "Manufacturer",
    "SeriesDescription",
    "SeriesTime",
    "ProtocolName",
    "ContrastBolusAgent",
    "ContrastBolusStartTime",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "SliceThickness",
    "ConvolutionKernel",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "AcquisitionNumber",
    "AcquisitionTime",
    "TemporalPositionIdentifier",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]


@dataclass(frozen=True, eq=False)
class Plane:
    """One image plane as its header describes it; positions are LPS mm.

    position, orientation, spacing_mm: None where the header has none (or nonsense). spacing_mm: between rows, between
    columns. frame: index in a multi-frame file, else None.
    """

    entry: Entry
    header: Dataset
    position: np.ndarray | None
    orientation: np.ndarray | None
    spacing_mm: tuple[float, float] | None
    slope: float
    intercept: float
    frame: int | None = None

    def text(self, keyword: str) -> str:
        """A header value as text; empty if absent or empty."""
        value = self.header.get(keyword)
        return "" if value is None else str(value).strip()

    @property
    def name(self) -> str:
        return self.entry.name if self.frame is None else f"{self.entry.name} frame {self.frame + 1}"

    @property
    def uid(self) -> str:
        return self.text("SOPInstanceUID") + ("" if self.frame is None else f".{self.frame}")

    @property
    def image_type(self) -> tuple[str, ...]:
        value = self.header.get("ImageType") or ()
        return (value,) if isinstance(value, str) else tuple(str(item) for item in value)

    @property
    def size(self) -> tuple[int, int]:
        return int(self.header.Rows), int(self.header.Columns)


def read_planes(entries: Iterable[Entry]) -> tuple[list[Plane], list[str]]:
    """The image planes of all DICOM files among the entries, and the names of DICOM files that are damaged.

    Other files are passed over.
    """
    planes: list[Plane] = []
    broken: list[str] = []
    for entry in entries:
        try:
            header = _header(entry)
            if header is not None and header.get("Rows") and header.get("Columns"):
                planes += list(_planes(entry, header))
        except DAMAGE:
            broken.append(entry.name)
    return planes, broken


def _header(entry: Entry) -> Dataset | None:
    with entry.open() as file:
        start = file.read(132)
        bare = start[:4] in _FIRST_ELEMENTS
        if start[128:] != b"DICM" and not bare:
            return None
        file.seek(0)
        header = pydicom.dcmread(file, stop_before_pixels=True, force=bare, specific_tags=list(TAGS))
    for _element in header.iterall():  # pydicom converts values, and fails on bad ones, only when they are looked at
        pass
    return header


def _planes(entry: Entry, header: Dataset) -> Iterator[Plane]:
    frames = header.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        yield _plane(entry, header, header, None)
        return
    shared = (header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for index, frame in enumerate(frames):
        yield _plane(entry, header, _frame_header(frame, shared), index)


def _frame_header(frame: Dataset, shared: Dataset) -> Dataset:
    """What a classic header would say about one frame of an enhanced image."""
    merged = Dataset()
    for name in ("PlanePosition", "PlaneOrientation", "PixelMeasures", "PixelValueTransformation"):
        items = frame.get(f"{name}Sequence") or shared.get(f"{name}Sequence")
        if items:
            merged.update(items[0])
    return merged


def _plane(entry: Entry, header: Dataset, place: Dataset, frame: int | None) -> Plane:
    spacing = _numbers(place, "PixelSpacing", 2)
    return Plane(
        entry,
        header,
        _numbers(place, "ImagePositionPatient", 3),
        _numbers(place, "ImageOrientationPatient", 6),
        None if spacing is None else (float(spacing[0]), float(spacing[1])),
        _number(entry, place, "RescaleSlope", 1.0),
        _number(entry, place, "RescaleIntercept", 0.0),
        frame,
    )


def _numbers(header: Dataset, keyword: str, count: int) -> np.ndarray | None:
    try:
        value: Any = header.get(keyword)
        numbers = np.array([float(item) for item in value], dtype=np.float64) if value is not None else np.empty(0)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.size == count and np.isfinite(numbers).all() else None


def _number(entry: Entry, header: Dataset, keyword: str, default: float) -> float:
    """A header number; absent or empty counts as the default. Raises InputError where it is not a number."""
    try:
        value = header.get(keyword)
        return default if value is None or value == "" else float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            found=f"{entry.name} has a {keyword} that is not a number",
            expected="a DICOM file with valid rescale values",
            remedy="Export the series again",
        ) from error
