"""A DICOM segmentation of HCC-TACE-Seg: what its segments are, where its frames lie, which slices they were drawn on.

Read with pydicom, which reads the CTs too: a frame is a few values of the header and a plane of bits. highdicom, which
writes the tests' files, would be one more package for its users and refuses files that bend the standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom import quiet_pydicom
from LiverTumorSegLib.io.dicom_headers import DAMAGE
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.io.raw import unreadable
from LiverTumorSegLib.labels import LIVER, PORTAL_VEIN, TUMOR


class Part(StrEnum):
    """What the annotators drew."""

    LIVER = "liver"
    TUMOR = "tumor"
    PORTAL_VEIN = "portal vein"
    AORTA = "aorta"


_OF_LABELS = {LIVER.name: Part.LIVER, TUMOR.name: Part.TUMOR, PORTAL_VEIN.name: Part.PORTAL_VEIN}
_CODES = {
    "T-62000": Part.LIVER,
    "M-03000": Part.TUMOR,
    "T-48810": Part.PORTAL_VEIN,
    "T-42000": Part.AORTA,
    "T-42500": Part.AORTA,
    "15825003": Part.AORTA,
    "7832008": Part.AORTA,
}
"""SNOMED RT, in which older files are coded, and the aorta of SNOMED CT; the rest of SNOMED CT: io/label_names."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A plane of one segment. position: LPS mm of its first pixel; orientation: (6,) along a row, along a column.

    spacing_mm: between rows, between columns. source: SOP instance of the (first) slice that it was drawn on, or "".
    part: None for a segment that is not known.
    """

    index: int
    part: Part | None
    position: np.ndarray
    orientation: np.ndarray
    spacing_mm: tuple[float, float]
    source: str


@dataclass(frozen=True, eq=False)
class SegmentationHeader:
    """size: rows, columns. segments: their names with what they are. series_uids, instance_uids: of the CT."""

    path: Path
    size: tuple[int, int]
    frames: tuple[Frame, ...]
    segments: tuple[tuple[str, Part | None], ...]
    series_uids: frozenset[str]
    instance_uids: frozenset[str]
    frame_of_reference: str

    @property
    def sources(self) -> frozenset[str]:
        """Slices that frames were drawn on; where no frame says so, all that the file names."""
        return frozenset(frame.source for frame in self.frames if frame.source) or self.instance_uids


def read_header(path: Path) -> SegmentationHeader:
    """Raises InputError for a damaged file and for one that is no binary segmentation."""
    return _header(path, _dataset(path, pixels=False))


def read_frames(path: Path) -> tuple[SegmentationHeader, np.ndarray]:
    """Also the pixels: bool (frames, rows, columns). Raises InputError as ``read_header``, and for damaged pixels."""
    dataset = _dataset(path, pixels=True)
    header = _header(path, dataset)
    try:
        with quiet_pydicom():
            pixels = np.asarray(dataset.pixel_array).reshape(-1, *header.size) != 0
    except DAMAGE as error:
        raise _damaged(path, str(error)) from error
    if len(pixels) != len(header.frames):
        raise _damaged(path, f"{len(pixels)} planes of pixels, {len(header.frames)} in the header")
    return header, pixels


def part_of(segment: Dataset) -> Part | None:
    """What a segment is, by its label, else by its code; its number says nothing. None for another structure."""
    label = str(segment.get("SegmentLabel") or "")
    if re.search(r"\baorta\b", label, re.IGNORECASE):
        return Part.AORTA
    coded = segment.get("SegmentedPropertyTypeCodeSequence") or [Dataset()]
    code = str(coded[0].get("CodeValue") or "")
    named = label_of((label,)) or label_of((), code)
    return _OF_LABELS.get(named.name) if named is not None else _CODES.get(code)


def _dataset(path: Path, *, pixels: bool) -> Dataset:
    try:
        with quiet_pydicom():
            return pydicom.dcmread(path, stop_before_pixels=not pixels)
    except OSError as error:
        raise unreadable(path, error) from error
    except DAMAGE as error:
        raise _damaged(path, str(error)) from error


def _header(path: Path, dataset: Dataset) -> SegmentationHeader:
    kind = dataset.get("SegmentationType") or dataset.get("Modality")
    if kind != "BINARY":
        raise InputError(
            found=f"{path.name} is no binary segmentation ({kind})",
            expected="a DICOM segmentation of the type BINARY",
            remedy="Download the segmentations again",
        )
    try:
        with quiet_pydicom():
            parts = {int(segment.SegmentNumber): part_of(segment) for segment in dataset.SegmentSequence}
            series = list(dataset.get("ReferencedSeriesSequence") or ())
            return SegmentationHeader(
                path,
                (int(dataset.Rows), int(dataset.Columns)),
                tuple(_frames(dataset, parts)),
                tuple((str(one.get("SegmentLabel") or ""), part_of(one)) for one in dataset.SegmentSequence),
                frozenset(str(one.SeriesInstanceUID) for one in series),
                frozenset(
                    str(instance.ReferencedSOPInstanceUID)
                    for one in series
                    for instance in one.get("ReferencedInstanceSequence") or ()
                ),
                str(dataset.get("FrameOfReferenceUID") or ""),
            )
    except DAMAGE as error:
        raise _damaged(path, str(error)) from error


def _frames(dataset: Dataset, parts: dict[int, Part | None]) -> Iterator[Frame]:
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for index, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        measures = _item("PixelMeasuresSequence", groups, shared)
        rows_mm, columns_mm = (float(value) for value in measures.PixelSpacing)
        number = int(_item("SegmentIdentificationSequence", groups, shared).ReferencedSegmentNumber)
        yield Frame(
            index,
            parts[number],
            _numbers(_item("PlanePositionSequence", groups, shared).ImagePositionPatient),
            _numbers(_item("PlaneOrientationSequence", groups, shared).ImageOrientationPatient),
            (rows_mm, columns_mm),
            _source(groups),
        )


def _item(keyword: str, groups: Dataset, shared: Dataset) -> Dataset:
    """Of the frame, else of all frames. Raises LookupError where neither says it."""
    found: Dataset = (groups.get(keyword) or shared.get(keyword) or [])[0]
    return found


def _source(groups: Dataset) -> str:
    for derivation in groups.get("DerivationImageSequence") or ():
        for source in derivation.get("SourceImageSequence") or ():
            return str(source.ReferencedSOPInstanceUID)
    return ""


def _numbers(values: Iterable[float]) -> np.ndarray:
    return np.array([float(value) for value in values], dtype=np.float64)


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        found=f"{path.name} is a damaged segmentation ({why or 'it cannot be read'})",
        expected="a DICOM segmentation whose frames say their segment, position, orientation and spacing",
        remedy="Download it again",
    )
