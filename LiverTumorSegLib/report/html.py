"""report.html: one file that holds everything a reader needs, without script, font or picture from elsewhere."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Template
from PIL import Image

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.labels import SECTIONS
from LiverTumorSegLib.measurements import Lesion
from LiverTumorSegLib.registry import MODELS, ModelSpec
from LiverTumorSegLib.report.drawing import LIVER_WINDOW
from LiverTumorSegLib.report.flags import FlagText, Severity, case_flags, explain_all
from LiverTumorSegLib.report.pages import page_environment
from LiverTumorSegLib.report.panels import lesion_panel
from LiverTumorSegLib.report.quality import percent_text, quality_text
from LiverTumorSegLib.report.segments import segments_page
from LiverTumorSegLib.report.summary_facts import summary_facts
from LiverTumorSegLib.report.summary_narration import Narrated, marked
from LiverTumorSegLib.report.summary_text import kept_together, summary_sections

MAX_LESION_PICTURES = 12
LESION_PX = 400
_TEMPLATE = "report.html"
_NOT_GIVEN = "not given"
_HIDDEN_MODEL_KEYS = ("id", "title", "license", "origin", "citation", "training_data", "accuracy")


@dataclass(frozen=True)
class LesionRow:
    """One line of the lesion table; picture is a data URI or empty."""

    lesion: Lesion
    flags: list[FlagText]
    picture: str


@dataclass(frozen=True)
class ModelText:
    """What the report says about what made the masks."""

    title: str
    license: str
    origin: str
    citation: str
    training_data: str
    accuracy: str
    details: dict[str, str]


@dataclass(frozen=True)
class NarratedText:
    """What a language model has phrased, below what says so."""

    mark: str
    paragraphs: tuple[str, ...]


def write_report(path: Path, case: Case, overview: Image.Image, narrated: Narrated | None = None) -> None:
    """Write the page (UTF-8). The caller sees to it that a failed write leaves nothing behind."""
    path.write_text(render_report(case, overview, narrated), encoding="utf-8")


def render_report(case: Case, overview: Image.Image, narrated: Narrated | None = None) -> str:
    """The page as text. Whatever comes from a file's header, the user or a language model is escaped.

    Of the patient only the PatientID is shown: names and birth dates do not belong into a file that is mailed around.
    """
    rows = lesion_rows(case)
    divided = segments_page(case)
    segments_picture = jpeg_uri(divided) if divided is not None else ""
    all_flags = [*case_flags(case), *(flag for row in rows for flag in row.lesion.flags)]
    stops = [text for text in explain_all(all_flags) if text.severity is Severity.STOP]
    return _template().render(
        case=case,
        source=case.study.source,
        run=case.run,
        measured=case.measurements,
        summary=summary_sections(summary_facts(case)),
        narrated=_narrated_text(narrated),
        overview=jpeg_uri(overview),
        segments_picture=segments_picture,
        sections=SECTIONS,
        anatomy=model_text(case.run.anatomy),
        rows=rows,
        max_pictures=MAX_LESION_PICTURES,
        flagged_lesions={flag: [row.lesion.id for row in rows if flag in row.lesion.flags] for flag in all_flags},
        stops=stops,
        flags=[text for text in explain_all(all_flags) if text not in stops],
        quality=quality_text(case.measurements.quality),
        with_confidence=any(lesion.confidence is not None for lesion in case.measurements.lesions),
        model=model_text(case.run.model),
        warnings=list(dict.fromkeys((*case.study.source.warnings, *case.run.warnings))),
        study_date=date_text(case.study.source.study_date),
        input_name=PurePath(case.study.source.path).name or _NOT_GIVEN,
        hashes=_hashes(case),
        window=LIVER_WINDOW,
        picture_px=LESION_PX,
    )


def _narrated_text(narrated: Narrated | None) -> NarratedText | None:
    """None where no model was asked, or its text must not be shown: that is among the warnings."""
    if narrated is None or not narrated.text:
        return None
    paragraphs = [" ".join(lines.split()) for lines in re.split(r"\n+", narrated.text)]
    return NarratedText(marked(narrated), tuple(filter(None, paragraphs)))


def lesion_rows(case: Case) -> list[LesionRow]:
    """The lesions in order; only the first MAX_LESION_PICTURES have a picture."""
    return [
        LesionRow(
            lesion,
            explain_all(lesion.flags),
            jpeg_uri(lesion_panel(case, lesion, LESION_PX)) if index < MAX_LESION_PICTURES else "",
        )
        for index, lesion in enumerate(case.measurements.lesions)
    ]


def jpeg_uri(image: Image.Image) -> str:
    """A picture as a data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def date_text(dicom_date: str) -> str:
    """20080213 -> 2008-02-13; anything else as it is, nothing as "not given"."""
    if re.fullmatch(r"\d{8}", dicom_date):
        return f"{dicom_date[:4]}-{dicom_date[4:6]}-{dicom_date[6:]}"
    return dicom_date or _NOT_GIVEN


def model_text(model: dict[str, Any]) -> ModelText | None:
    """What run.json says about the model, completed from the registry; None where a reader drew the masks."""
    if not model:
        return None
    spec = next((spec for spec in MODELS if spec.id == model.get("id")), None)
    details = {key: _flat(value) for key, value in model.items() if key not in _HIDDEN_MODEL_KEYS}
    return ModelText(
        title=_known(model, spec, "title") or str(model.get("id", _NOT_GIVEN)),
        license=_known(model, spec, "license") or _NOT_GIVEN,
        origin=_known(model, spec, "origin") or _NOT_GIVEN,
        citation=_known(model, spec, "citation"),
        training_data=_known(model, spec, "training_data") or "not known",
        accuracy=_known(model, spec, "accuracy") or "not known",
        details=details,
    )


def _known(model: dict[str, Any], spec: ModelSpec | None, key: str) -> str:
    return str(model.get(key) or (getattr(spec, key) if spec else ""))


def _hashes(case: Case) -> dict[str, str]:
    return {"Input (sha256)": case.study.source.sha256 or _NOT_GIVEN}


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(item) for item in value)
    return str(value)


@cache
def _template() -> Template:
    environment = page_environment()
    environment.filters["flat"] = _flat
    environment.filters["percent"] = percent_text
    environment.filters["kept_together"] = kept_together
    return environment.get_template(_TEMPLATE)
