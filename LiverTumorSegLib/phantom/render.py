"""The CT of a patient on a grid: tissues painted over each other with partial volume; blur, texture and noise."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LiverTumorSegLib.arrays import Affine, Box, InstanceArray, LabelArray
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.phantom.anatomy import AIR_HU, CYST_HU, Anatomy, Branches, Tissue
from LiverTumorSegLib.phantom.breathing import Breathing
from LiverTumorSegLib.phantom.hand import Hand
from LiverTumorSegLib.phantom.lesions import Lesion
from LiverTumorSegLib.phantom.liver import LIVER_HIGH_RAS, LIVER_LOW_RAS
from LiverTumorSegLib.phantom.settings import LesionKind
from LiverTumorSegLib.phantom.shapes import Field, Positions, capsule, index_box, occupancy, positions
from LiverTumorSegLib.phantom.vessel_tree import VesselTree
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent

SLAB = 16
"""Slices painted at a time: the temporaries stay in the cache and the memory small."""
RIM_MM = 2.5
"""Width over which a lesion fades into the liver."""
BLUR_MM = 0.55
NOISE_GRAIN_MM = 0.6
TEXTURE_MM = 3.0
FAR_MM = np.float32(1e3)
AT_REST = Breathing()
EXACT = Hand()


@dataclass(frozen=True)
class Canvas:
    """What is painted on; all arrays have the grid's shape. affine: to the body's frame, which breathing deforms."""

    affine: Affine
    hu: NDArray[np.float32]
    labels: LabelArray
    lesion_ids: InstanceArray
    breathing: Breathing = AT_REST
    hand: Hand = EXACT

    @property
    def edge_mm(self) -> float:
        """Width over which a voxel fills up while a surface passes through it."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) ** (1 / 3))

    def positions(self, box: Box) -> Positions:
        """Where in the anatomy at rest the voxels of a box lie."""
        return self.breathing.before(positions(self.affine, box))

    def box_of(self, low_ras: NDArray[np.float64], high_ras: NDArray[np.float64]) -> Box:
        """Of the voxels that may show what is in a box of the anatomy at rest; empty where they do not meet."""
        return index_box(self.affine, self.hu.shape, *self.breathing.box_after(low_ras, high_ras))


def paint(
    anatomy: Anatomy,
    affine: Affine,
    shape: tuple[int, int, int],
    progress: ProgressCallback,
    breathing: Breathing = AT_REST,
    hand: Hand = EXACT,
) -> Canvas:
    """Without blur, texture and noise. Labels and ids say what is at the voxels' centres, as exactly as the hand is."""
    blank = np.full(shape, AIR_HU, np.float32), np.zeros(shape, np.uint8), np.zeros(shape, np.uint16)
    canvas = Canvas(affine, *blank, breathing, hand)
    slabs = [(k, min(k + SLAB, shape[2])) for k in range(0, shape[2], SLAB)]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        running = [pool.submit(_paint_slab, anatomy, canvas, a, b) for a, b in slabs]
        try:
            for n, slab in enumerate(running):
                slab.result()
                progress(ProgressEvent("phantom", 0.8 * (n + 1) / len(running), "painting organs"))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return canvas


def acquire(canvas: Canvas, seed: int, noise_hu: float, scan: int = 0) -> NDArray[np.int16]:
    """What a scanner makes of it: blur within the slice, tissue texture, correlated noise, whole HU.

    seed: the patient's, for the texture. scan: another one of the same patient has other noise.
    """
    spacing = np.linalg.norm(canvas.affine[:3, :3], axis=0)
    in_plane = np.arange(3) != slice_axis(canvas.affine)
    hu = ndimage.gaussian_filter(canvas.hu, in_plane * BLUR_MM / spacing, truncate=3)
    _add_texture(hu, canvas.affine, np.random.Generator(np.random.PCG64([seed, 1])))
    rng = np.random.Generator(np.random.PCG64([seed, 2, scan] if scan else [seed, 2]))
    noise = ndimage.gaussian_filter(
        rng.standard_normal(hu.shape, dtype=np.float32), in_plane * NOISE_GRAIN_MM / spacing, truncate=3
    )
    hu += noise * np.float32(noise_hu / max(float(noise.std()), 1e-6))
    return np.clip(np.round(hu, out=hu), -1024, 3071).astype(np.int16)


def _paint_slab(anatomy: Anatomy, canvas: Canvas, start: int, stop: int) -> None:
    for tissue in anatomy.tissues:
        box = _within(canvas, np.array(tissue.low_ras), np.array(tissue.high_ras), start, stop)
        if _has_voxels(box):
            _fill(canvas.hu[box], _tissue_distance(tissue, canvas, box), tissue.hu, canvas.edge_mm)
    box = _within(canvas, LIVER_LOW_RAS, LIVER_HIGH_RAS, start, stop)
    if _has_voxels(box):
        _paint_liver(anatomy, canvas, box)
    for lesion in anatomy.lesions:
        _paint_lesion(anatomy, lesion, canvas, start, stop)


def _tissue_distance(tissue: Tissue | Branches, canvas: Canvas, box: Box) -> Field:
    if isinstance(tissue, Branches):
        return tree_distance(tissue.tree, canvas.affine, box, canvas.breathing) + np.float32(tissue.inset_mm)
    return tissue.distance(canvas.positions(box))


