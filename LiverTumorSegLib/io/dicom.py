"""A folder or a zip of DICOM files -> one CT."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.archive import Entry, folder_entries, zip_entries
from LiverTumorSegLib.io.dicom_geometry import MIN_TILT_DEGREES, sort_planes, tilt_degrees
from LiverTumorSegLib.io.dicom_headers import Plane, read_planes
from LiverTumorSegLib.io.dicom_pixels import read_hounsfield
from LiverTumorSegLib.io.dicom_series import choose_series, find_series
from LiverTumorSegLib.io.raw import content_sha256
from LiverTumorSegLib.io.validate import as_hounsfield, check_hounsfield, refuse_non_finite
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

_MAX_NAMED = 3


def read_dicom_folder(folder: Path, series: str | None = None) -> Study:
    """The CT series below a folder; files that are not DICOM are passed over.

    series: which one, see choose_series. Raises InputError if there is none, several, or one that cannot be measured.
    """
    return _read(folder, folder_entries(folder), series)


def read_dicom_zip(path: Path, series: str | None = None) -> Study:
    """The same from a zip, without unpacking it to disk."""
    with zip_entries(path) as entries:
        return _read(path, entries, series)


def read_dicom_file(path: Path) -> Study:
    """An enhanced multi-frame CT. Raises InputError for a single slice, naming the folder to give instead."""
    entry = Entry(path.name, path)
    planes, _ = _planes([entry])
    if len(planes) == 1:
        raise InputError(
            found=f"{path.name} is one DICOM slice",
            expected="the folder that holds all slices of the series",
            remedy=f"Give {path.parent}",
        )
    return _read(path, [entry], None)


def _read(path: Path, entries: list[Entry], wanted: str | None) -> Study:
    planes, broken = _planes(entries)
    if not planes:
        raise _no_dicom(path, entries, broken)
    found, notes = find_series(planes)
    chosen = choose_series(found, wanted)
    ordered, affine = sort_planes(chosen.planes)
    with quiet_pydicom():
        stored = read_hounsfield(ordered)
    refuse_non_finite(path.name, stored)
    notes += check_hounsfield(path.name, stored)
    ct = Volume(as_hounsfield(stored), affine)
    notes += _damaged_note(broken) + _tilt_note(ct) + _unit_note(ordered[0])
    return Study(ct, _source(path, ct, ordered[0], notes), tuple(plane.entry.name for plane in ordered))


def _planes(entries: list[Entry]) -> tuple[list[Plane], list[str]]:
    with quiet_pydicom():
        return read_planes(entries)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """It warns of every value that bends the standard and logs stack traces of decoders that give up."""
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _source(path: Path, ct: Volume, plane: Plane, notes: tuple[str, ...]) -> Source:
    thickness = plane.text("SliceThickness")
    kernel = plane.header.get("ConvolutionKernel") or ""
    return Source(
        path=str(path),
        kind="dicom",
        sha256=content_sha256(ct.array, ct.affine),
        series_uid=plane.text("SeriesInstanceUID"),
        series_description=plane.text("SeriesDescription"),
        study_uid=plane.text("StudyInstanceUID"),
        study_date=plane.text("StudyDate"),
        patient_id=plane.text("PatientID"),
        patient_name=plane.text("PatientName"),
        patient_birth_date=plane.text("PatientBirthDate"),
        patient_sex=plane.text("PatientSex"),
        kernel=kernel if isinstance(kernel, str) else " ".join(map(str, kernel)),
        manufacturer=plane.text("Manufacturer"),
        slice_thickness_mm=float(thickness) if thickness else None,
        warnings=notes,
        protocol_name=plane.text("ProtocolName"),
        series_time=plane.text("SeriesTime"),
        acquisition_time=plane.text("AcquisitionTime"),
        contrast_agent=plane.text("ContrastBolusAgent"),
        contrast_start_time=plane.text("ContrastBolusStartTime"),
    )


def _no_dicom(path: Path, entries: list[Entry], broken: list[str]) -> InputError:
    volumes = [entry.name for entry in entries if entry.name.endswith((".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"))]
    what = f"{len(entries)} files" if entries else "no files"
    remedy = f"Give the file itself, such as {path / volumes[0]}" if volumes else "Give the folder of the CT series"
    damaged = f", {len(broken)} of them damaged" if broken else ""
    return InputError(
        found=f"{path} holds {what} but no DICOM image{damaged}", expected="the slices of a CT series", remedy=remedy
    )


def _damaged_note(broken: list[str]) -> tuple[str, ...]:
    if not broken:
        return ()
    return (f"Left out {len(broken)} damaged DICOM files: {', '.join(broken[:_MAX_NAMED])}.",)


def _tilt_note(ct: Volume) -> tuple[str, ...]:
    angle = tilt_degrees(ct.affine)
    if angle < MIN_TILT_DEGREES:
        return ()
    return (f"The slices are stacked at a tilt of {angle:.1f} degrees (gantry tilt); measured as acquired.",)


def _unit_note(plane: Plane) -> tuple[str, ...]:
    unit = plane.text("RescaleType")
    return (f"The series gives its values in {unit}, not HU.",) if unit not in ("", "HU") else ()
