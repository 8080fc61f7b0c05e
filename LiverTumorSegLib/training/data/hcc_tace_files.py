"""The files of one patient of HCC-TACE-Seg: a folder for each series, known by the header of one of its files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pydicom

from LiverTumorSegLib.io.dicom import quiet_pydicom
from LiverTumorSegLib.io.dicom_headers import DAMAGE
from LiverTumorSegLib.training.data.files import files_below

_TAGS = ("StudyDate", "Modality", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_NO_DATE = "99999999"


@dataclass(frozen=True)
class SeriesFolder:
    """One series. study_date: YYYYMMDD; "" where the header has none. file: the one that was looked at."""

    folder: Path
    file: Path
    modality: str
    uid: str
    study_uid: str
    study_date: str
    patient_id: str
    frame_of_reference: str

    @property
    def age(self) -> tuple[str, str]:
        """Sorts studies from the earliest on; those without a date come last."""
        return self.study_date or _NO_DATE, self.study_uid


def series_below(patient: Path) -> list[SeriesFolder]:
    """One for each folder that holds DICOM files, sorted by path; folders without a readable one are passed over.

    As the NBIA Data Retriever writes both its layouts: a folder holds the files of one series.
    """
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in files_below(patient):
        folders[path.parent].append(path)
    with quiet_pydicom():
        found = (_series(folder, files) for folder, files in sorted(folders.items()))
        return [series for series in found if series is not None]


def earliest(series: Iterable[SeriesFolder]) -> list[SeriesFolder]:
    """Those of the earliest study; [] of none."""
    known = list(series)
    first = min((one.age for one in known), default=None)
    return [one for one in known if one.age == first]


def _series(folder: Path, files: list[Path]) -> SeriesFolder | None:
    for file in files:
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS))
            values = {tag: str(header.get(tag) or "").strip() for tag in _TAGS}
        except DAMAGE:
            continue
        return SeriesFolder(
            folder,
            file,
            values["Modality"],
            values["SeriesInstanceUID"],
            values["StudyInstanceUID"],
            values["StudyDate"],
            values["PatientID"],
            values["FrameOfReferenceUID"],
        )
    return None
