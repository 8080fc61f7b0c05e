"""What is measured in one examination: plain data, schema 1 of measurements.json.

Values are stored unrounded; front ends show 0.1 mm, 0.1 ml and 0.1 %.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from LiverTumorSegLib.arrays import Vector

SCHEMA = 1
SECOND_PERCENT = 20.0
"""Of a lesion: from so much on, a further segment is named."""

Line = tuple[Vector, Vector]
"""Two end points in patient space (RAS, mm)."""


@dataclass(frozen=True)
class Appearance:
    """How a lesion looks in the CT; definitions in docs/summary.md. None: not measured, ``not_measured`` says why.

    mean_hu, sd_hu: of its inside, away from the outline. difference_hu: mean_hu minus that of the parenchyma.
    axis_ratio: shortest over longest axis, 1 for a ball. compactness: 1 for any ellipsoid, less for other shapes.
    solidity: area over that of the convex hull, slice by slice. edge_width_mm: over which the attenuation goes from 10
    to 90 % of its step at the outline. at_surface: whether it reaches the liver's surface. touches: names of vessel
    labels that it is in contact with. not_measured: pairs of "attenuation", "shape" or "edge" and a machine-readable
    reason.
    """

    mean_hu: float | None = None
    sd_hu: float | None = None
    difference_hu: float | None = None
    axis_ratio: float | None = None
    compactness: float | None = None
    solidity: float | None = None
    edge_width_mm: float | None = None
    at_surface: bool = False
    touches: tuple[str, ...] = ()
    not_measured: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"touches": list(self.touches), "not_measured": dict(self.not_measured)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Appearance:
        """The inverse of to_json; what a newer version has added is dropped."""
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        tuples = {"touches": tuple(data["touches"]), "not_measured": tuple(data["not_measured"].items())}
        return cls(**(known | tuples))


@dataclass(frozen=True)
class Attenuation:
    """Of a tissue, in HU: mean and standard deviation (noise and texture together)."""

    mean_hu: float
    sd_hu: float


@dataclass(frozen=True)
class SeenPhase:
    """phase: a name of phases.phase.ContrastPhase. confidence: 0 to 1. basis: "image", "header" or "nothing"."""

    phase: str
    confidence: float
    basis: str


@dataclass(frozen=True)
class Lesion:
    """One lesion; measured on the acquisition grid.

    id: value in lesions.nii.gz, 1 is the largest. long_axis_mm: the RECIST diameter. short_axis_mm: longest chord
    perpendicular to it in the same slice. feret_mm: largest diameter of the outline whether or not it stays inside the
    lesion. slice_index: index of the slice along ``slice_axis`` of the array (0, 1 or 2). slice_position_mm: S
    coordinate of the long axis' midpoint. flags: machine-readable warnings, see docs/conventions.md. confidence:
    probability (0 to 1) that it overlaps a true lesion; None where no network has found it. segments: Couinaud
    segments with the percentage of the lesion that lies in each, the largest first; () where they are not known.
    appearance: None where nobody has looked at the CT.
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
    confidence: float | None = None
    segments: tuple[tuple[str, float], ...] = ()
    appearance: Appearance | None = None

    @property
    def segments_title(self) -> str:
        """Such as "VII", or "VII/VIII" where so much of it lies in another one too; "" where they are not known."""
        named = [name for place, (name, percent) in enumerate(self.segments) if not place or percent > SECOND_PERCENT]
        return "/".join(named)


class Grade(StrEnum):
    """What a quality means for somebody who uses the numbers."""

    GOOD = "good"
    CHECK = "check"
    POOR = "poor"


@dataclass(frozen=True)
class CaseQuality:
    """How far the networks' result can be trusted.

    score: probability (0 to 1) that the liver's Dice is 0.93 or more and no lesion of 1 ml or more is false. reasons:
    sentences for a reader, () where nothing is unusual. is_calibrated: False while the score comes from weights that
    were set by hand.
    """

    score: float
    grade: Grade
    reasons: tuple[str, ...] = ()
    is_calibrated: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "score": self.score,
            "class": str(self.grade),
            "reasons": list(self.reasons),
            "calibrated": self.is_calibrated,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CaseQuality:
        """The inverse of to_json. Raises ValueError for an unknown class."""
        return cls(data["score"], Grade(data["class"]), tuple(data["reasons"]), data["calibrated"])


