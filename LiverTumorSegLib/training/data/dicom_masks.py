"""A mask that was stored as a DICOM series of its own -> voxels of the CT it was drawn on."""

from __future__ import annotations

import warnings
from pathlib import PurePath

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import Entry
from LiverTumorSegLib.io.dicom_geometry import sort_planes
from LiverTumorSegLib.io.dicom_headers import Plane, read_planes
from LiverTumorSegLib.io.dicom_pixels import read_hounsfield
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.volume import Volume

MAX_VALUES = 2
"""Values beside 0 that a mask may have: more is a CT or a label map."""
_MAX_NAMED = 3


def read_dicom_mask(name: str, entries: list[Entry], study: Study) -> Mask:
    """Where the stored values are not 0, (i, j, k) on the grid of a study that was read from DICOM.

    name: of the mask, for messages. Slices are put where their positions say; where headers have none, by the file
    names, which must be those of the CT's slices. Raises InputError for damaged files, for other slices than the CT's,
    and for values unlike a mask's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, one for every value that bends the standard in every slice
        return _read(name, entries, study)


def _read(name: str, entries: list[Entry], study: Study) -> Mask:
    planes, broken = read_planes(entries)
    if broken:
        raise InputError(
            found=f"{len(broken)} damaged DICOM files in {name} ({', '.join(broken[:_MAX_NAMED])})",
            expected="a readable mask for every slice of the CT",
            remedy="Download or unpack the masks again",
        )
    if len(planes) != study.ct.shape[2]:
        raise InputError(
            found=f"{len(planes)} slices in {name}",
            expected=f"a mask for each of the {study.ct.shape[2]} slices of {study.source.path}",
            remedy="Download or unpack images and masks again",
        )
    ordered = _ordered(name, planes, study)
    return _inside(name, read_hounsfield(ordered), ordered)


def _ordered(name: str, planes: list[Plane], study: Study) -> list[Plane]:
    if any(plane.position is None or plane.orientation is None or plane.spacing_mm is None for plane in planes):
        return _by_names(name, planes, study)
    ordered, affine = sort_planes(tuple(planes))
    rows, columns = ordered[0].size
    grid = Volume(np.broadcast_to(np.uint8(0), (columns, rows, len(ordered))), affine)
    if not grid.same_grid(study.ct):
        raise _other_grid(name, grid.describe_grid(), study)
    return ordered


def _by_names(name: str, planes: list[Plane], study: Study) -> list[Plane]:
    by_name = {PurePath(plane.entry.name).name: plane for plane in planes}
    slices = [PurePath(file).name for file in study.files]
    rows, columns = planes[0].size
    if sorted(by_name) != sorted(slices) or (columns, rows) != study.ct.shape[:2]:
        raise _other_grid(name, f"{columns} x {rows} pixels in files such as {min(by_name)}, without positions", study)
    return [by_name[file] for file in slices]


def _inside(name: str, values: np.ndarray, planes: list[Plane]) -> Mask:
    background = np.array([plane.intercept for plane in planes]).astype(values.dtype)
    inside = values != background
    found = np.unique(values[inside])
    if found.size > MAX_VALUES:
        raise InputError(
            found=f"{found.size} different values in {name}, like a CT or a label map",
            expected="a mask: 0 outside, 255 inside",
            remedy="Give MASKS_DICOM, not LABELLED_DICOM or PATIENT_DICOM",
        )
    return np.asarray(inside)


def _other_grid(name: str, what: str, study: Study) -> InputError:
    return InputError(
        found=f"{name} has another grid than its image: {what}",
        expected=f"the image's voxels: {study.ct.describe_grid()}",
        remedy="Check that masks and images are of the same patient",
    )
