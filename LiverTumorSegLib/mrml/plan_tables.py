"""A plan as tables of the scene, in the words and digits of a reader, from the answers of the planning child."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.mrml.tables import Cell, fill_table

PLAN_COLUMNS = ("Plan", "Value")
WHAT_IF_COLUMNS = (
    "Resection",
    "Segments",
    "Remnant (ml)",
    "Measured (%)",
    "Standardised (%)",
    "Functional (%)",
    "Lesions cut",
    "Lesions left",
    "Lesions removed",
    "Margin (mm)",
    "Class of the margin",
    "Resected (ml)",
    "Also called",
)
"""What decides comes first: few columns are seen at once."""
SEGMENTS_COLUMN = WHAT_IF_COLUMNS.index("Segments")
NONE = "-"
DOUBT = " (doubtful: is a vein missing?)"
"""Of a functional remnant far below the measured one."""


def fill_plan(node: Any, answer: dict[str, Any] | None) -> None:
    """One row for each number; None: not known, the cells stay empty."""
    rows = plan_rows(answer or _NOTHING)
    fill_table(node, PLAN_COLUMNS, [(title, text if answer else "") for title, text in rows])


def plan_rows(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Title and text of each row; "-" for what cannot be told."""
    numbers = answer["numbers"]
    remnant = numbers["remnant"]
    functional = remnant["functional"] or {"ml": None, "percent": None}
    doubt = DOUBT if functional.get("is_doubtful") else ""
    references = f" ({answer['references']})" if answer["references"] else ""
    return [
        ("Resection", answer["title"]),
        ("Removed (ml)", _number(numbers["resected_ml"])),
        ("Future liver remnant (ml)", _number(remnant["flr_ml"])),
        ("Tumor in the remnant (ml)", _number(remnant["tumor_in_flr_ml"])),
        ("Remnant, % of liver without tumor", _number(remnant["measured_percent"]) + references),
        ("Remnant, % of standard liver", _number(remnant["standardised_percent"])),
        ("Functional remnant (ml)", _number(functional["ml"])),
        ("Functional remnant, % of liver without tumor", _number(functional["percent"]) + doubt),
        ("Lesions removed", _ids(numbers["lesions_removed"])),
        ("Lesions cut", _ids(numbers["lesions_cut"])),
        ("Lesions left", _ids(numbers["lesions_left"])),
        ("Planned margin", answer["margin_mm"]),
        ("Class of the margin", answer["margin_class"]),
    ]


def fill_what_if(node: Any, rows: list[dict[str, Any]] | None) -> None:
    """One row for each usual resection, as ranked; no row while nothing is known."""
    fill_table(node, WHAT_IF_COLUMNS, [_what_if_row(row) for row in rows or []])


def _what_if_row(row: dict[str, Any]) -> tuple[Cell, ...]:
    remnant = row["remnant"]
    functional = remnant["functional"] or {"percent": None}
    return (
        row["title"],
        " ".join(row["segments"]),
        _rounded(remnant["flr_ml"]),
        _rounded(remnant["measured_percent"]),
        _rounded(remnant["standardised_percent"]),
        _rounded(functional["percent"]),
        *(_ids(row[name]) for name in ("lesions_cut", "lesions_left", "lesions_removed")),
        row["margin_mm"],
        row["margin_class"],
        _rounded(row["resected_ml"]),
        row["other_title"],
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1) + 0.0


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def _ids(ids: list[int]) -> str:
    return ", ".join(map(str, ids)) or NONE


_NOTHING: dict[str, Any] = {
    "title": "",
    "references": "",
    "margin_mm": "",
    "margin_class": "",
    "numbers": {
        "resected_ml": None,
        "remnant": dict.fromkeys(
            ("flr_ml", "tumor_in_flr_ml", "measured_percent", "standardised_percent", "functional")
        ),
        "lesions_removed": [],
        "lesions_cut": [],
        "lesions_left": [],
    },
}
