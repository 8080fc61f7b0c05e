"""From a reader's words to lesions: which one lies at the place that a correction names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.followup.corrections import Anchor, Corrections, DiameterCorrection
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.words import visit_text
from LiverTumorSegLib.timeline import Role

Seen = tuple[int, int]
"""A lesion where it was seen: the visit's number and its id there."""


@dataclass(frozen=True)
class Wishes:
    """A reader's corrections with lesions in place of anchors; of two for the same lesion, the later one holds.

    continues: lesion -> the one at an earlier visit that it is, None for a new one. diameters: by lesion and the visit
    that was read. gone: lesion and the visit at which it is not there any more. warnings: which corrections could not
    be used, in words.
    """

    roles: dict[Seen, Role] = field(default_factory=dict)
    continues: dict[Seen, Seen | None] = field(default_factory=dict)
    diameters: dict[tuple[Seen, int], DiameterCorrection] = field(default_factory=dict)
    gone: tuple[tuple[Seen, int], ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, corrections: Corrections, examinations: Sequence[Examination], reach_mm: float) -> Wishes:
        """examinations: in the order of visits. reach_mm: how far from an anchor a lesion may lie."""
        search = _Search(examinations, reach_mm)
        roles = {lesion: one.role for one in corrections.roles if (lesion := search.lesion(one.lesion, "role"))}
        diameters = {}
        for size in corrections.diameters:
            lesion, visit = search.lesion(size.lesion, "measured diameter"), search.visit(size.visit)
            if lesion and visit is not None:
                diameters[lesion, visit] = size
        gone = []
        for one in corrections.gone:
            lesion, visit = search.lesion(one.lesion, "word that it is gone"), search.visit(one.visit)
            if lesion and visit is not None:
                gone.append((lesion, visit))
        return cls(roles, _continues(corrections, search), diameters, tuple(gone), tuple(search.warnings))


def lesion_at(examination: Examination, point_ras_mm: Vector, reach_mm: float) -> int | None:
    """Id of the lesion whose mask holds a point, else of the nearest one with a voxel's centre within the reach; of two
    at the same distance the larger one.
    """
    lesions, point = examination.lesions, np.array([point_ras_mm], dtype=np.float64)
    at = lesions.ijk_from_ras(point)[0]
    reach = [reach_mm / step + 1 for step in lesions.spacing_mm]
    low = np.clip(np.floor(at - reach), 0, lesions.shape).astype(int)
    high = np.clip(np.ceil(at + reach) + 1, 0, lesions.shape).astype(int)
    if (high <= low).any():
        return None
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    crop = lesions.crop((i, j, k))
    near = np.argwhere(crop.array > 0)
    ids = crop.array[tuple(near.T)].astype(int)
    holds = (np.rint(crop.ijk_from_ras(point)) == near).all(axis=1)
    away = np.where(holds, 0.0, np.linalg.norm(crop.ras_from_ijk(near) - point, axis=1))
    found = min(zip(away.tolist(), ids.tolist(), strict=True), default=None)
    return found[1] if found is not None and found[0] <= reach_mm else None


def _continues(corrections: Corrections, search: _Search) -> dict[Seen, Seen | None]:
    found: dict[Seen, Seen | None] = {}
    for one in corrections.matches:
        later = search.lesion(one.later, "match")
        if later is None:
            continue
        if one.earlier is None:
            found[later] = None
            continue
        earlier = search.lesion(one.earlier, "match")
        if earlier is None:
            continue
        later, earlier = max(later, earlier), min(later, earlier)
        if later[0] == earlier[0]:
            search.warnings.append(f"Both lesions of a match are of {visit_text(later[0])}; it is left out.")
        else:
            found[later] = earlier
    return found


class _Search:
    """Looks up anchors, and notes those that lead nowhere."""

    def __init__(self, examinations: Sequence[Examination], reach_mm: float) -> None:
        self._examinations, self._reach_mm = examinations, reach_mm
        self._visits = {one.key: visit for visit, one in enumerate(examinations)}
        self.warnings: list[str] = []

    def visit(self, key: str) -> int | None:
        visit = self._visits.get(key)
        if visit is None:
            self.warnings.append(f"A correction names the examination {key}, which is none of these; it is left out.")
        return visit

    def lesion(self, anchor: Anchor, what: str) -> Seen | None:
        visit = self.visit(anchor.visit)
        if visit is None:
            return None
        found = lesion_at(self._examinations[visit], anchor.point_ras_mm, self._reach_mm)
        if found is None:
            place = ", ".join(f"{value:.1f}" for value in anchor.point_ras_mm)
            self.warnings.append(
                f"No lesion of {visit_text(visit)} lies within {self._reach_mm:g} mm of the place ({place}) "
                f"that a reader's {what} was given for; it is left out."
            )
            return None
        return visit, found
