"""Real portal-venous CTs as other contrast phases would show them: the same patient, other densities, other noise.

What experts have drawn changes its density, with the half-filled voxels around it; in the liver also the veins that are
too small to be drawn. Nobody breathes between these phases and nothing else enhances, so that whatever differs between
their segmentations comes from the densities alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import edt
import nibabel
import numpy as np
from real_cases import load_mask
from scipy import ndimage

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.volume import Volume

RIM_MM = 2.0
"""How far beyond its outline a structure still fills voxels in part."""
SMOOTH_MM = 0.7
"""What is brighter than the liver is seen on a CT that is smoothed so, or the noise would be taken for veins."""
CLEAR_HU = 20.0
NOISE_HU, NOISE_GRAIN_MM = 6.0, 0.8
"""Added to each phase's own, so that no two have the same noise."""
FAT_HU, SOFT_HU = -100.0, 40.0
AROUND_HU = {"kidneys": FAT_HU, "spleen": FAT_HU, "liver": FAT_HU, "liver_tumor": FAT_HU}
"""What lies around a structure; soft tissue around vessels. A voxel that is half that changes half as much."""

P = ContrastPhase
PARTS = ("artery", "kidneys", "portal_vein", "hepatic_veins_and_vena_cava", "spleen", "liver_tumor", "liver")
"""The first one that holds a voxel decides."""
TARGET_HU: dict[ContrastPhase, tuple[float, ...]] = {
    P.NATIVE: (42, 33, 42, 42, 48, 38, 56),
    P.LATE_ARTERIAL: (290, 165, 118, 60, 125, 60, 72),
    P.DELAYED: (113, 145, 114, 113, 96, 76, 92),
}
"""Medians of PARTS; the portal-venous phase stays as it was scanned, but for the noise."""


CORTEX_KEEPS = {P.NATIVE: 0.1, P.LATE_ARTERIAL: 1.2, P.DELAYED: 0.25}
"""How much of the kidneys' contrast between cortex and medulla is left."""
_IN_PLANE_CROSS = np.zeros((3, 3, 3), bool)
_IN_PLANE_CROSS[1, :, 1] = _IN_PLANE_CROSS[:, 1, 1] = True


@dataclass(frozen=True, eq=False)
class DrawnCase:
    """ct: as scanned, portal-venous. masks: of PARTS, on its grid."""

    name: str
    ct: Volume
    masks: dict[str, np.ndarray]


def drawn_case(data: Path, name: str) -> DrawnCase:
    """A case of ``cases`` with what is drawn of its neighbours in ``labelmaps/abdomen``."""
    image = nibabel.load(data / "cases" / name / "ct.nii.gz")
    ct = Volume(np.asarray(image.dataobj).astype(np.int16), image.affine)
    values = json.loads((data / "labelmaps" / "abdomen" / "labels.json").read_text())["labels"]
    around = load_mask(data / "labelmaps" / "abdomen" / f"{name}.nii.gz")
    masks = {part: around == values[part] for part in ("kidneys", "spleen", "liver_tumor")}
    for part in ("artery", "portal_vein", "hepatic_veins_and_vena_cava", "liver"):
        masks[part] = load_mask(data / "cases" / name / f"{part}.nii.gz") > 0
    return DrawnCase(name, ct, masks)


def simulated(case: DrawnCase, phase: ContrastPhase, seed: int = 1) -> Volume:
    """int16 HU on the case's grid."""
    hu = case.ct.array.astype(np.float32)
    if phase in TARGET_HU:
        hu += _change(case, dict(zip(PARTS, TARGET_HU[phase], strict=True)), CORTEX_KEEPS[phase])
    rng = np.random.default_rng([seed, list(ContrastPhase).index(phase)])
    noise = _blurred(rng.standard_normal(hu.shape, dtype=np.float32), case.ct, NOISE_GRAIN_MM)
    hu += noise * np.float32(NOISE_HU / noise.std())
    return case.ct.with_array(np.clip(np.round(hu), -1024, 3071).astype(np.int16))


def _change(case: DrawnCase, target: dict[str, float], cortex_keeps: float) -> np.ndarray:
    """What every voxel gains."""
    smooth = _blurred(case.ct.array.astype(np.float32), case.ct, SMOOTH_MM)
    change, taken = np.zeros(case.ct.shape, np.float32, order="F"), np.zeros(case.ct.shape, bool, order="F")
    own = {part: _median(case, part) for part in PARTS if case.masks[part].any()}
    for part, level in own.items():
        inside = case.masks[part] & ~taken
        change[inside] = (target[part] - level) * _filled(part, level, smooth[inside])
        if part == "kidneys":
            change[inside] += (cortex_keeps - 1) * np.clip(smooth[inside] - level, -60, 60)
        taken |= inside
    _change_small_veins(case, target, own, smooth, change)
    for part, level in own.items():
        rim = _grown(case.masks[part], case.ct) & ~taken
        change[rim] = (target[part] - level) * _filled(part, level, smooth[rim])
        taken |= rim
    return change


def _filled(part: str, level: float, smooth: np.ndarray) -> np.ndarray:
    """Share of a structure in voxels, by where they lie between what is around it and its own level."""
    low = AROUND_HU.get(part, SOFT_HU)
    return np.clip((smooth - low) / (level - low), 0, 1)


def _change_small_veins(
    case: DrawnCase, target: dict[str, float], own: dict[str, float], smooth: np.ndarray, change: np.ndarray
) -> None:
    """In place: what is clearly brighter than the liver and not drawn belongs to the nearest vein that is drawn."""
    liver = case.masks["liver"]
    box = bounding_box(liver)
    assert box is not None
    veins = ("portal_vein", "hepatic_veins_and_vena_cava")
    away = [edt.edt(~case.masks[vein][box], anisotropy=case.ct.spacing_mm) for vein in veins]
    drawn = np.logical_or.reduce([case.masks[part][box] for part in PARTS if part != "liver"])
    for vein, is_nearest in zip(veins, (away[0] <= away[1], away[0] > away[1]), strict=True):
        small = liver[box] & ~drawn & is_nearest & (smooth[box] > own["liver"] + CLEAR_HU)
        filled = np.clip((smooth[box][small] - own["liver"]) / (own[vein] - own["liver"]), 0, 1)
        more = (target[vein] - target["liver"]) - (own[vein] - own["liver"])
        change[box][small] += filled * more


def _median(case: DrawnCase, part: str) -> float:
    """Of its inside, without what an earlier part covers; of hepatic veins in the liver, where blood has mixed."""
    earlier = [case.masks[name] for name in PARTS[: PARTS.index(part)]]
    alone = case.masks[part] & ~np.logical_or.reduce(earlier) if earlier else case.masks[part]
    if part == "hepatic_veins_and_vena_cava":
        alone = alone & case.masks["liver"]
    inside = ndimage.binary_erosion(alone, _IN_PLANE_CROSS, iterations=2)
    return float(np.median(case.ct.array[inside if inside.any() else alone]))


def _grown(mask: np.ndarray, grid: Volume) -> np.ndarray:
    """By RIM_MM within the slices."""
    steps = max(1, round(RIM_MM / grid.spacing_mm[0]))
    return ndimage.binary_dilation(mask, _IN_PLANE_CROSS, iterations=steps)


def _blurred(array: np.ndarray, grid: Volume, width_mm: float) -> np.ndarray:
    """Within the slices, the array's last axis."""
    sigma = [width_mm / step for step in grid.spacing_mm[:2]]
    return ndimage.gaussian_filter(array, (sigma[0], sigma[1], 0.0), truncate=3.0)
