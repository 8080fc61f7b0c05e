"""The facts of a summary: all that its text may say, rounded as it says it, and nothing that names a patient."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.geometry.affine import slice_axis, slice_distance_mm
from LiverTumorSegLib.measurements import Appearance, Lesion, Measurements, SeenPhase
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.registry import MODELS
from LiverTumorSegLib.report.flags import Severity, case_flags, explain_all
from LiverTumorSegLib.report.summary_words import (
    FATTY_BELOW_HU,
    attenuation_word,
    contact_words,
    joined,
    margin_word,
    outline_word,
    reason_words,
    sections_of,
    shape_word,
    texture_word,
)
from LiverTumorSegLib.volume import Volume

MAX_LESIONS = 10
"""So many are described one by one, the largest; a summary is a page."""
_OWN_MODEL = "own weights"


@dataclass(frozen=True)
class Technique:
    """voxels: of the volume. phase, model: "" where nobody knows. phase_basis: "image" or "header"."""

    voxels: str
    spacing_mm: tuple[float, float, float]
    slice_distance_mm: float
    phase: str
    phase_confidence_percent: int | None
    phase_basis: str
    model: str
    program: str


@dataclass(frozen=True)
class LiverFacts:
    """volume_ml: None where no liver was found. may_be_fatty: only ever true on a native CT."""

    volume_ml: float | None
    attenuation_hu: int | None
    attenuation_sd_hu: int | None
    may_be_fatty: bool


@dataclass(frozen=True)
class LesionFacts:
    """Words are "" and numbers None where something was not measured; ``not_measured`` tells why, in words."""

    name: str
    segment: str
    sections: tuple[str, ...]
    long_axis_mm: float
    short_axis_mm: float
    volume_ml: float
    attenuation_hu: int | None
    difference_hu: int | None
    attenuation: str
    texture: str
    shape: str
    outline: str
    margin: str
    edge_width_mm: float | None
    contacts: tuple[str, ...]
    confidence_percent: int | None
    not_measured: tuple[str, ...]


@dataclass(frozen=True)
class FurtherLesions:
    """Those that are not described one by one."""

    count: int
    volume_ml: float
    longest_mm: float


@dataclass(frozen=True)
class SummaryFacts:
    """tumor_burden_percent: of the organ. vessels_ml: by name, () without a liver. limitations: sentences."""

    technique: Technique
    liver: LiverFacts
    lesion_count: int
    tumor_volume_ml: float
    tumor_burden_percent: float | None
    lesions: tuple[LesionFacts, ...]
    further: FurtherLesions | None
    vessels_ml: tuple[tuple[str, float], ...]
    limitations: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For whoever phrases them: what is not known is left out, units are in the keys."""
        return dict(_known(asdict(self) | {"vessels_ml": dict(self.vessels_ml)}))


def summary_facts(case: Case) -> SummaryFacts:
    """Of a finished case. No name, id, date, path, description or warning gets in, only what was measured."""
    measured = case.measurements
    shown, rest = measured.lesions[:MAX_LESIONS], measured.lesions[MAX_LESIONS:]
    return SummaryFacts(
        technique=_technique(case),
        liver=_liver(measured),
        lesion_count=len(measured.lesions),
        tumor_volume_ml=round(measured.tumor_ml, 1),
        tumor_burden_percent=None if measured.burden_percent is None else round(measured.burden_percent, 1),
        lesions=tuple(_lesion(lesion, measured) for lesion in shown),
        further=_further(rest) if rest else None,
        vessels_ml=_vessels(measured),
        limitations=tuple(_limitations(case)),
    )


def _technique(case: Case) -> Technique:
    ct, phase = case.study.ct, case.measurements.phase
    named = phase is not None and phase.phase != ContrastPhase.UNKNOWN
    i, j, k = (round(step, 2) for step in ct.spacing_mm)
    return Technique(
        voxels=" x ".join(map(str, ct.shape)),
        spacing_mm=(i, j, k),
        slice_distance_mm=round(slice_distance_mm(ct.affine, slice_axis(ct.affine)), 2),
        phase=phase.phase if named and phase else "",
        phase_confidence_percent=_percent(phase.confidence) if named and phase and phase.basis == "image" else None,
        phase_basis=phase.basis if named and phase else "",
        model=_model(case),
        program=f"LiverTumorSeg {case.run.version}",
    )


def _model(case: Case) -> str:
    """Its title, where the registry knows it: somebody's own weights may be called whatever they like."""
    number = case.run.model.get("id")
    if not number:
        return ""
    return next((spec.title for spec in MODELS if spec.id == number), _OWN_MODEL)


