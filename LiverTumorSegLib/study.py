"""A CT as it was read: the volume and what its source says about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Source:
    """Where a volume came from. Empty strings: the source does not say.

    kind: nifti, nrrd, metaimage or dicom. sha256: of the file, or of the series' pixel data and geometry. Dates, times
    (HHMMSS.f), descriptions, protocol and agent are DICOM's own words; contrast_start_time is that of the injection.
    slice_thickness_mm is the header's and may differ from the slice spacing.
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
    protocol_name: str = ""
    series_time: str = ""
    acquisition_time: str = ""
    contrast_agent: str = ""
    contrast_start_time: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"warnings": list(self.warnings)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Source:
        """The inverse of to_json; keys missing in older files keep their defaults, unknown ones are dropped."""
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        empty = {"path": "", "kind": "", "sha256": ""}
        return cls(**(empty | known | {"warnings": tuple(known.get("warnings") or ())}))


@dataclass(frozen=True, eq=False)
class Study:
    """CT in Hounsfield units (int16 or float32) with its source; ``files`` are the DICOM slices in array order."""

    ct: Volume
    source: Source
    files: tuple[str, ...] = field(default=())
