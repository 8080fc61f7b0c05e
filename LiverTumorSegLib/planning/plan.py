"""A whole plan, and its numbers as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import margin_json
from LiverTumorSegLib.planning.relations import LesionRelations, VesselRelation, distance_json, relate_lesions
from LiverTumorSegLib.planning.remnant import Patient, Remnant
from LiverTumorSegLib.planning.resection import ResectionResult
from LiverTumorSegLib.planning.settings import DEFAULT_SETTINGS, PlanSettings
from LiverTumorSegLib.planning.usual import WhatIf, what_if

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Plan:
    """fields: for further resections. lesions: by id. what_if: ranked."""

    fields: PlanningFields
    patient: Patient | None
    lesions: tuple[LesionRelations, ...]
    what_if: tuple[WhatIf, ...]

    def to_json(self) -> dict[str, Any]:
        """Schema 1: values unrounded, units in the names, positions in RAS; keys may be added later, never renamed."""
        fields = self.fields
        return {
            "schema": SCHEMA,
            "patient": None if self.patient is None else _patient_json(self.patient),
            "liver": {
                "volume_ml": fields.organ_voxels * fields.voxel_ml,
                "functional_ml": fields.functional_liver_ml,
            },
            "references": [{"percent": r.percent, "title": r.title} for r in fields.settings.references],
            "lesions": [_lesion_json(lesion) for lesion in self.lesions],
            "what_if": [_row_json(row) for row in self.what_if],
        }


def make_plan(anatomy: PlanAnatomy, patient: Patient | None = None, settings: PlanSettings = DEFAULT_SETTINGS) -> Plan:
    """Relations of all lesions and the table of the usual resections."""
    fields = PlanningFields.of(anatomy, settings)
    return Plan(fields, patient, relate_lesions(anatomy, settings), what_if(fields, patient))


def result_json(result: ResectionResult | WhatIf) -> dict[str, Any]:
    """The numbers of one resection."""
    return {
        "resected_ml": result.resected_ml,
        "remnant": _remnant_json(result.remnant),
        "removes_all_lesions": result.removes_all_lesions,
        "lesions_removed": list(result.lesions_removed),
        "lesions_cut": list(result.lesions_cut),
        "lesions_left": list(result.lesions_left),
        "margin": None if result.margin is None else margin_json(result.margin),
    }


def _row_json(row: WhatIf) -> dict[str, Any]:
    usual = row.resection
    named = {"title": usual.title, "other_title": usual.other_title, "segments": list(usual.segments)}
    return named | result_json(row)


def _patient_json(patient: Patient) -> dict[str, Any]:
    return {
        "height_cm": patient.height_cm,
        "weight_kg": patient.weight_kg,
        "body_surface_formula": str(patient.formula),
        "body_surface_m2": patient.body_surface_m2,
        "standard_liver_ml": patient.standard_liver_ml,
    }


def _lesion_json(lesion: LesionRelations) -> dict[str, Any]:
    return {
        "id": lesion.lesion_id,
        "volume_ml": lesion.volume_ml,
        "segments": lesion.segments_title,
        "segment_shares": [{"segment": name, "percent": percent} for name, percent in lesion.segment_shares],
        "capsule": None if lesion.capsule is None else distance_json(lesion.capsule),
        "vessels": [_vessel_json(vessel) for vessel in lesion.vessels],
        "shells": [{"reach_mm": shell.reach_mm, "volume_ml": shell.ml} for shell in lesion.shells],
    }


def _vessel_json(relation: VesselRelation) -> dict[str, Any]:
    contact = relation.contact
    return {
        "vessel": relation.vessel,
        **distance_json(relation.distance),
        "contact_length_mm": None if contact is None else contact.length_mm,
        "contact_total_mm": None if contact is None else contact.total_mm,
        "contact_angle_deg": None if contact is None else contact.angle_deg,
    }


def _remnant_json(remnant: Remnant) -> dict[str, Any]:
    functional = remnant.functional
    return {
        "flr_ml": remnant.flr_ml,
        "tumor_in_flr_ml": remnant.tumor_in_flr_ml,
        "measured_percent": remnant.measured_percent,
        "standardised_percent": remnant.standardised_percent,
        "functional": None
        if functional is None
        else {
            "ml": functional.ml,
            "percent": functional.percent,
            "without_inflow_ml": functional.without_inflow_ml,
            "without_outflow_ml": functional.without_outflow_ml,
            "is_doubtful": remnant.functional_is_doubtful,
        },
    }
