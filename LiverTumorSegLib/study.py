"""A CT as it was read: the volume and what its source says about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Source:
    """Where a volume came from. Empty strings: the source does not say.

    kind: nifti, nrrd, metaimage or dicom. sha256: of the file, or of the series' pixel data and geometry. phase and the
    dates are DICOM's own words. slice_thickness_mm is the header's and may differ from the slice spacing.
    """

    path: str
    kind: str
    sha256: str
    series_uid: str = ""
    series_description: str = ""
    study_uid: str = ""
    study_date: str = ""
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    kernel: str = ""
    manufacturer: str = ""
    slice_thickness_mm: float | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"warnings": list(self.warnings)}


@dataclass(frozen=True, eq=False)
class Study:
    """CT in Hounsfield units (int16 or float32) with its source; ``files`` are the DICOM slices in array order."""

    ct: Volume
    source: Source
    files: tuple[str, ...] = field(default=())
