"""followup.html: one file for a reader; works without its script, which adds choices and readouts to the charts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.report.chart_svg import chart_svg
from LiverTumorSegLib.report.followup_charts import charts_of, is_dated
from LiverTumorSegLib.report.followup_pictures import PICTURE_PX, LesionPicture, field_mm, look_back_at
from LiverTumorSegLib.report.followup_rows import lesion_rows, response_rows, visit_rows
from LiverTumorSegLib.report.followup_words import (
    CRITERION_SUMS,
    CRITERION_TITLES,
    interval_text,
    lesion_noise,
    response_text,
    signed_text,
    state_text,
    visit_text,
)
from LiverTumorSegLib.report.html import jpeg_uri
from LiverTumorSegLib.report.pages import page_environment
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, TrackedLesion

MOST_PICTURED = 12
"""Lesions with a row of pictures."""
_TEMPLATE, _SCRIPT = "followup.html", "followup.js"
_NOT_GIVEN = "not given"


@dataclass(frozen=True)
class ShownPicture:
    """A picture with its words. verdict, facts: of the look-back, "" where there was none."""

    uri: str
    alt: str
    title: str
    state: str
    verdict: str
    facts: str


@dataclass(frozen=True)
class PictureRow:
    """A lesion over time. field: the side of its pictures."""

    lesion: TrackedLesion
    field: str
    pictures: tuple[ShownPicture, ...]


def pictured_lesions(timeline: FollowUp) -> list[TrackedLesion]:
    """Those with pictures: targets and new lesions first, in the order of their names."""
    there = [lesion for lesion in timeline.lesions if lesion.role is not Role.EXCLUDED]
    first = sorted(there, key=lambda lesion: (lesion.role is not Role.TARGET, not lesion.look_back))[:MOST_PICTURED]
    return [lesion for lesion in there if lesion in first]


def write_followup_page(path: Path, timeline: FollowUp, run: RunRecord, pictures: Sequence[LesionPicture]) -> None:
    """Write the page (UTF-8). The caller sees to it that a failed write leaves nothing behind."""
    path.write_text(render_followup(timeline, run, pictures), encoding="utf-8")


def render_followup(timeline: FollowUp, run: RunRecord, pictures: Sequence[LesionPicture]) -> str:
    """The page as text; whatever comes from a header or a reader is escaped. Of the patient only the ID is shown."""
    script = script_text()
    excluded = [lesion for lesion in timeline.lesions if lesion.role is Role.EXCLUDED]
    counted = [lesion for lesion in timeline.lesions if lesion.role is not Role.EXCLUDED]
    return _template().render(
        timeline=timeline,
        run=run,
        settings={name: _last_name(value) for name, value in run.settings.items() if value not in (None, "", [])},
        patient_id=timeline.patient_id or _NOT_GIVEN,
        headline=_headline(timeline),
        grade=str(timeline.assessments[Criterion.RECIST][-1].category or ""),
        criteria=[_criterion(timeline, criterion) for criterion in timeline.assessments],
        charts=[(chart, Markup(chart_svg(chart))) for chart in charts_of(timeline)],
        is_dated=is_dated(timeline),
        lesions=lesion_rows(timeline, counted),
        excluded=lesion_rows(timeline, excluded),
        visits=visit_rows(timeline),
        pictures=_picture_rows(timeline, pictures),
        most_pictured=MOST_PICTURED,
        counted=len(counted),
        with_ct=all(picture.with_ct for picture in pictures),
        picture_px=PICTURE_PX,
        lesion_noise=interval_text(lesion_noise()),
        script=Markup(script),
        script_hash=script_hash(script),
    )


@cache
def script_text() -> str:
    """The page's own script, as it stands between its tags."""
    return (files("LiverTumorSegLib.report") / "templates" / _SCRIPT).read_text(encoding="utf-8")


def script_hash(script: str) -> str:
    """What the page's policy knows the one script by that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _headline(timeline: FollowUp) -> str:
    last = len(timeline.visits) - 1
    return f"{visit_text(timeline, last)}: {response_text(timeline.assessments[Criterion.RECIST][-1]) or 'baseline'}"


def _criterion(timeline: FollowUp, criterion: Criterion) -> dict[str, Any]:
    rule = RULES[criterion]
    return {
        "name": CRITERION_TITLES[criterion],
        "key": criterion.name.lower(),
        "sum": CRITERION_SUMS[criterion],
        "partial": signed_text(-rule.pr_percent),
        "progress": signed_text(rule.pd_percent),
        "rows": response_rows(timeline, criterion),
    }


def _picture_rows(timeline: FollowUp, pictures: Sequence[LesionPicture]) -> list[PictureRow]:
    rows = []
    for lesion in pictured_lesions(timeline):
        own = [picture for picture in pictures if picture.lesion == lesion.id]
        if own:
            shown = tuple(_shown(timeline, lesion, picture) for picture in own)
            rows.append(PictureRow(lesion, f"{field_mm(lesion):.0f} mm", shown))
    return rows


def _shown(timeline: FollowUp, lesion: TrackedLesion, picture: LesionPicture) -> ShownPicture:
    seen, looked = lesion.sightings[picture.visit], look_back_at(lesion, picture.visit)
    state, title = state_text(seen), visit_text(timeline, picture.visit)
    where = "its longest diameter" if seen.parts else "the place where it would lie"
    return ShownPicture(
        jpeg_uri(picture.image),
        f"Lesion {lesion.id}, {title}: {state}; the slice of {where}.",
        title,
        state,
        "" if looked is None else looked.verdict,
        "" if looked is None else _facts(looked.contrast_hu, looked.noise_hu, looked.probability),
    )


def _facts(contrast_hu: float | None, noise_hu: float | None, probability: float | None) -> str:
    found = []
    if contrast_hu is not None:
        noise = "" if noise_hu is None else f" (liver ± {noise_hu:.0f})"
        found.append(f"{signed_text(contrast_hu)} HU against the liver around it{noise}")
    if probability is not None:
        found.append(f"model's probability {100 * probability:.0f} %")
    return "; ".join(found)


def _last_name(value: Any) -> Any:
    """Of paths the file's name alone: folders may be named after a patient."""
    if isinstance(value, list):
        return ", ".join(str(_last_name(item)) for item in value)
    return PurePath(value).name if isinstance(value, str) and ("/" in value or "\\" in value) else value


@cache
def _template() -> Template:
    return page_environment().get_template(_TEMPLATE)
