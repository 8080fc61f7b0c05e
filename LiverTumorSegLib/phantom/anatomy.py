"""A patient: the tissues in the order in which they are painted, their attenuation, the liver's vessels and lesions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Points, Vector
from LiverTumorSegLib.phantom import organs, skeleton, trunk
from LiverTumorSegLib.phantom.lesions import Lattice, Lesion, Shape, lattice, place_lesions
from LiverTumorSegLib.phantom.liver import LIVER_HIGH_RAS, LIVER_LOW_RAS, Patient, draw_patient, gallbladder, liver
from LiverTumorSegLib.phantom.settings import LesionKind, PhantomSettings, Phase
from LiverTumorSegLib.phantom.shapes import Field, Positions
from LiverTumorSegLib.phantom.vessel_tree import VesselTree, grow_tree

EVERYWHERE: tuple[Vector, Vector] = ((-400.0, -400.0, -400.0), (400.0, 400.0, 400.0))
LUNG_HILA: list[list[Vector]] = [
    [(0.0, -20.0, 150.0), (34.0, -20.0, 130.0), (56.0, -24.0, 80.0)],
    [(0.0, -20.0, 150.0), (-40.0, -22.0, 130.0), (-62.0, -34.0, 80.0)],
]
PORTAL_TARGETS, HEPATIC_TARGETS = 320, 260
PORTAL_BRANCHES: list[list[Vector]] = [
    organs.PORTAL_TRUNK[2:],
    [(30.0, 10.0, 0.0), (46.0, 4.0, 5.0), (60.0, 0.0, 6.0), (72.0, 20.0, 20.0), (82.0, 34.0, 32.0)],
    [(60.0, 0.0, 6.0), (80.0, -22.0, -2.0), (94.0, -36.0, -14.0)],
    [(30.0, 10.0, 0.0), (16.0, 22.0, 10.0), (0.0, 34.0, 18.0), (-7.0, 46.0, 18.0), (-24.0, 58.0, 10.0)],
    [(0.0, 34.0, 18.0), (-22.0, 38.0, 28.0)],
]
HEPATIC_BRANCHES: list[list[Vector]] = [
    [(19.0, -14.0, 58.0), (48.0, -18.0, 48.0), (82.0, -14.0, 22.0), (100.0, -6.0, -10.0)],
    [(19.0, -14.0, 58.0), (30.0, 12.0, 46.0), (44.0, 34.0, 16.0), (54.0, 46.0, -10.0)],
    [(19.0, -14.0, 58.0), (2.0, 10.0, 52.0), (-18.0, 34.0, 42.0), (-38.0, 46.0, 34.0)],
]


@dataclass(frozen=True)
class Tissue:
    """A shape filled with one attenuation. low_ras, high_ras: a box that holds it."""

    distance: Shape
    hu: float
    low_ras: Vector = EVERYWHERE[0]
    high_ras: Vector = EVERYWHERE[1]


@dataclass(frozen=True)
class Branches:
    """Tubes filled with one attenuation, from inset_mm under their surface."""

    tree: VesselTree
    hu: float
    inset_mm: float = 0.0

    @property
    def low_ras(self) -> NDArray[np.float64]:
        return np.asarray(self.tree.start_ras.min(axis=0) - 40)

    @property
    def high_ras(self) -> NDArray[np.float64]:
        return np.asarray(self.tree.start_ras.max(axis=0) + 40)


@dataclass(frozen=True)
class Attenuation:
    """HU of the tissues that take up contrast agent."""

    liver: float
    portal_vein: float
    hepatic_vein: float
    artery: float
    vena_cava: float
    spleen: float
    renal_cortex: float
    renal_medulla: float
    pancreas: float
    bowel_wall: float
    muscle: float
    myocardium: float


HOUNSFIELD = {
    Phase.PORTAL_VENOUS: Attenuation(
        liver=108.0,
        portal_vein=170.0,
        hepatic_vein=163.0,
        artery=155.0,
        vena_cava=145.0,
        spleen=122.0,
        renal_cortex=195.0,
        renal_medulla=165.0,
        pancreas=98.0,
        bowel_wall=82.0,
        muscle=60.0,
        myocardium=112.0,
    ),
    Phase.NATIVE: Attenuation(
        liver=58.0,
        portal_vein=42.0,
        hepatic_vein=42.0,
        artery=42.0,
        vena_cava=42.0,
        spleen=48.0,
        renal_cortex=33.0,
        renal_medulla=33.0,
        pancreas=42.0,
        bowel_wall=38.0,
        muscle=54.0,
        myocardium=44.0,
    ),
}
FAT_HU, AIR_HU, LUNG_HU, FLUID_HU, BILE_HU = -103.0, -1000.0, -855.0, 14.0, 8.0
CYST_HU = 8.0


@dataclass(frozen=True)
class Anatomy:
    """Everything that does not depend on the acquisition."""

    tissues: tuple[Tissue | Branches, ...]
    hu: Attenuation
    liver: Shape
    liver_lattice: Lattice
    portal_veins: VesselTree
    hepatic_veins: VesselTree
    lesions: tuple[Lesion, ...]


def make_anatomy(settings: PhantomSettings) -> Anatomy:
    """The patient of a seed."""
    rng = np.random.Generator(np.random.PCG64([settings.seed, 0]))
    patient = draw_patient(rng)
    hu = HOUNSFIELD[settings.phase]

    def shape(p: Positions) -> Field:
        return liver(p, patient)

    organ = lattice(shape, LIVER_LOW_RAS, LIVER_HIGH_RAS, rng)
    trunks = np.array([point for branch in PORTAL_BRANCHES + HEPATIC_BRANCHES for point in branch])
    wanted = [one for one in settings.lesions if settings.with_tumors or one.kind is not LesionKind.TUMOR]
    lesions = place_lesions(wanted, organ, shape, trunks)
    targets = _reachable(organ, lesions)[: PORTAL_TARGETS + HEPATIC_TARGETS]
    portal_targets, hepatic_targets = targets[:PORTAL_TARGETS], targets[PORTAL_TARGETS:]
    portal = grow_tree(PORTAL_BRANCHES, portal_targets, 5.8)
    hepatic = grow_tree(HEPATIC_BRANCHES, hepatic_targets, 5.0)
    tissues = _tissues(patient, hu, rng)
    return Anatomy(tissues, hu, shape, organ, portal, hepatic, lesions)


def _reachable(organ: Lattice, lesions: tuple[Lesion, ...]) -> Points:
    """Where branches may grow to: not at the surface, not in lesions."""
    points = organ.points_ras[organ.depth_mm > 6]
    p = Positions(*points.T.astype(np.float32))
    for lesion in lesions:
        if lesion.settings.kind is not LesionKind.CALCIFICATION:
            p_outside = lesion.distance(p) > 3
            points, p = points[p_outside], Positions(p.x[p_outside], p.y[p_outside], p.z[p_outside])
    return points


def _tissues(patient: Patient, hu: Attenuation, rng: np.random.Generator) -> tuple[Tissue | Branches, ...]:
    up = patient.raised_mm
    bowel = organs.small_bowel(rng)
    return (
        *_walls(up, hu),
        *_bones(),
        Branches(_lung_vessels(up, rng), hu.vena_cava),
        Branches(_mesentery(bowel, rng), hu.vena_cava),
        Branches(bowel, hu.bowel_wall),
        Branches(bowel, FLUID_HU + 20, 2.6),
        *_hollow_organs(up, hu),
        *_solid_organs(up, hu),
    )


def _lung_vessels(up: float, rng: np.random.Generator) -> VesselTree:
    """From both hila down to the bases; coarse, since the networks look at the liver."""
    low, high = np.array([-130.0, -90.0, -20.0]), np.array([130.0, 90.0, 145.0])
    space = lattice(lambda p: trunk.lungs(p, up), low, high, rng)
    targets = space.points_ras[space.depth_mm > 4][:500]
    return grow_tree(LUNG_HILA, targets, 5.0)


def _mesentery(bowel: VesselTree, rng: np.random.Generator) -> VesselTree:
    """Branches of the mesenteric vessels that run through the fat to the loops."""
    targets = rng.permutation(bowel.stop_ras)[:140] + rng.uniform(-10, 10, (140, 3))
    return grow_tree([organs.MESENTERIC_VEIN], targets, 2.2)


def _walls(up: float, hu: Attenuation) -> list[Tissue]:
    thorax = ((-160.0, -120.0, -40.0), (160.0, 120.0, 400.0))
    return [
        Tissue(trunk.table, -350.0),
        Tissue(trunk.skin, 15.0),
        Tissue(lambda p: trunk.skin(p) + 2, FAT_HU),
        Tissue(trunk.muscle_wall, hu.muscle),
        Tissue(trunk.muscle_gaps, FAT_HU + 30),
        Tissue(trunk.cavity, FAT_HU),
        Tissue(lambda p: trunk.lungs(p, up), LUNG_HU, *thorax),
        Tissue(lambda p: trunk.heart(p), hu.myocardium, (-100.0, -30.0, 45.0), (70.0, 90.0, 400.0)),
        Tissue(trunk.heart_chambers, hu.hepatic_vein, (-90.0, -10.0, 55.0), (60.0, 75.0, 400.0)),
        Tissue(lambda p: trunk.diaphragm(p, up), hu.muscle, (-160.0, -120.0, -80.0), (160.0, 120.0, 110.0)),
        Tissue(trunk.back_muscles, hu.muscle, (-100.0, -112.0, -400.0), (100.0, -5.0, 400.0)),
    ]


def _bones() -> list[Tissue]:
    spine = ((-50.0, -115.0, -400.0), (50.0, -25.0, 400.0))
    chest = ((-150.0, -105.0, -160.0), (150.0, 105.0, 400.0))
    return [
        Tissue(skeleton.rib_cartilage, 115.0, *chest),
        Tissue(skeleton.ribs, 520.0, *chest),
        Tissue(lambda p: skeleton.ribs(p) + 2, 230.0, *chest),
        Tissue(skeleton.sternum, 400.0, *chest),
        Tissue(lambda p: skeleton.sternum(p) + 2, 180.0, *chest),
        Tissue(skeleton.vertebral_arches, 480.0, *spine),
        Tissue(skeleton.discs, 95.0, *spine),
        Tissue(skeleton.vertebral_bodies, 430.0, *spine),
        Tissue(lambda p: skeleton.vertebral_bodies(p) + 1.8, 195.0, *spine),
        Tissue(skeleton.spinal_canal, 28.0, *spine),
    ]


def _hollow_organs(up: float, hu: Attenuation) -> list[Tissue]:
    bowel = ((-135.0, -60.0, -400.0), (130.0, 95.0, 0.0))
    stomach = ((-115.0, -60.0, -70.0), (40.0, 95.0, 90.0))
    gullet = ((-70.0, -30.0, 20.0), (20.0, 20.0, 400.0))

    def bowel_gas(p: Positions) -> Field:
        return np.maximum(organs.colon(p) + 3, 58 - p.y)

    def stomach_gas(p: Positions) -> Field:
        return np.maximum(organs.stomach(p, up) + 5, 40 - p.y)

    return [
        Tissue(organs.colon, hu.bowel_wall, *bowel),
        Tissue(lambda p: organs.colon(p) + 2.5, 35.0, *bowel),
        Tissue(bowel_gas, AIR_HU + 30, *bowel),
        Tissue(organs.duodenum, hu.bowel_wall, *bowel),
        Tissue(lambda p: organs.duodenum(p) + 3, FLUID_HU + 8, *bowel),
        Tissue(lambda p: organs.stomach(p, up), hu.bowel_wall, *stomach),
        Tissue(lambda p: organs.stomach(p, up) + 4, FLUID_HU, *stomach),
        Tissue(stomach_gas, AIR_HU + 20, *stomach),
        Tissue(organs.esophagus, hu.bowel_wall - 20, *gullet),
    ]


def _solid_organs(up: float, hu: Attenuation) -> list[Tissue]:
    kidney = ((-95.0, -80.0, -130.0), (95.0, -10.0, 5.0))
    middle = ((-100.0, -45.0, -400.0), (60.0, 50.0, 40.0))
    great = ((-40.0, -60.0, -400.0), (50.0, 20.0, 400.0))
    bile = ((20.0, 0.0, -80.0), (75.0, 85.0, -5.0))
    return [
        Tissue(organs.kidneys, hu.renal_cortex, *kidney),
        Tissue(organs.renal_medulla, hu.renal_medulla, *kidney),
        Tissue(organs.pancreas, hu.pancreas, *middle),
        Tissue(lambda p: organs.spleen(p, up), hu.spleen, (-140.0, -95.0, -50.0), (-60.0, 30.0, 80.0)),
        Tissue(organs.renal_vessels, hu.vena_cava, *middle),
        Tissue(organs.aorta, hu.artery, *great),
        Tissue(organs.vena_cava, hu.vena_cava, *great),
        Tissue(organs.arteries, hu.artery, *middle),
        Tissue(organs.portal_confluence, hu.portal_vein, *middle),
        Tissue(gallbladder, hu.bowel_wall, *bile),
        Tissue(lambda p: gallbladder(p) + 1.5, BILE_HU, *bile),
    ]
