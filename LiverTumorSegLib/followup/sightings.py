"""What is told of a tracked lesion at a visit: measured values as they are, its state, and what a reader says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from LiverTumorSegLib.followup.anchors import Wishes
from LiverTumorSegLib.followup.corrections import DiameterCorrection
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.flags import BY_POOR_REGISTRATION, OUT_OF_VIEW, OUTSIDE_LIVER
from LiverTumorSegLib.followup.regions import Region, share_in_view
from LiverTumorSegLib.followup.track_settings import MatchSettings
from LiverTumorSegLib.followup.tracks import Track
from LiverTumorSegLib.followup.words import visit_text
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.timeline import Part, Sighting, State

_ORGAN_STEP_MM = 3.0


@dataclass(frozen=True, eq=False)
class Scene:
    """A visit, as far as sightings ask for it. fits: whether its liver lies well over that of the visit before."""

    visit: int
    baseline: int
    examination: Examination
    fits: bool

    def why_not_evaluable(self, place: Region, settings: MatchSettings) -> str:
        """A flag; "" where the place of a lesion that was not found lies well in view, and in the liver."""
        segmentation, margin_mm = self.examination.segmentation, settings.in_view_margin_mm
        if share_in_view(segmentation, place.points_ras, margin_mm) < settings.in_view_share:
            return OUT_OF_VIEW
        if self._organ is None:
            return OUTSIDE_LIVER
        away, _ = self._organ.query(place.points_ras, distance_upper_bound=settings.in_liver_mm + _ORGAN_STEP_MM / 2)
        return "" if np.isfinite(away).mean() >= settings.in_view_share else OUTSIDE_LIVER

    @cached_property
    def _organ(self) -> cKDTree | None:
        """Points of the organ, about _ORGAN_STEP_MM apart."""
        segmentation = self.examination.segmentation
        box = bounding_box(segmentation.array)
        if box is None:
            return None
        organ = segmentation.crop(box)
        organ = organ.with_array((organ.array > 0).astype(np.uint8))
        step = max(_ORGAN_STEP_MM, *organ.spacing_mm)
        coarse = resample(organ, upright_grid(organ, (step, step, step)), outside=0.0, linear=False)
        at = np.argwhere(coarse.array)
        return cKDTree(coarse.ras_from_ijk(at)) if len(at) else None


def sighting_of(track: Track, scene: Scene, settings: MatchSettings) -> Sighting:
    """As the masks have it; what it merged into is the track's number until ``track.follow_up`` gives names."""
    parts = tuple(part_of(scene.examination, lesion) for lesion in track.parts[scene.visit])
    center = track.places[scene.visit].center_mm
    doubt = () if scene.fits else (BY_POOR_REGISTRATION,)
    if parts:
        long_mm = sum(part.long_axis_mm for part in parts)
        return Sighting(
            state=_state(track, scene),
            parts=parts,
            long_axis_mm=long_mm,
            short_axis_mm=sum(part.short_axis_mm for part in parts),
            measured_long_axis_mm=long_mm,
            volume_ml=sum(part.volume_ml for part in parts),
            center_ras_mm=center,
            flags=doubt if scene.visit > 0 else (),
        )
    if scene.visit < track.first_visit:
        return Sighting(State.ABSENT, volume_ml=0.0, center_ras_mm=center)
    into = track.merged_into[scene.visit]
    if into is not None:
        return Sighting(State.MERGED, center_ras_mm=center, merged_into=str(into), flags=doubt)
    why_not = scene.why_not_evaluable(track.places[scene.visit], settings)
    if why_not:
        return Sighting(State.NOT_EVALUABLE, center_ras_mm=center, flags=(why_not, *doubt))
    return Sighting(State.GONE, volume_ml=0.0, center_ras_mm=center, flags=doubt)


def part_of(examination: Examination, lesion_id: int) -> Part:
    """A lesion as it was measured: nothing is computed anew."""
    lesion = next(one for one in examination.measurements.lesions if one.id == lesion_id)
    return Part(**{name: getattr(lesion, name) for name in Part.__dataclass_fields__})


