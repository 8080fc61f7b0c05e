"""The tables of a plan in the scene as the page shows them."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.mrml.plan_tables import WHAT_IF_COLUMNS
from LiverTumorSegLib.web.session.plan_ui import NO_PLACE, Place, PlanRow, UsualRow

MIDDLE = "middle"
_LESION = "lesion "
MOST_PLACES = 30


def plan_rows(table: Any) -> list[PlanRow]:
    """Of the chosen resection; the values are empty while they are not known."""
    return [PlanRow(table.GetCellText(n, 0), table.GetCellText(n, 1)) for n in range(table.GetNumberOfRows())]


def usual_rows(what_if: Any, usual: list[dict[str, Any]]) -> list[UsualRow]:
    """Ranked, with their numbers; without numbers, as the child named them, while nothing is known."""
    if not what_if.GetNumberOfRows():
        return [UsualRow(one["title"], " ".join(one["segments"]), hint=one["other_title"]) for one in usual]
    return [_usual_row(what_if, number) for number in range(what_if.GetNumberOfRows())]


def places_for(measurements: Measurements | None) -> list[Place]:
    """Where a plane can be put."""
    lesions = measurements.lesions[:MOST_PLACES] if measurements else ()
    return [
        Place(NO_PLACE, "No plane"),
        Place(MIDDLE, "Plane through the middle of the liver"),
        *(Place(f"{_LESION}{lesion.id}", f"Plane through lesion {lesion.id}") for lesion in lesions),
    ]


def lesion_of(place: str) -> int | None:
    """The lesion that a place is in; None for the middle, and for none."""
    number = place.removeprefix(_LESION)
    return int(number) if place.startswith(_LESION) and number.isdecimal() else None


def _usual_row(what_if: Any, number: int) -> UsualRow:
    cell = {title: what_if.GetCellText(number, column) for column, title in enumerate(WHAT_IF_COLUMNS)}
    other = f" ({cell['Also called']})" if cell["Also called"] else ""
    lesions = ", ".join(f"{what} {cell[f'Lesions {what}']}" for what in ("removed", "cut", "left"))
    shares = {title: _tenth(cell[f"{title} (%)"]) or "-" for title in ("Functional", "Standardised")}
    hint = (
        f"{cell['Resection']}{other}. Removes {cell['Segments']}: {_tenth(cell['Resected (ml)'])} ml. "
        f"Lesions {lesions}. {'. '.join(f'{title} {share} %' for title, share in shares.items())}. "
        f"Margin {cell['Margin (mm)']}: {cell['Class of the margin']}"
    )
    return UsualRow(
        cell["Resection"],
        cell["Segments"],
        _tenth(cell["Remnant (ml)"]),
        _tenth(cell["Measured (%)"]),
        _narrow(cell["Lesions removed"]),
        _narrow(cell["Lesions cut"]),
        _narrow(cell["Lesions left"]),
        cell["Margin (mm)"].removesuffix(" mm"),
        hint,
    )


def _narrow(ids: str) -> str:
    return ids.replace(", ", ",")


def _tenth(text: str) -> str:
    return f"{float(text):.1f}" if text else ""