def _liver(measured: Measurements) -> LiverFacts:
    tissue = measured.parenchyma
    return LiverFacts(
        volume_ml=round(measured.liver_ml, 1) if measured.liver_ml > 0 else None,
        attenuation_hu=None if tissue is None else round(tissue.mean_hu),
        attenuation_sd_hu=None if tissue is None else round(tissue.sd_hu),
        may_be_fatty=tissue is not None and tissue.mean_hu < FATTY_BELOW_HU and _is_native(measured.phase),
    )


def _is_native(phase: SeenPhase | None) -> bool:
    return phase is not None and phase.phase == ContrastPhase.NATIVE


def _lesion(lesion: Lesion, measured: Measurements) -> LesionFacts:
    seen = lesion.appearance or Appearance()
    return LesionFacts(
        name=f"L{lesion.id}",
        segment=lesion.segments_title,
        sections=sections_of(lesion),
        long_axis_mm=round(lesion.long_axis_mm, 1),
        short_axis_mm=round(lesion.short_axis_mm, 1),
        volume_ml=round(lesion.volume_ml, 1),
        attenuation_hu=None if seen.mean_hu is None else round(seen.mean_hu),
        difference_hu=None if seen.difference_hu is None else round(seen.difference_hu),
        attenuation=attenuation_word(seen),
        texture=texture_word(seen, measured.parenchyma),
        shape=shape_word(seen),
        outline=outline_word(seen),
        margin=margin_word(seen),
        edge_width_mm=None if seen.edge_width_mm is None else round(seen.edge_width_mm, 1),
        contacts=contact_words(seen),
        confidence_percent=None if lesion.confidence is None else _percent(lesion.confidence),
        not_measured=_not_measured(seen),
    )


def _not_measured(seen: Appearance) -> tuple[str, ...]:
    """Such as "attenuation and edge: too small"."""
    by_reason: dict[str, list[str]] = {}
    for what, reason in seen.not_measured:
        by_reason.setdefault(reason, []).append(what)
    return tuple(f"{joined(whats)} ({reason_words(reason)})" for reason, whats in by_reason.items())


def _further(lesions: tuple[Lesion, ...]) -> FurtherLesions:
    volume_ml = sum(lesion.volume_ml for lesion in lesions)
    return FurtherLesions(len(lesions), round(volume_ml, 1), round(max(lesion.long_axis_mm for lesion in lesions), 1))


def _vessels(measured: Measurements) -> tuple[tuple[str, float], ...]:
    if measured.liver_ml <= 0:
        return ()
    volumes_ml = {
        "portal vein": measured.portal_vein_ml,
        "hepatic veins": measured.hepatic_vein_ml,
        "all vessels": measured.vessel_ml,
    }
    return tuple((name, round(ml, 1)) for name, ml in volumes_ml.items() if ml is not None)


def _limitations(case: Case) -> list[str]:
    """Flags in words that ask for a look (what they mean and what to do stands in the report), and the grid's limit."""
    found = [f"{text.title}." for text in explain_all(case_flags(case))]
    by_flag: dict[str, list[str]] = {}
    for lesion in case.measurements.lesions:
        for flag in lesion.flags:
            by_flag.setdefault(flag, []).append(f"L{lesion.id}")
    for text in explain_all(by_flag):
        if text.severity is not Severity.NOTE:
            found.append(f"{text.title}: {_some(by_flag[text.flag])}.")
    least_ml = case.run.settings.get("min_lesion_ml")
    if isinstance(least_ml, int | float) and least_ml > 0:
        found.append(f"Finds below {least_ml:g} ml were dropped.")
    return [*found, _resolution(case.study.ct)]


def _resolution(ct: Volume) -> str:
    axis = slice_axis(ct.affine)
    pixel_mm = max(step for other, step in enumerate(ct.spacing_mm) if other != axis)
    across_mm = slice_distance_mm(ct.affine, axis)
    return f"Outlines follow voxels: {pixel_mm:.1f} mm within a slice, {across_mm:.1f} mm across slices."


def _some(names: list[str]) -> str:
    shown = names[:MAX_LESIONS]
    return ", ".join(shown) + (" and others" if len(names) > len(shown) else "")


def _percent(share: float) -> int:
    """Nothing is certain."""
    return min(99, max(1, round(100 * share)))


def _known(value: Any) -> Any:
    """Without what is None, false or empty, at any depth; 0 is known."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if _is_known(item)}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return value


def _is_known(item: Any) -> bool:
    if isinstance(item, str | dict | list | tuple):
        return bool(item)
    return item is not None and item is not False