def _state(track: Track, scene: Scene) -> State:
    if scene.visit == scene.baseline:
        return State.BASELINE
    if len(track.parts[scene.visit]) > 1:
        return State.SPLIT
    is_new = scene.visit == track.first_visit and scene.visit > scene.baseline
    return State.NEW if is_new else State.PERSISTENT


def with_wishes(
    tracks: Sequence[Track], sightings: list[list[Sighting]], wishes: Wishes
) -> tuple[list[list[Sighting]], list[str]]:
    """By track and visit, after a reader's diameters and words that a lesion is gone; and words that do not fit."""
    changed = [list(row) for row in sightings]
    warnings = []
    for ((seen_at, lesion), visit), wish in wishes.diameters.items():
        row = changed[_number(tracks, seen_at, lesion)]
        if visit == seen_at:
            row[visit] = _measured_by_reader(row[visit], lesion, wish)
        elif row[visit].state in (State.GONE, State.NOT_EVALUABLE):
            row[visit] = _found_by_reader(row[visit], wish)
        else:
            warnings.append(
                f"A reader measured a lesion of {visit_text(seen_at)} at {visit_text(visit)} where no mask showed it; "
                f"now it is {row[visit].state} there, and that is left out."
            )
    for (seen_at, lesion), visit in wishes.gone:
        row = changed[_number(tracks, seen_at, lesion)]
        if row[visit].parts or row[visit].state is State.ABSENT:
            warnings.append(
                f"A reader calls a lesion of {visit_text(seen_at)} gone at {visit_text(visit)}, but the mask shows it "
                "there, or it comes later; that is left out."
            )
            continue
        row[visit] = _gone(row[visit])
    return [_stays_gone(row) for row in changed], warnings


def _number(tracks: Sequence[Track], visit: int, lesion: int) -> int:
    return next(track.number for track in tracks if lesion in track.parts[visit])


def _measured_by_reader(seen: Sighting, lesion: int, wish: DiameterCorrection) -> Sighting:
    """One part's values in the sum of all; what the reader left out stays as measured."""
    if wish.unreadable:
        unknown = replace(seen, state=State.NOT_EVALUABLE, long_axis_mm=None, short_axis_mm=None, by_reader=True)
        return replace(unknown, volume_ml=None)
    part = next(one for one in seen.parts if one.id == lesion)
    return replace(
        seen,
        long_axis_mm=_instead(seen.long_axis_mm, part.long_axis_mm, wish.long_axis_mm, len(seen.parts)),
        short_axis_mm=_instead(seen.short_axis_mm, part.short_axis_mm, wish.short_axis_mm, len(seen.parts)),
        by_reader=True,
    )


def _found_by_reader(seen: Sighting, wish: DiameterCorrection) -> Sighting:
    """There after all, with what the reader measured; its volume is not known."""
    if wish.unreadable or wish.long_axis_mm is None:
        return replace(seen, state=State.NOT_EVALUABLE, volume_ml=None, by_reader=True)
    return replace(
        seen,
        state=State.PERSISTENT,
        long_axis_mm=float(wish.long_axis_mm),
        short_axis_mm=None if wish.short_axis_mm is None else float(wish.short_axis_mm),
        volume_ml=None,
        by_reader=True,
        flags=(),
    )


def _instead(total: float | None, measured: float, by_reader: float | None, parts: int) -> float | None:
    if by_reader is None or total is None:
        return total
    return float(by_reader) if parts == 1 else total - measured + by_reader


def _gone(seen: Sighting) -> Sighting:
    return replace(
        seen,
        state=State.GONE,
        long_axis_mm=0.0,
        short_axis_mm=0.0,
        volume_ml=0.0,
        confirmed=True,
        by_reader=True,
        merged_into="",
        flags=(),
    )


def _stays_gone(row: list[Sighting]) -> list[Sighting]:
    """What a reader has called gone stays confirmed for as long as it is not found again."""
    result: list[Sighting] = []
    for seen in row:
        was_confirmed = bool(result) and result[-1].confirmed
        result.append(_gone(seen) if seen.state is State.GONE and not seen.confirmed and was_confirmed else seen)
    return result
