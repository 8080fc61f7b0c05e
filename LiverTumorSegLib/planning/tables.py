"""A plan as tables: one header and rows of cells, for CSV files. Values unrounded, units in the names."""

from __future__ import annotations

from LiverTumorSegLib.measure.table import Cell, Table
from LiverTumorSegLib.planning.margin import Margin
from LiverTumorSegLib.planning.plan import Plan
from LiverTumorSegLib.planning.relations import Distance, LesionRelations
from LiverTumorSegLib.planning.usual import WhatIf
from LiverTumorSegLib.planning.words import VESSEL_TITLES, vessel_of

WHAT_IF_HEADER = (
    "resection",
    "other_title",
    "segments",
    "resected_ml",
    "flr_ml",
    "tumor_in_flr_ml",
    "flr_measured_percent",
    "flr_standardised_percent",
    "flr_functional_ml",
    "flr_functional_percent",
    "lesions_removed",
    "lesions_cut",
    "lesions_left",
    "planned_margin_mm",
    "planned_margin_voxel_mm",
    "planned_margin_class",
    "possible_margin_classes",
)
_OF_DISTANCE = ("distance_mm", "uncertainty_mm", "contact")
_OF_VESSEL = (*_OF_DISTANCE, "contact_length_mm", "contact_total_mm", "contact_angle_deg")


def what_if_table(plan: Plan) -> Table:
    """One row for each usual resection, as ranked; lists are separated by spaces."""
    return WHAT_IF_HEADER, [_what_if(row) for row in plan.what_if]


def relations_table(plan: Plan) -> Table:
    """One row for each lesion: its segments, the capsule, every vessel, and the shells around it."""
    header = (
        "lesion",
        "volume_ml",
        "segments",
        *(f"capsule_{name}" for name in _OF_DISTANCE),
        *(f"{vessel}_{name}" for vessel in VESSEL_TITLES for name in _OF_VESSEL),
        *(f"liver_within_{reach:g}_mm_ml" for reach in plan.fields.settings.shells_mm),
    )
    return header, [_relations(lesion) for lesion in plan.lesions]


def _what_if(row: WhatIf) -> tuple[Cell, ...]:
    remnant, functional = row.remnant, row.remnant.functional
    return (
        row.resection.title,
        row.resection.other_title,
        " ".join(row.resection.segments),
        row.resected_ml,
        remnant.flr_ml,
        remnant.tumor_in_flr_ml,
        remnant.measured_percent,
        remnant.standardised_percent,
        None if functional is None else functional.ml,
        None if functional is None else functional.percent,
        *(" ".join(map(str, ids)) for ids in (row.lesions_removed, row.lesions_cut, row.lesions_left)),
        *_margin(row.margin),
    )


def _margin(margin: Margin | None) -> tuple[Cell, ...]:
    if margin is None:
        return None, None, "", ""
    possible = " ".join(one.value for one in margin.possible_classes)
    return margin.distance.mm, margin.voxel_mm, margin.margin_class.value, possible


def _relations(lesion: LesionRelations) -> tuple[Cell, ...]:
    vessels = [cell for name in VESSEL_TITLES for cell in _vessel(lesion, name)]
    shells = [shell.ml for shell in lesion.shells]
    return (lesion.lesion_id, lesion.volume_ml, lesion.segments_title, *_distance(lesion.capsule), *vessels, *shells)


def _vessel(lesion: LesionRelations, name: str) -> tuple[Cell, ...]:
    relation = vessel_of(lesion, name)
    if relation is None:
        return (*_distance(None), None, None, None)
    contact = relation.contact
    touch = (None,) * 3 if contact is None else (contact.length_mm, contact.total_mm, contact.angle_deg)
    return (*_distance(relation.distance), *touch)


def _distance(distance: Distance | None) -> tuple[Cell, ...]:
    return (None, None, None) if distance is None else (distance.mm, distance.uncertainty_mm, int(distance.is_contact))
