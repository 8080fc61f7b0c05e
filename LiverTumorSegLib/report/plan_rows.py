"""The rows of the tables in plan.html: numbers as text, bars as percentages, pictures as data URIs."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.planning.margin import Margin
from LiverTumorSegLib.planning.planned import Planned
from LiverTumorSegLib.planning.relations import LesionRelations
from LiverTumorSegLib.planning.remnant import Remnant
from LiverTumorSegLib.planning.resection import ResectionResult
from LiverTumorSegLib.planning.settings import ReferenceLine
from LiverTumorSegLib.planning.usual import UsualResection, WhatIf
from LiverTumorSegLib.planning.words import (
    NONE,
    VESSEL_TITLES,
    distance_text,
    lesions_text,
    margin_text,
    percent_text,
    references_text,
    vessel_of,
    vessel_text,
)


@dataclass(frozen=True)
class Bar:
    """A percentage as a bar from 0 to 100 with reference lines. known: False where there is no percentage."""

    percent: float
    text: str
    remark: str
    known: bool = True

    @classmethod
    def of(cls, percent: float | None, references: tuple[ReferenceLine, ...]) -> Bar:
        if percent is None:
            return cls(0.0, NONE, "", known=False)
        return cls(min(100.0, max(0.0, percent)), percent_text(percent), references_text(percent, references))


@dataclass(frozen=True)
class LesionRow:
    """One lesion; vessels: in the order of the vessels shown. picture: a data URI, "" without."""

    lesion: LesionRelations
    shares: str
    capsule: str
    vessels: tuple[str, ...]
    margin: str
    picture: str


@dataclass(frozen=True)
class ResectionRow:
    """One resection in the numbers that are shown of it."""

    title: str
    detail: str
    resected_ml: float
    remnant: Remnant
    measured: Bar
    standardised: Bar
    functional: Bar
    removed: str
    cut: str
    left: str
    margin: str


def vessels_shown(planned: Planned) -> tuple[str, ...]:
    """Names of the vessels that some lesion lies near to, in the order of VESSEL_TITLES."""
    there = {vessel.vessel for lesion in planned.plan.lesions for vessel in lesion.vessels}
    return tuple(name for name in VESSEL_TITLES if name in there)


def lesion_row(planned: Planned, lesion: LesionRelations, picture: str) -> LesionRow:
    """A lesion with its margin under the chosen resection."""
    margin = None if planned.chosen is None else planned.chosen.margins.get(lesion.lesion_id)
    return LesionRow(
        lesion,
        ", ".join(f"{name} {percent:.0f} %" for name, percent in lesion.segment_shares),
        distance_text(lesion.capsule),
        tuple(vessel_text(vessel_of(lesion, name)) for name in vessels_shown(planned)),
        _lesion_margin(planned, lesion.lesion_id, margin),
        picture,
    )


def what_if_rows(planned: Planned) -> list[ResectionRow]:
    """The usual resections as ranked."""
    references = planned.plan.fields.settings.references
    return [
        _resection_row(row, row.resection.title, _detail(row.resection), references) for row in planned.plan.what_if
    ]


def chosen_row(planned: Planned) -> ResectionRow | None:
    """The chosen resection, None without one."""
    chosen = planned.chosen
    if chosen is None:
        return None
    return _resection_row(chosen.result, chosen.title, "", planned.plan.fields.settings.references)


def _resection_row(
    result: WhatIf | ResectionResult,
    title: str,
    detail: str,
    references: tuple[ReferenceLine, ...],
) -> ResectionRow:
    remnant = result.remnant
    functional = None if remnant.functional is None else remnant.functional.percent
    return ResectionRow(
        title,
        detail,
        result.resected_ml,
        remnant,
        Bar.of(remnant.measured_percent, references),
        Bar.of(remnant.standardised_percent, references),
        Bar.of(functional, references),
        lesions_text(result.lesions_removed),
        lesions_text(result.lesions_cut),
        lesions_text(result.lesions_left),
        margin_text(result.margin),
    )


def _detail(usual: UsualResection) -> str:
    """The other name and the segments, unless a name says them."""
    segments = ", ".join(usual.segments)
    is_said = any(name.endswith(segments) for name in (usual.title, usual.other_title))
    return "; ".join(part for part in (usual.other_title, "" if is_said else segments) if part)


def _lesion_margin(planned: Planned, lesion_id: int, margin: Margin | None) -> str:
    if planned.chosen is None:
        return ""
    if lesion_id in planned.chosen.result.lesions_left:
        return "stays in the remnant"
    return "is cut" if lesion_id in planned.chosen.result.lesions_cut else margin_text(margin)
