"""phases.html: one file without script, font or picture from elsewhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from PIL import Image

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.phases.comparison import PASS_PERCENT, WARN_PERCENT, Comparison, MeasuredPhase, Verdict
from LiverTumorSegLib.phases.words import basis_text, header_text, hu_text, signed_percent, sure_text, verdict_text
from LiverTumorSegLib.report.html import date_text, jpeg_uri
from LiverTumorSegLib.report.pages import page_environment

_TEMPLATE = "phases.html"
_NOT_GIVEN = "not given"
_BOX = {Verdict.PASS: "note", Verdict.WARN: "check", Verdict.REVIEW: "stop", Verdict.NOT_EVALUABLE: "check"}


@dataclass(frozen=True)
class PhaseRow:
    """A phase as the tables show it. picture: a data URI, or "" where the CT was not at hand."""

    title: str
    phase: MeasuredPhase
    verdict: str
    deviation: str
    tumor_deviation: str
    basis: str
    header: str
    time: str
    hu: dict[str, str]
    likelihoods: dict[str, str]
    picture: str


@dataclass(frozen=True)
class SegmentRow:
    """A Couinaud segment: ml and deviation per phase, and the spread."""

    name: str
    cells: list[str]
    spread: str


def write_phases_page(
    path: Path, comparison: Comparison, run: RunRecord, chart: Image.Image, panels: Mapping[str, Image.Image]
) -> None:
    """Write the page (UTF-8). The caller sees to it that a failed write leaves nothing behind."""
    path.write_text(render_phases(comparison, run, chart, panels), encoding="utf-8")


def render_phases(comparison: Comparison, run: RunRecord, chart: Image.Image, panels: Mapping[str, Image.Image]) -> str:
    """The page as text. panels: a picture of each phase by key. run.source: as the command writes it; all is escaped.

    Of the patient only the PatientID is shown.
    """
    sources: list[dict[str, Any]] = run.source.get("phases", [])
    return _template().render(
        comparison=comparison,
        verdict_text=verdict_text(comparison),
        box=_BOX[comparison.verdict],
        limits=(PASS_PERCENT, WARN_PERCENT),
        rows=_rows(comparison, panels),
        segments=_segment_rows(comparison),
        chart=_png_uri(chart),
        chart_px=chart.size,
        run=run,
        patient_id=_first(sources, "patient_id") or _NOT_GIVEN,
        study_date=date_text(_first(sources, "study_date")),
    )


def _rows(comparison: Comparison, panels: Mapping[str, Image.Image]) -> list[PhaseRow]:
    rows = []
    for n, phase in enumerate(comparison.phases):
        found = phase.recognised
        rows.append(
            PhaseRow(
                title=comparison.titles[n],
                phase=phase,
                verdict=str(comparison.verdicts[n]),
                deviation=signed_percent(comparison.liver.percent[n]),
                tumor_deviation=signed_percent(comparison.tumor.percent[n]),
                basis=_unbroken(basis_text(found)),
                header=header_text(found),
                time=_time_text(phase.time),
                hu=_hu(phase),
                likelihoods={str(name): _unbroken(sure_text(share)) for name, share in found.likelihoods.items()},
                picture=jpeg_uri(panels[phase.key]) if phase.key in panels else "",
            )
        )
    return rows


def _hu(phase: MeasuredPhase) -> dict[str, str]:
    seen = phase.recognised.evidence
    portal = seen.portal_vein if seen.portal_vein is not None else seen.vessel
    values = {
        "Aorta": seen.aorta,
        "Portal vein": portal,
        "Hepatic veins": seen.hepatic_vein,
        "Liver": seen.liver,
        "Kidneys": seen.kidney,
        "Cortex above medulla": seen.cortex_medulla,
    }
    return {name: hu_text(value) for name, value in values.items()}


def _segment_rows(comparison: Comparison) -> list[SegmentRow]:
    rows = []
    for name, spread in comparison.segments.items():
        cells = []
        for phase, percent in zip(comparison.phases, spread.percent, strict=True):
            volumes = {segment.name: segment.volume_ml for segment in phase.segments}
            cells.append(f"{volumes[name]:.1f} ({signed_percent(percent)} %)" if percent is not None else "-")
        largest = "-" if spread.spread_percent is None else f"{spread.spread_percent:.1f}"
        rows.append(SegmentRow(name, cells, largest))
    return rows


def _first(sources: list[dict[str, Any]], name: str) -> str:
    return next((str(source[name]) for source in sources if source.get(name)), "")


def _time_text(time: str) -> str:
    """DICOM's HHMMSS.f as HH:MM:SS; nothing where there is none."""
    return f"{time[:2]}:{time[2:4]}:{time[4:6]}" if len(time) >= 6 and time[:6].isdigit() else ""


def _unbroken(text: str) -> str:
    """No line ends before a percent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace("> ", ">\N{NO-BREAK SPACE}")


def _png_uri(image: Image.Image) -> str:
    """Lines and text stay sharp."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


@cache
def _template() -> Template:
    environment = page_environment()
    environment.filters["signs"] = lambda text: str(text).replace("-", "\N{MINUS SIGN}")
    return environment.get_template(_TEMPLATE)
