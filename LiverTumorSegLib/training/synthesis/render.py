"""An anatomy as a CT sees it: densities of a contrast phase, textures, slice thickness, kernel and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.training.samples import Image
from LiverTumorSegLib.training.synthesis.noise import smooth_field
from LiverTumorSegLib.training.synthesis.scanner import blurred, grained
from LiverTumorSegLib.training.synthesis.tissues import Tissue

AIR_HU = -1000.0


@dataclass(frozen=True)
class Phase:
    """HU that one patient shows in one phase; drawn at random, the liver first and much else relative to it."""

    hu: dict[Tissue, float]


def random_phase(rng: np.random.Generator) -> Phase:
    """From native (vessels darker than the liver) over arterial to portal venous and late; fatty livers too."""
    u = rng.uniform
    fatty = rng.random() < 0.12
    liver = u(0, 45) if fatty else u(45, 160)
    is_enhanced = rng.random() < 0.85
    veins = liver + (u(10, 110) if is_enhanced else u(-25, 15))
    arteries = u(100, 350) if is_enhanced and rng.random() < 0.6 else veins + u(-15, 60)
    brighter = rng.random() < 0.12
    return Phase(
        {
            Tissue.FAT: u(-125, -75),
            Tissue.MUSCLE: u(25, 80),
            Tissue.BONE: u(180, 500),
            Tissue.LUNG: u(-930, -720),
            Tissue.LIVER: liver,
            Tissue.PORTAL_VEIN: veins,
            Tissue.HEPATIC_VEIN: veins + (u(-40, 15) if is_enhanced else 0.0),
            Tissue.TUMOR: liver + (u(10, 60) if brighter else u(-95, -12)),
            Tissue.CYST: u(-5, 25),
            Tissue.GALLBLADDER: u(-5, 35),
            Tissue.KIDNEY: u(30, 230) if is_enhanced else u(20, 45),
            Tissue.SPLEEN: liver + u(-35, 50),
            Tissue.PANCREAS: u(30, 130),
            Tissue.BOWEL_WALL: u(20, 120),
            Tissue.BOWEL_CONTENT: u(100, 400) if rng.random() < 0.25 else u(-30, 80),
            Tissue.GAS: u(-1000, -750),
            Tissue.HEART: veins + u(-40, 60),
            Tissue.ARTERY: arteries,
            Tissue.VEIN: veins + u(-50, 20),
            Tissue.SOFT: u(0, 110),
            Tissue.MASS: liver + u(-90, 25),
        }
    )


def render(anatomy: LabelArray, spacing_mm: float, rng: np.random.Generator) -> Image:
    """HU of tissue codes on a cubic grid (k to the head). Every call is another patient, phase and scanner."""
    phase = random_phase(rng)
    table = np.full(256, AIR_HU, np.float32)
    for tissue, hu in phase.hu.items():
        table[tissue] = hu
    hu = table[anatomy]
    _lesion_insides(hu, anatomy, phase, spacing_mm, rng)
    _textures(hu, anatomy, spacing_mm, rng)
    return _scanned(hu, spacing_mm, rng)


def _lesion_insides(hu: Image, anatomy: LabelArray, phase: Phase, spacing_mm: float, rng: np.random.Generator) -> None:
    """Necrosis in the middle, a rim that enhances, calcification; every lesion shares the patient's phase."""
    for tissue in (Tissue.TUMOR, Tissue.MASS):
        mask = anatomy == tissue
        if not mask.any():
            continue
        depth_mm = ndimage.distance_transform_edt(mask).astype(np.float32) * spacing_mm
        field = smooth_field(anatomy.shape, 8 / spacing_mm, rng)
        hu[mask] += rng.uniform(2, 18) * field[mask]
        if rng.random() < 0.4:
            necrosis = mask & (depth_mm + 3 * field > rng.uniform(5, 15))
            hu[necrosis] = rng.uniform(5, 45) + 4 * field[necrosis]
        if rng.random() < 0.3:
            rim = mask & (depth_mm < rng.uniform(1.5, 5))
            hu[rim] = phase.hu[Tissue.LIVER] + rng.uniform(-30, 50)
        if rng.random() < 0.08:
            hu[mask & (field > 2.2)] = rng.uniform(150, 600)


def _textures(hu: Image, anatomy: LabelArray, spacing_mm: float, rng: np.random.Generator) -> None:
    """Nothing in a body is of one density; bones least of all."""
    coarse, fine = smooth_field(hu.shape, 30 / spacing_mm, rng), smooth_field(hu.shape, 7 / spacing_mm, rng)
    soft = (hu > -300) & (anatomy != Tissue.AIR)
    hu[soft] += rng.uniform(0, 7) * coarse[soft] + rng.uniform(0, 9) * fine[soft]
    bone = anatomy == Tissue.BONE
    hu[bone] += rng.uniform(60, 220) * fine[bone]


def _scanned(hu: Image, spacing_mm: float, rng: np.random.Generator) -> Image:
    """Blur in the slice (kernel) and across slices (thickness), noise with a grain."""
    in_plane, across = rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.6)
    thickness = float(rng.choice([1.0, 1.5, 2.5, 3.0, 5.0])) / spacing_mm
    hu = blurred(hu, in_plane, across, thickness)
    noise = rng.standard_normal(hu.shape, dtype=np.float32)
    grain = rng.uniform(0.0, 0.8)
    noise = grained(noise, grain, grain / 2 if thickness < 2 else grain)
    return (hu + np.float32(rng.gamma(2.0, 6.0)) * noise).astype(np.float32)
