"""What is measured in one examination: plain data, schema 1 of measurements.json.

Values are stored unrounded; front ends show 0.1 mm, 0.1 ml and 0.1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from LiverTumorSegLib.arrays import Vector

SCHEMA = 1

Line = tuple[Vector, Vector]
"""Two end points in patient space (RAS, mm)."""


@dataclass(frozen=True)
class Lesion:
    """One lesion; measured on the acquisition grid.

    id: value in lesions.nii.gz, 1 is the largest. long_axis_mm: the RECIST diameter. short_axis_mm: longest chord
    perpendicular to it in the same slice. feret_mm: largest diameter of the outline whether or not it stays inside the
    lesion. slice_index: index of the slice along ``slice_axis`` of the array (0, 1 or 2). slice_position_mm: S
    coordinate of the long axis' midpoint. flags: machine-readable warnings, see docs/conventions.md.
    """

    id: int
    volume_ml: float
    long_axis_mm: float
    short_axis_mm: float
    feret_mm: float
    long_axis_ras_mm: Line
    short_axis_ras_mm: Line
    slice_axis: int
    slice_index: int
    slice_position_mm: float
    slice_thickness_mm: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReaderDiameters:
    """Lengths of a lesion's lines that a reader has dragged; None for those left as measured."""

    long_axis_mm: float | None = None
    short_axis_mm: float | None = None


ReaderByLesion = dict[int, ReaderDiameters]
"""By lesion id; lesions whose lines nobody has touched are left out."""


@dataclass(frozen=True)
class Measurements:
    """Volumes in ml; liver_ml is the organ (parenchyma, vessels and tumours inside it).

    burden_percent: tumour / organ, None where no liver was found. algorithm: version of the definitions behind the
    diameters (docs/conventions.md).
    """

    liver_ml: float
    vessel_ml: float
    tumor_ml: float
    burden_percent: float | None
    lesions: tuple[Lesion, ...] = ()
    flags: tuple[str, ...] = ()
    algorithm: str = ""

    def to_json(self) -> dict[str, Any]:
        """Schema 1 of measurements.json; keys may be added later, never renamed."""
        return {
            "schema": SCHEMA,
            "liver": {"volume_ml": self.liver_ml},
            "tumor": {"volume_ml": self.tumor_ml, "burden_percent": self.burden_percent},
            "vessel": {"volume_ml": self.vessel_ml},
            "lesions": [_lesion_json(lesion) for lesion in self.lesions],
            "flags": list(self.flags),
            "algorithm": self.algorithm,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Measurements:
        """The inverse of to_json. Raises ValueError on another schema."""
        if data.get("schema") != SCHEMA:
            message = f"measurements of schema {data.get('schema')!r}, this version reads schema {SCHEMA}"
            raise ValueError(message)
        return cls(
            liver_ml=data["liver"]["volume_ml"],
            vessel_ml=data["vessel"]["volume_ml"],
            tumor_ml=data["tumor"]["volume_ml"],
            burden_percent=data["tumor"]["burden_percent"],
            lesions=tuple(_lesion_from_json(item) for item in data["lesions"]),
            flags=tuple(data["flags"]),
            algorithm=data.get("algorithm", ""),
        )


_LINES = ("long_axis_ras_mm", "short_axis_ras_mm")


def _lesion_json(lesion: Lesion) -> dict[str, Any]:
    plain = {name: getattr(lesion, name) for name in Lesion.__dataclass_fields__}
    lines = {name: [list(point) for point in plain[name]] for name in _LINES}
    return plain | lines | {"flags": list(lesion.flags)}


def _lesion_from_json(item: dict[str, Any]) -> Lesion:
    known = {name: item[name] for name in Lesion.__dataclass_fields__}
    lines = {name: tuple(tuple(point) for point in item[name]) for name in _LINES}
    return Lesion(**(known | lines | {"flags": tuple(item["flags"])}))
