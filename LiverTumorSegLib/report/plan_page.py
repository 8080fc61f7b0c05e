"""plan.html: one file for a surgeon, without script, font or picture from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Template
from PIL import Image

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.planning.words import VESSEL_TITLES
from LiverTumorSegLib.report.html import date_text, jpeg_uri
from LiverTumorSegLib.report.pages import page_environment
from LiverTumorSegLib.report.plan_lesions import lesion_strip
from LiverTumorSegLib.report.plan_rows import LesionRow, chosen_row, lesion_row, vessels_shown, what_if_rows
from LiverTumorSegLib.report.plan_views import PlanViews

MAX_LESION_PICTURES = 12
_TEMPLATE = "plan.html"
_NOT_GIVEN = "not given"
_FILES = ("ct", "cava", "surface")
"""Settings that are paths: folders may be named after a patient, so the page has the file's name alone."""


def write_plan_page(
    path: Path, views: PlanViews, run: RunRecord, overview: Image.Image, tumors: Image.Image | None
) -> None:
    """Write the page (UTF-8). The caller sees to it that a failed write leaves nothing behind."""
    path.write_text(render_plan(views, run, overview, tumors), encoding="utf-8")


def render_plan(views: PlanViews, run: RunRecord, overview: Image.Image, tumors: Image.Image | None = None) -> str:
    """The page as text. run.source: the record of the result that was planned on; whatever it says is escaped.

    tumors: the lesions coloured by how near they are to vessels. Of the patient only the PatientID is shown.
    """
    planned = views.planned
    source: dict[str, Any] = run.source.get("study", {})
    return _template().render(
        planned=planned,
        plan=planned.plan,
        patient=planned.plan.patient,
        run=run,
        settings=_settings(run),
        overview=jpeg_uri(overview),
        tumors=None if tumors is None else jpeg_uri(tumors),
        tumors_px=(0, 0) if tumors is None else tumors.size,
        with_ct=views.ct is not None,
        lesions=_lesion_rows(views),
        max_pictures=MAX_LESION_PICTURES,
        vessels=[VESSEL_TITLES[name] for name in vessels_shown(planned)],
        told_apart="vessel" not in vessels_shown(planned),
        rows=what_if_rows(planned),
        chosen=chosen_row(planned),
        references=planned.plan.fields.settings.references,
        shells=planned.plan.fields.settings.shells_mm,
        grid=planned.plan.fields.grid.describe_grid(),
        result_name=PurePath(str(run.source.get("result", ""))).name or _NOT_GIVEN,
        study_date=date_text(str(source.get("study_date", ""))),
        patient_id=str(source.get("patient_id", "")) or _NOT_GIVEN,
        series=str(source.get("series_description", "")),
    )


def _settings(run: RunRecord) -> dict[str, Any]:
    given = {name: value for name, value in run.settings.items() if value is not None}
    return {name: PurePath(str(value)).name if name in _FILES else value for name, value in given.items()}


def _lesion_rows(views: PlanViews) -> list[LesionRow]:
    rows = []
    for index, lesion in enumerate(views.planned.plan.lesions):
        strip = lesion_strip(views, lesion) if index < MAX_LESION_PICTURES else None
        rows.append(lesion_row(views.planned, lesion, "" if strip is None else jpeg_uri(strip)))
    return rows


@cache
def _template() -> Template:
    environment = page_environment()
    environment.filters["signs"] = lambda text: str(text).replace("+-", "\N{PLUS-MINUS SIGN}")
    environment.filters["degrees"] = lambda text: str(text).replace(" degrees", "°")
    return environment.get_template(_TEMPLATE)
