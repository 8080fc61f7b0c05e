"""Where a lesion lies: its segments, how far the capsule and each vessel are, and what lies around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS
from LiverTumorSegLib.measure.gaps import Gap, shell_ml
from LiverTumorSegLib.measurements import Line
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.contact import Contact, VesselWall
from LiverTumorSegLib.planning.settings import DEFAULT_SETTINGS, PlanSettings
from LiverTumorSegLib.planning.voxel_surface import Structure, VoxelSurface
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Distance:
    """A gap as it is told and drawn. mm: give or take uncertainty_mm. line_ras_mm: centres of the two voxels, of the
    lesion first.
    """

    mm: float
    uncertainty_mm: float
    is_contact: bool
    line_ras_mm: Line

    @classmethod
    def of(cls, gap: Gap, grid: Volume) -> Distance:
        (ax, ay, az), (bx, by, bz) = grid.ras_from_ijk(np.array([gap.position_ijk, gap.other_ijk])).tolist()
        return cls(gap.mm, gap.uncertainty_mm, gap.is_contact, ((ax, ay, az), (bx, by, bz)))


@dataclass(frozen=True)
class VesselRelation:
    """vessel: "portal_vein", "hepatic_vein", "vessel" (not told apart) or "vena_cava". contact: None without one."""

    vessel: str
    distance: Distance
    contact: Contact | None


@dataclass(frozen=True)
class Shell:
    """What lies within reach_mm of a lesion and inside the organ, the lesion left out."""

    reach_mm: float
    ml: float


@dataclass(frozen=True)
class LesionRelations:
    """segment_shares: (name, percent of the lesion), largest first. segments_title: "VII", or "VII/VIII" where a
    further segment has more than the setting says. capsule: to the outside of the organ, None where the image shows
    none. vessels: those that there are, nearest first.
    """

    lesion_id: int
    volume_ml: float
    segment_shares: tuple[tuple[str, float], ...]
    segments_title: str
    capsule: Distance | None
    vessels: tuple[VesselRelation, ...]
    shells: tuple[Shell, ...]


def relate_lesions(anatomy: PlanAnatomy, settings: PlanSettings = DEFAULT_SETTINGS) -> tuple[LesionRelations, ...]:
    """Of every lesion, by id; () where there is none."""
    plan, _ = anatomy.cropped()
    if not plan.lesion_ids:
        return ()
    surroundings = _Surroundings(plan)
    return tuple(_relate(plan, surroundings, lesion_id, settings) for lesion_id in plan.lesion_ids)


class _Surroundings:
    """The surfaces of the organ's outside and of each vessel; the walls of those that something touches."""

    def __init__(self, plan: PlanAnatomy) -> None:
        grid = plan.segmentation
        self.organ = plan.organ
        self.outside = Structure.around(self.organ, grid)
        self.vessels = {name: Structure.of(mask, grid) for name, mask in plan.vessels().items()}
        self._walls: dict[str, VesselWall] = {}

    def wall(self, vessel: str) -> VesselWall:
        if vessel not in self._walls:
            structure = self.vessels[vessel]
            self._walls[vessel] = VesselWall.of(structure.grid.with_array(structure.mask))
        return self._walls[vessel]


def _relate(plan: PlanAnatomy, around: _Surroundings, lesion_id: int, settings: PlanSettings) -> LesionRelations:
    mask = plan.lesions.array == lesion_id
    surface = VoxelSurface.of(mask)
    shares = segment_shares(plan.segments.array[mask])
    capsule = None if around.outside is None else around.outside.gap_of(mask, surface)
    structure = plan.lesions.with_array(mask)
    gaps = {name: vessel.gap_of(mask, surface) for name, vessel in around.vessels.items()}
    vessels = [_vessel(plan, around, name, gap, lesion_id) for name, gap in gaps.items() if gap is not None]
    return LesionRelations(
        lesion_id,
        int(np.count_nonzero(mask)) * plan.lesions.voxel_ml,
        shares,
        segments_title(shares, settings.second_share_percent),
        None if capsule is None else Distance.of(capsule, plan.lesions),
        tuple(sorted(vessels, key=lambda vessel: vessel.distance.mm)),
        tuple(Shell(reach, shell_ml(structure, around.organ, reach)) for reach in settings.shells_mm),
    )


def _vessel(plan: PlanAnatomy, around: _Surroundings, name: str, gap: Gap, lesion_id: int) -> VesselRelation:
    contact = around.wall(name).contact_with(plan.lesions, lesion_id) if gap.is_contact else None
    return VesselRelation(name, Distance.of(gap, plan.lesions), contact)


def segment_shares(values: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Percent of some voxels, given by their segments' values (n,), in each segment that has any; largest first, equal
    ones in Couinaud's order.
    """
    counts = np.bincount(values, minlength=len(ALL_COUINAUD_LABELS.values()) + 1)
    total = max(1, int(counts[1:].sum()))
    shares = [(label.name, 100.0 * int(counts[label.value]) / total) for label in ALL_COUINAUD_LABELS]
    return tuple(sorted((share for share in shares if share[1] > 0), key=lambda share: -share[1]))


def segments_title(shares: tuple[tuple[str, float], ...], second_percent: float) -> str:
    """Like "VII", or "VII/VIII" with every further segment that has more than second_percent."""
    return "/".join(name for place, (name, percent) in enumerate(shares) if place == 0 or percent > second_percent)


def distance_json(distance: Distance) -> dict[str, Any]:
    """As in plan.json."""
    return {
        "distance_mm": distance.mm,
        "uncertainty_mm": distance.uncertainty_mm,
        "is_contact": distance.is_contact,
        "line_ras_mm": [list(point) for point in distance.line_ras_mm],
    }