def _paint_liver(anatomy: Anatomy, canvas: Canvas, box: Box) -> None:
    places = canvas.positions(box)
    liver = anatomy.liver(places)
    hu, labels = canvas.hu[box], canvas.labels[box]
    _fill(hu, liver, anatomy.hu.liver, canvas.edge_mm)
    drawn = liver < canvas.hand.outwards_mm(places)
    labels[drawn] = LIVER.value
    trees = ((anatomy.hepatic_veins, anatomy.hu.hepatic_vein), (anatomy.portal_veins, anatomy.hu.portal_vein))
    for tree, attenuation in trees:
        veins = tree_distance(tree, canvas.affine, box, canvas.breathing)
        _fill(hu, veins, attenuation, canvas.edge_mm)
        labels[(veins < 0) & drawn] = VESSEL.value


def _paint_lesion(anatomy: Anatomy, lesion: Lesion, canvas: Canvas, start: int, stop: int) -> None:
    reach = np.array(lesion.settings.radii_mm) + RIM_MM
    box = _within(canvas, lesion.center_ras - reach, lesion.center_ras + reach, start, stop)
    if not _has_voxels(box):
        return
    places = canvas.positions(box)
    distance = lesion.distance(places)
    is_tumor = lesion.settings.kind is LesionKind.TUMOR
    _fill(
        canvas.hu[box],
        distance,
        _lesion_hu(anatomy, lesion, distance),
        max(canvas.edge_mm, RIM_MM if is_tumor else canvas.edge_mm),
    )
    if is_tumor:
        # However unsteady the hand, nobody draws less than the core of what is there.
        drawn = distance < np.maximum(canvas.hand.outwards_mm(places), np.float32(-0.5 * min(lesion.settings.radii_mm)))
        canvas.labels[box][drawn] = TUMOR.value
        canvas.lesion_ids[box][drawn] = lesion.id


def _lesion_hu(anatomy: Anatomy, lesion: Lesion, distance: Field) -> float | Field:
    """Large tumors have a darker core."""
    if lesion.settings.kind is LesionKind.CYST:
        return CYST_HU
    even = anatomy.hu.liver + lesion.settings.contrast_hu
    if lesion.settings.kind is LesionKind.CALCIFICATION or min(lesion.settings.radii_mm) < 12:
        return even
    return np.float32(even + 4) - 14 * np.clip((-distance - 6) / 6, 0, 1)


def tree_distance(tree: VesselTree, affine: Affine, box: Box, breathing: Breathing = AT_REST) -> Field:
    """To the surface of the nearest piece, within a few mm of the tree; FAR_MM elsewhere."""
    shape = tuple(s.stop - s.start for s in box)
    distance = np.full(shape, FAR_MM, np.float32)
    local = affine.copy()
    local[:3, 3] = affine[:3, :3] @ [s.start for s in box] + affine[:3, 3]
    margin = tree.start_radius_mm.max() + float(np.linalg.norm(affine[:3, :3], axis=0).max())
    low, high = np.minimum(tree.start_ras, tree.stop_ras) - margin, np.maximum(tree.start_ras, tree.stop_ras) + margin
    low, high = breathing.box_after(low, high)
    for n in range(len(tree.start_ras)):
        near = index_box(local, shape, low[n], high[n])
        if _has_voxels(near):
            piece = capsule(
                breathing.before(positions(local, near)),
                tuple(tree.start_ras[n]),
                tuple(tree.stop_ras[n]),
                tree.start_radius_mm[n],
                tree.stop_radius_mm[n],
            )
            np.minimum(distance[near], piece, out=distance[near])
    return distance


def _add_texture(hu: NDArray[np.float32], affine: Affine, rng: np.random.Generator) -> None:
    """Uneven tissue: grains of a few mm that stay with the patient, strongest in bone, fat and lung."""
    grains = ndimage.gaussian_filter(rng.standard_normal((140, 140, 140), dtype=np.float32), 1.0)
    grains /= grains.std()
    to_lattice = affine[:3, :3] / TEXTURE_MM
    for k in range(0, hu.shape[2], SLAB):
        part = hu[:, :, k : k + SLAB]
        offset = (affine[:3, 3] + affine[:3, 2] * k) / TEXTURE_MM + 70
        texture = ndimage.affine_transform(grains, to_lattice, offset, output_shape=part.shape, order=1, mode="wrap")
        part += texture * _texture_hu(part)


def _texture_hu(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    amplitude = np.interp(hu, [-980, -860, -200, -100, 0, 130, 200, 500], [0, 28, 12, 9, 4, 4, 22, 45])
    return amplitude.astype(np.float32)


def _fill(hu: NDArray[np.float32], distance: Field, value: float | Field, edge_mm: float) -> None:
    hu += occupancy(distance, edge_mm) * (value - hu)


def _within(canvas: Canvas, low_ras: NDArray[np.float64], high_ras: NDArray[np.float64], start: int, stop: int) -> Box:
    i, j, k = canvas.box_of(low_ras, high_ras)
    first, last = max(k.start, start), min(k.stop, stop)
    return i, j, slice(first, max(first, last))


def _has_voxels(box: Box) -> bool:
    return all(s.stop > s.start for s in box)
