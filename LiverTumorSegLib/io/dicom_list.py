"""The CT series of a DICOM folder or zip, by their headers alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.io.archive import Entry, folder_entries, zip_entries
from LiverTumorSegLib.io.dicom import quiet_pydicom
from LiverTumorSegLib.io.dicom_headers import Plane, read_planes
from LiverTumorSegLib.io.dicom_series import Series, find_series, heights_mm

AXIAL_SHARE = 0.7
"""S component of the slices' normal from which on a series counts as axial, however tilted."""


@dataclass(frozen=True)
class ListedSeries:
    """selector: what ``read_study`` takes to read it. extent_mm: from the first to the last slice."""

    selector: str
    study_uid: str
    summary: str
    extent_mm: float
    is_axial: bool


def list_series(path: Path) -> tuple[ListedSeries, ...]:
    """In the order of ``choose_series``; () where the folder or zip holds no DICOM image.

    Raises InputError if there are DICOM images but no CT series among them.
    """
    if path.is_dir():
        planes = _planes(folder_entries(path))
    else:
        with zip_entries(path) as entries:
            planes = _planes(entries)
    if not planes:
        return ()
    found, _ = find_series(planes)
    return tuple(_listed(n, series) for n, series in enumerate(found, start=1))


def _planes(entries: list[Entry]) -> list[Plane]:
    with quiet_pydicom():
        return read_planes(entries)[0]


def _listed(number: int, series: Series) -> ListedSeries:
    first = series.planes[0]
    heights = heights_mm(series.planes)
    orientation = np.asarray(first.orientation, dtype=np.float64)
    normal = np.cross(orientation[:3], orientation[3:])
    return ListedSeries(
        selector=f"#{number}",
        study_uid=first.text("StudyInstanceUID"),
        summary=series.summary(),
        extent_mm=float(np.ptp(heights)),
        is_axial=bool(abs(normal[2]) >= AXIAL_SHARE),
    )