@dataclass(frozen=True)
class ReaderDiameters:
    """Lengths of a lesion's lines that a reader has dragged; None for those left as measured."""

    long_axis_mm: float | None = None
    short_axis_mm: float | None = None


ReaderByLesion = dict[int, ReaderDiameters]
"""By lesion id; lesions whose lines nobody has touched are left out."""


@dataclass(frozen=True)
class SegmentVolume:
    """A Couinaud segment, with all that lies in it. percent: of the organ."""

    name: str
    volume_ml: float
    percent: float


@dataclass(frozen=True)
class Measurements:
    """Volumes in ml; liver_ml is the organ (parenchyma, vessels and tumours inside it).

    burden_percent: tumour / organ, None where no liver was found. algorithm: version of the definitions behind the
    diameters (docs/conventions.md). quality: None where no network made the masks, or a reader edited them.
    vessel_ml: of all vessels; portal_vein_ml, hepatic_vein_ml: None where they were not told apart. segments: () where
    nobody has divided the liver. parenchyma: without vessels, tumours and the organ's border; None where nobody has
    looked at the CT, or there is too little of it. phase: None where nobody has looked for it.
    """

    liver_ml: float
    vessel_ml: float
    tumor_ml: float
    burden_percent: float | None
    lesions: tuple[Lesion, ...] = ()
    flags: tuple[str, ...] = ()
    algorithm: str = ""
    quality: CaseQuality | None = None
    portal_vein_ml: float | None = None
    hepatic_vein_ml: float | None = None
    segments: tuple[SegmentVolume, ...] = ()
    parenchyma: Attenuation | None = None
    phase: SeenPhase | None = None

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
            "quality": None if self.quality is None else self.quality.to_json(),
            "portal_vein": {"volume_ml": self.portal_vein_ml},
            "hepatic_vein": {"volume_ml": self.hepatic_vein_ml},
            "segments": [asdict(segment) for segment in self.segments],
            "parenchyma": None if self.parenchyma is None else asdict(self.parenchyma),
            "phase": None if self.phase is None else asdict(self.phase),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Measurements:
        """The inverse of to_json; files of older versions have no confidence, no quality, no segments and
        nothing that was seen in the CT.

        Raises ValueError on another schema.
        """
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
            quality=CaseQuality.from_json(data["quality"]) if data.get("quality") else None,
            portal_vein_ml=data.get("portal_vein", {}).get("volume_ml"),
            hepatic_vein_ml=data.get("hepatic_vein", {}).get("volume_ml"),
            segments=tuple(SegmentVolume(**segment) for segment in data.get("segments", ())),
            parenchyma=Attenuation(**data["parenchyma"]) if data.get("parenchyma") else None,
            phase=SeenPhase(**data["phase"]) if data.get("phase") else None,
        )


_LINES = ("long_axis_ras_mm", "short_axis_ras_mm")
_LATER = ("confidence", "segments", "appearance")
"""What lesions in files of older versions do not have."""


def _lesion_json(lesion: Lesion) -> dict[str, Any]:
    plain = {name: getattr(lesion, name) for name in Lesion.__dataclass_fields__}
    lines = {name: [list(point) for point in plain[name]] for name in _LINES}
    segments = [{"name": name, "percent": percent} for name, percent in lesion.segments]
    appearance = None if lesion.appearance is None else lesion.appearance.to_json()
    return plain | lines | {"flags": list(lesion.flags), "segments": segments, "appearance": appearance}


def _lesion_from_json(item: dict[str, Any]) -> Lesion:
    known = {name: item[name] for name in Lesion.__dataclass_fields__ if name not in _LATER}
    lines = {name: tuple(tuple(point) for point in item[name]) for name in _LINES}
    segments = tuple((segment["name"], segment["percent"]) for segment in item.get("segments", ()))
    appearance = Appearance.from_json(item["appearance"]) if item.get("appearance") else None
    later = {"confidence": item.get("confidence"), "segments": segments, "appearance": appearance}
    return Lesion(**(known | lines | {"flags": tuple(item["flags"])} | later))
