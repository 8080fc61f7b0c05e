"""The summary as a radiologist dictates it: short sentences that say what was measured, never what it is."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from LiverTumorSegLib.report.summary_facts import LesionFacts, LiverFacts, SummaryFacts, Technique
from LiverTumorSegLib.report.summary_words import FATTY_BELOW_HU, TERMS, joined

_WIDTH = 100
_NO_BREAK = "\u00a0"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:mm|ml|HU|%)(?!\w))|(?<=\d) (?=x \d)|(?<=\d x) (?=\d)")
_TITLE = "LIVER CT: SUMMARY OF WHAT WAS MEASURED"
NOT_A_DEVICE = (
    "For research use only, not a medical device and no diagnosis: made by a program, to be checked by a qualified "
    "reader. It does not tell kinds of lesions apart, and small, flat or poorly enhancing ones can be missed."
)


@dataclass(frozen=True)
class Section:
    """paragraphs: a lesion has one of its own."""

    title: str
    paragraphs: tuple[str, ...]


def summary_sections(facts: SummaryFacts) -> tuple[Section, ...]:
    """Technique, liver, lesions, vessels, limitations; a section that has nothing to say is left out."""
    sections = (
        Section("Technique", (_technique(facts.technique),)),
        Section("Liver", (_liver(facts.liver),)),
        Section("Lesions", tuple(_lesions(facts))),
        Section("Vessels", _vessels(facts)),
        Section("Limitations", tuple(_limitations(facts))),
    )
    return tuple(section for section in sections if section.paragraphs)


def summary_text(facts: SummaryFacts) -> str:
    """summary.txt: plain text of lines that fit a page."""
    lines = [_TITLE]
    for section in summary_sections(facts):
        lines += ["", section.title.upper()]
        lines += [textwrap.fill(kept_together(words), _WIDTH, break_on_hyphens=False) for words in section.paragraphs]
    return "\n".join(lines).replace(_NO_BREAK, " ") + "\n"


def kept_together(words: str) -> str:
    """With spaces between numbers and their units at which no line breaks."""
    return _BEFORE_UNIT.sub(_NO_BREAK, words)


def _technique(technique: Technique) -> str:
    i, j, k = (f"{step:g}" for step in technique.spacing_mm)
    return " ".join(
        (
            f"CT of {technique.voxels} voxels, {i} x {j} x {k} mm; slices {technique.slice_distance_mm:g} mm apart.",
            _phase(technique),
            f"Outlines: {technique.model or 'drawn or edited by a reader'}. Measured by {technique.program}.",
        )
    )


def _phase(technique: Technique) -> str:
    if not technique.phase:
        return "Contrast phase not known."
    sure = technique.phase_confidence_percent
    basis = "by the header" if sure is None else f"by the image, confidence {sure} %"
    return f"Contrast phase: {technique.phase} ({basis})."


def _liver(liver: LiverFacts) -> str:
    if liver.volume_ml is None:
        return "No liver was found."
    words = [f"Volume {liver.volume_ml:.1f} ml with its vessels and tumors."]
    if liver.attenuation_hu is not None:
        words.append(
            f"Parenchyma {liver.attenuation_hu} HU (SD {liver.attenuation_sd_hu} HU), away from vessels, lesions and "
            "surface."
        )
    if liver.may_be_fatty:
        words.append(
            f"Below {FATTY_BELOW_HU:g} HU on a native CT, as in livers with much fat; tube voltage, iron and other "
            "deposits change it too, and this does not measure fat."
        )
    return " ".join(words)


def _lesions(facts: SummaryFacts) -> list[str]:
    if not facts.lesion_count:
        nothing = "No lesion was found." if facts.liver.volume_ml else "Lesions were not looked for."
        return [nothing]
    share = "" if facts.tumor_burden_percent is None else f", {facts.tumor_burden_percent:.1f} % of the liver"
    number = f"{facts.lesion_count} lesion{'s' if facts.lesion_count > 1 else ''}"
    found = [f"{number}, {facts.tumor_volume_ml:.1f} ml{' together' if facts.lesion_count > 1 else ''}{share}."]
    found += [_lesion(lesion) for lesion in facts.lesions]
    if facts.further:
        more = facts.further
        found.append(
            f"{more.count} further lesion{'s' if more.count > 1 else ''}, {more.volume_ml:.1f} ml, longest diameter up "
            f"to {more.longest_mm:.1f} mm: see the table."
        )
    return found


def _lesion(lesion: LesionFacts) -> str:
    size = f"{lesion.long_axis_mm:.1f} x {lesion.short_axis_mm:.1f} mm, {lesion.volume_ml:.1f} ml"
    sentences = [
        f"{lesion.name}: {_place(lesion)}{size}",
        _attenuation(lesion),
        _form(lesion),
        f"Touches {joined(lesion.contacts)}" if lesion.contacts else "",
        *(f"Not measured: {words}" for words in lesion.not_measured),
        "" if lesion.confidence_percent is None else f"Confidence {lesion.confidence_percent} %",
    ]
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _place(lesion: LesionFacts) -> str:
    if not lesion.segment:
        return ""
    return f"segment {lesion.segment} ({joined(lesion.sections)}), "


def _attenuation(lesion: LesionFacts) -> str:
    if lesion.attenuation_hu is None:
        return ""
    words = [f"{lesion.attenuation_hu} HU"]
    difference_hu = lesion.difference_hu
    if difference_hu:
        words.append(f"{abs(difference_hu)} HU {'below' if difference_hu < 0 else 'above'} the parenchyma")
    inside = ", ".join(words)
    kind = ", ".join(filter(None, (lesion.attenuation, lesion.texture)))
    return f"{_sentence(kind)} ({inside})" if kind else inside


def _form(lesion: LesionFacts) -> str:
    words = [lesion.shape, f"{lesion.outline} outline" if lesion.outline else ""]
    if lesion.margin:
        words.append(f"{lesion.margin} margin (edge {lesion.edge_width_mm:.1f} mm)")
    return _sentence(", ".join(filter(None, words)))


def _vessels(facts: SummaryFacts) -> tuple[str, ...]:
    if not facts.vessels_ml:
        return ()
    *apart, (_, together_ml) = facts.vessels_ml
    named = "".join(f"{name} {ml:.1f} ml, " for name, ml in apart)
    return (_sentence(f"{named}all vessels inside the liver {together_ml:.1f} ml."),)


def _limitations(facts: SummaryFacts) -> list[str]:
    described = any(lesion.attenuation or lesion.shape or lesion.margin for lesion in facts.lesions)
    return [
        NOT_A_DEVICE,
        *([" ".join(facts.limitations)] if facts.limitations else []),
        *([TERMS] if described else []),
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
