"""All of a plan that no resection changes, found once: after it, a resection is told within half a second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.labels import HEPATIC_VEIN, PORTAL_VEIN
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.flow import VesselTree
from LiverTumorSegLib.planning.settings import DEFAULT_SETTINGS, PlanSettings
from LiverTumorSegLib.planning.voxel_surface import VoxelSurface
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True, eq=False)
class LesionVoxels:
    """One lesion: ``organ_at`` are its voxels' numbers among the organ's."""

    organ_at: Int[np.ndarray, " n"]
    surface: VoxelSurface


@dataclass(frozen=True, eq=False)
class PlanningFields:
    """plan: the anatomy cropped at ``box`` of the CT's grid. organ_ras: centres (n, 3) of the organ's voxels in the
    order of np.argwhere, which all vectors "of the organ" follow. segment_of: (n,) their Couinaud values. tumor_at:
    numbers of those that are tumour. portal, hepatic: None where there is no such vessel.
    """

    plan: PlanAnatomy
    box: Box
    settings: PlanSettings
    organ: Mask
    organ_ras: Float32[np.ndarray, "n 3"]
    segment_of: Int[np.ndarray, " n"]
    tumor_at: Int[np.ndarray, " t"]
    lesions: dict[int, LesionVoxels]
    portal: VesselTree | None
    hepatic: VesselTree | None

    @classmethod
    def of(cls, anatomy: PlanAnatomy, settings: PlanSettings = DEFAULT_SETTINGS) -> PlanningFields:
        """A few seconds for a CT: two feature transforms of the organ's box, and the surfaces of the lesions."""
        plan, box = anatomy.cropped()
        organ = plan.organ
        veins = ((PORTAL_VEIN.value, plan.portal_trunk), (HEPATIC_VEIN.value, plan.cava))
        with ThreadPoolExecutor(max_workers=2) as pool:  # feature transforms, most of the time, hold no lock
            trees = [pool.submit(_tree, plan, value, outside, settings) for value, outside in veins]
            lesions = _lesions(plan, organ)
            portal, hepatic = (tree.result() for tree in trees)
        return cls(
            plan,
            box,
            settings,
            organ,
            plan.segmentation.ras_from_ijk(np.argwhere(organ)).astype(np.float32),
            plan.segments.array[organ].astype(np.int64),
            np.flatnonzero(plan.tumor[organ]),
            lesions,
            portal,
            hepatic,
        )

    @property
    def grid(self) -> Volume:
        return self.plan.segmentation

    @property
    def voxel_ml(self) -> float:
        return self.grid.voxel_ml

    @property
    def organ_voxels(self) -> int:
        return len(self.segment_of)

    @property
    def functional_liver_ml(self) -> float:
        """TELV: the organ without its tumour."""
        return (self.organ_voxels - len(self.tumor_at)) * self.voxel_ml


def _lesions(plan: PlanAnatomy, organ: Mask) -> dict[int, LesionVoxels]:
    ids = plan.lesions.array[organ]
    return {
        lesion_id: LesionVoxels(np.flatnonzero(ids == lesion_id), VoxelSurface.of(plan.lesions.array == lesion_id))
        for lesion_id in plan.lesion_ids
    }


def _tree(plan: PlanAnatomy, value: int, outside: Volume | None, settings: PlanSettings) -> VesselTree | None:
    vessel = plan.segmentation.with_array(plan.segmentation.array == value)
    meets = None if outside is None else outside.array > 0
    return VesselTree.of(vessel, plan.organ, meets, settings.mouth_mm)
