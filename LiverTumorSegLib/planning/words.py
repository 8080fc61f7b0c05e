"""Numbers of a plan as a reader sees them; the same in the terminal and in the report."""

from __future__ import annotations

from LiverTumorSegLib.planning.margin import Margin
from LiverTumorSegLib.planning.relations import Distance, LesionRelations, VesselRelation
from LiverTumorSegLib.planning.settings import ReferenceLine

VESSEL_TITLES = {
    "portal_vein": "portal vein",
    "hepatic_vein": "hepatic vein",
    "vessel": "vessel",
    "vena_cava": "vena cava",
}
NONE = "-"


def distance_text(distance: Distance | None) -> str:
    """Such as "3.1 +- 0.5 mm"; "touches" in contact, "-" where there is nothing to be near to."""
    if distance is None:
        return NONE
    if distance.is_contact:
        return "touches"
    return f"{distance.mm:.1f} +- {distance.uncertainty_mm:.1f} mm"


def vessel_of(lesion: LesionRelations, name: str) -> VesselRelation | None:
    """How a lesion lies to one vessel; None where the liver has none of it."""
    return next((vessel for vessel in lesion.vessels if vessel.vessel == name), None)


def vessel_text(relation: VesselRelation | None) -> str:
    """The distance; of a contact also along how much of the vessel and around how much of it."""
    if relation is None or relation.contact is None:
        return distance_text(None if relation is None else relation.distance)
    contact = relation.contact
    return f"touches, along {contact.length_mm:.1f} mm, around {contact.angle_deg:.0f} degrees"


def margin_class_text(margin: Margin | None) -> str:
    """The class of a planned margin, and those in which it would fall with a voxel more or less."""
    if margin is None:
        return NONE
    others = [one.title for one in margin.possible_classes if one is not margin.margin_class]
    also = f" (may also be {' or '.join(others)})" if others else ""
    return f"{margin.margin_class.title}{also}"


def margin_mm_text(margin: Margin | None) -> str:
    """The planned margin in mm, give or take one voxel."""
    if margin is None:
        return NONE
    return "0 mm" if margin.distance.is_contact else f"{margin.distance.mm:.1f} +- {margin.voxel_mm:.1f} mm"


def margin_text(margin: Margin | None) -> str:
    """Both; the class alone where the cut touches a lesion, since it says so."""
    if margin is None or margin.distance.is_contact:
        return margin_class_text(margin)
    return f"{margin_mm_text(margin)}: {margin_class_text(margin)}"


def lesions_text(ids: tuple[int, ...]) -> str:
    """Ids in one line; "-" for none."""
    return ", ".join(map(str, ids)) or NONE


def percent_text(value: float | None) -> str:
    """To a tenth; "-" where it is not known."""
    return NONE if value is None else f"{value:.1f}"


def references_text(percent: float | None, references: tuple[ReferenceLine, ...]) -> str:
    """Between which reference lines a percentage lies, without a verdict; "" where one of both is missing."""
    if percent is None or not references:
        return ""
    lines = sorted(line.percent for line in references)
    above = sum(percent >= line for line in lines)
    if above == 0:
        return f"under {lines[0]:g} %"
    return f"over {lines[-1]:g} %" if above == len(lines) else f"between {lines[above - 1]:g} and {lines[above]:g} %"
