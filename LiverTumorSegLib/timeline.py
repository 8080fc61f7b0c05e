"""What is known of a patient over several examinations: plain data, schema 1 of followup.json.

Visits are in the order of time, and everything "per visit" is a tuple in that order. Values are stored unrounded;
front ends show 0.1 mm, 0.1 ml and 0.1 %. What is made of these is in ``followup/``; how it is judged is told in
docs/follow-up.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.measurements import Line

SCHEMA = 1


class State(StrEnum):
    """What became of a tracked lesion at a visit.

    BASELINE: it was there at the baseline. ABSENT: before the visit at which it appeared. SPLIT: in several parts.
    MERGED: grown together with another one. GONE: not found although its place is in view. NOT_EVALUABLE: its place is
    out of view, or no reader could measure it.
    """

    BASELINE = "baseline"
    ABSENT = "absent"
    PERSISTENT = "persistent"
    NEW = "new"
    GONE = "gone"
    SPLIT = "split"
    MERGED = "merged"
    NOT_EVALUABLE = "not evaluable"


class Role(StrEnum):
    """What a lesion counts for. EXCLUDED: the reader says that it is none (a cyst, an artefact)."""

    TARGET = "target"
    NON_TARGET = "non-target"
    EXCLUDED = "excluded"


class Criterion(StrEnum):
    """By which response is judged."""

    RECIST = "RECIST 1.1"
    MRECIST = "mRECIST"
    WHO = "WHO"
    VOLUME = "volume"


class Category(StrEnum):
    """Of response. NE: not evaluable."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NE = "NE"


@dataclass(frozen=True)
class Registration:
    """How the previous visit's liver was laid over this one's.

    dice: of the two livers afterwards. jacobian_low, jacobian_high: the smallest and largest change of volume inside
    the liver (1: none). previous_from_this: 4 x 4, RAS mm, the affine part of the map from this visit's space to the
    previous one's. is_usable: False where dice or Jacobian are out of bounds; then matches are proposals.
    """

    dice: float
    jacobian_low: float
    jacobian_high: float
    is_usable: bool
    previous_from_this: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Visit:
    """One examination.

    key: names its CT whatever its place in the order. date: ISO, "" where nobody knows it. months: since the baseline
    (days / 30.4375; before it negative), None without dates. result: the folder of its result. registration: None for
    the first visit. phase: of contrast, "" unknown. mask_sha256: of its label map and lesion ids.
    """

    key: str
    title: str
    date: str
    months: float | None
    result: str
    phase: str
    slice_thickness_mm: float
    liver_ml: float
    tumor_ml: float
    burden_percent: float | None
    mask_sha256: str
    registration: Registration | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A lesion of one visit as it was measured there, on its own grid; fields as in ``measurements.Lesion``."""

    id: int
    volume_ml: float
    long_axis_mm: float
    short_axis_mm: float
    long_axis_ras_mm: Line
    slice_index: int
    slice_position_mm: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """A tracked lesion at one visit.

    parts: what it consists of there, the largest first; () where there is nothing. long_axis_mm, short_axis_mm: what
    counts, the sum over the parts; a reader's value where there is one (then by_reader); None where it is not known or
    counted in another lesion. measured_long_axis_mm: the same without the reader. viable_mm: longest enhancing
    diameter, for mRECIST; None where it is not known. volume_ml: of all parts; 0.0 where it is gone or absent.
    center_ras_mm: in this visit's space, where it lies or, carried over, would lie. confirmed: of GONE, whether the
    reader has said so; without that it is no 0 mm. merged_into: id of the lesion that it is counted in.
    """

    state: State
    parts: tuple[Part, ...] = ()
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    measured_long_axis_mm: float | None = None
    viable_mm: float | None = None
    volume_ml: float | None = None
    center_ras_mm: Vector | None = None
    by_reader: bool = False
    confirmed: bool = False
    merged_into: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Growth:
    """From the previous visit with a volume to this one.

    percent_per_month: tumour growth rate 100 (e^TG - 1) with TG = ln(V1 / V0) / months. doubling_days: negative where
    it shrinks, None where it stays the same.
    """

    percent_per_month: float
    doubling_days: float | None


@dataclass(frozen=True)
class LookBack:
    """The region of a new lesion, carried back into an earlier visit.

    contrast_hu: mean of the region minus the mean of the liver around it; noise_hu: standard deviation of that liver.
    probability: the model's, 0 to 1, the 95th percentile in the region; None where it is not known. in_view_percent: of
    the region. verdict: a sentence for the reader.
    """

    visit: int
    center_ras_mm: Vector
    in_view_percent: float
    verdict: str
    contrast_hu: float | None = None
    noise_hu: float | None = None
    probability: float | None = None


@dataclass(frozen=True)
class TrackedLesion:
    """A lesion over all visits; id: "L1", "L2", ... as it is called everywhere.

    segments: Couinaud, as "VII/VIII", of the visit at which it was first seen; "" unknown. growth: per visit, None
    where it cannot be told. reason: why it has this role, in words. related: ids of lesions that it merged with.
    """

    id: str
    role: Role
    reason: str
    segments: str
    sightings: tuple[Sighting, ...]
    growth: tuple[Growth | None, ...] = ()
    look_back: tuple[LookBack, ...] = ()
    role_by_reader: bool = False
    related: tuple[str, ...] = ()

    @property
    def first_visit(self) -> int:
        """The first visit at which it is there."""
        return next(n for n, seen in enumerate(self.sightings) if seen.parts)


@dataclass(frozen=True)
class Assessment:
    """A visit judged by one criterion.

    total: sum of diameters (mm; WHO: mm2; volume: ml) of the targets; None where one of them is not measured.
    nadir_visit: the visit (baseline included, before this one) with the smallest total. The changes are None at the
    baseline, and where they cannot be told. reason: which rule decided, in words, with its numbers. if_confirmed: what
    it becomes once the reader confirms that lesions that were not found are gone. noise_percent: change between the
    baseline and this visit that two readers may differ by (low, high), None where it is not known.
    """

    category: Category | None
    reason: str
    total: float | None
    percent_from_baseline: float | None = None
    percent_from_nadir: float | None = None
    change_from_nadir: float | None = None
    nadir_visit: int | None = None
    if_confirmed: Category | None = None
    noise_percent: tuple[float, float] | None = None


@dataclass(frozen=True)
class FollowUp:
    """All of it. baseline: a visit's number. assessments: per visit; the baseline and what lies before it have no
    category. log: what changed since the last run. warnings: sentences for the reader.
    """

    patient_id: str
    baseline: int
    visits: tuple[Visit, ...]
    lesions: tuple[TrackedLesion, ...]
    assessments: dict[Criterion, tuple[Assessment, ...]]
    log: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[TrackedLesion, ...]:
        return tuple(lesion for lesion in self.lesions if lesion.role is Role.TARGET)

    def to_json(self) -> dict[str, Any]:
        """Schema 1 of followup.json; keys may be added later, never renamed."""
        return {
            "schema": SCHEMA,
            "patient_id": self.patient_id,
            "baseline": self.baseline,
            "visits": [asdict(visit) for visit in self.visits],
            "lesions": [asdict(lesion) for lesion in self.lesions],
            "assessments": {str(name): [asdict(one) for one in row] for name, row in self.assessments.items()},
            "log": list(self.log),
            "warnings": list(self.warnings),
            "settings": self.settings,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FollowUp:
        """The inverse of to_json, also after JSON has turned tuples into lists. Raises ValueError on another schema."""
        if data.get("schema") != SCHEMA:
            message = f"a follow-up of schema {data.get('schema')!r}, this version reads schema {SCHEMA}"
            raise ValueError(message)
        return cls(
            patient_id=data["patient_id"],
            baseline=data["baseline"],
            visits=tuple(_visit(item) for item in data["visits"]),
            lesions=tuple(_tracked(item) for item in data["lesions"]),
            assessments={
                Criterion(name): tuple(_assessment(item) for item in row) for name, row in data["assessments"].items()
            },
            log=tuple(data["log"]),
            warnings=tuple(data["warnings"]),
            settings=data["settings"],
        )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value


def _flat(item: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {name: _tuples(value) for name, value in item.items() if name not in other} | other


def _visit(item: dict[str, Any]) -> Visit:
    found = item["registration"]
    return Visit(**_flat(item, registration=None if found is None else Registration(**_flat(found))))


def _tracked(item: dict[str, Any]) -> TrackedLesion:
    return TrackedLesion(
        **_flat(
            item,
            role=Role(item["role"]),
            sightings=tuple(_sighting(seen) for seen in item["sightings"]),
            growth=tuple(None if one is None else Growth(**one) for one in item["growth"]),
            look_back=tuple(LookBack(**_flat(one)) for one in item["look_back"]),
        )
    )


def _sighting(item: dict[str, Any]) -> Sighting:
    parts = tuple(Part(**_flat(part)) for part in item["parts"])
    return Sighting(**_flat(item, state=State(item["state"]), parts=parts))


def _assessment(item: dict[str, Any]) -> Assessment:
    category, confirmed = item["category"], item["if_confirmed"]
    return Assessment(
        **_flat(
            item,
            category=None if category is None else Category(category),
            if_confirmed=None if confirmed is None else Category(confirmed),
        )
    )
