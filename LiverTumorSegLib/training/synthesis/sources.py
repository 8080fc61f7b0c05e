"""Label maps of real patients -> ``Drawn``, on the grid that the network sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import cc3d
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray, LabelArray, Mask
from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.io.nifti import read_nifti
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.training.synthesis.complete import Drawn
from LiverTumorSegLib.training.synthesis.tissues import Tissue
from LiverTumorSegLib.volume import Volume

_TISSUES = {
    "body": Tissue.FAT,
    "bone": Tissue.BONE,
    "lungs": Tissue.LUNG,
    "liver": Tissue.LIVER,
    "portal_vein": Tissue.PORTAL_VEIN,
    "hepatic_veins_and_vena_cava": Tissue.HEPATIC_VEIN,
    "artery": Tissue.ARTERY,
    "liver_tumor": Tissue.TUMOR,
    "liver_cyst": Tissue.CYST,
    "gallbladder": Tissue.GALLBLADDER,
    "kidneys": Tissue.KIDNEY,
    "spleen": Tissue.SPLEEN,
    "pancreas": Tissue.PANCREAS,
    "stomach": Tissue.BOWEL_WALL,
    "adrenals": Tissue.SOFT,
    "other": Tissue.SOFT,
}
_BEGINNINGS = {
    "adrenal": Tissue.SOFT,
    "aorta": Tissue.ARTERY,
    "iliac_artery": Tissue.ARTERY,
    "iliac_vena": Tissue.VEIN,
    "inferior_vena": Tissue.VEIN,
    "portal_vein": Tissue.PORTAL_VEIN,
    "autochthon": Tissue.MUSCLE,
    "gluteus": Tissue.MUSCLE,
    "iliopsoas": Tissue.MUSCLE,
    "colon": Tissue.BOWEL_WALL,
    "duodenum": Tissue.BOWEL_WALL,
    "small_bowel": Tissue.BOWEL_WALL,
    "stomach": Tissue.BOWEL_WALL,
    "esophagus": Tissue.BOWEL_WALL,
    "urinary_bladder": Tissue.GALLBLADDER,
    "gallbladder": Tissue.GALLBLADDER,
    "femur": Tissue.BONE,
    "hip": Tissue.BONE,
    "rib": Tissue.BONE,
    "sacrum": Tissue.BONE,
    "vertebrae": Tissue.BONE,
    "heart": Tissue.HEART,
    "kidney": Tissue.KIDNEY,
    "liver": Tissue.LIVER,
    "lung": Tissue.LUNG,
    "pancreas": Tissue.PANCREAS,
    "spleen": Tissue.SPLEEN,
}
"""TotalSegmentator's names of structures."""
_SKIN_HU = -300.0
_ALWAYS_MISSING = frozenset({Tissue.BOWEL_WALL, Tissue.VEIN})
_IN_LIVER_MM = 6.0
"""Veins run on outside the liver; inside is what lies in the organ once gaps of this width are closed."""


def abdomen_maps(folder: Path, names: Iterable[str], spacing_mm: float) -> Iterable[tuple[str, Drawn]]:
    """Maps NAME.nii.gz of a folder with ``labels.json`` (labels: name -> value; annotated: name -> structures)."""
    facts = read_json(folder / "labels.json")
    for name in names:
        image = read_nifti(folder / f"{name}.nii.gz")
        labels = Volume(np.asarray(image.array).astype(np.uint8), image.affine)
        yield name, drawn_from(labels, facts["labels"], facts["annotated"][name], spacing_mm)


def whole_body_map(folder: Path, spacing_mm: float) -> Drawn:
    """A body in which everything was drawn: labels.nii.gz and labels.json (name -> value, as TotalSegmentator names
    structures), and ct.nii.gz, which tells where the body ends.

    Veins in the liver are not among the structures, but for the portal vein's stem; they count as liver.
    """
    image, ct = read_nifti(folder / "labels.nii.gz"), read_nifti(folder / "ct.nii.gz")
    labels = np.asarray(image.array).astype(np.uint8)
    codes = np.where(_body(np.asarray(ct.array)), np.uint8(Tissue.FAT), np.uint8(Tissue.AIR))
    for name, value in read_json(folder / "labels.json").items():
        codes[labels == value] = _tissue_called(name)
    volume = Volume(codes, image.affine)
    codes = resample(volume, upright_grid(volume, (spacing_mm,) * 3), outside=0.0, linear=False).array
    near = _closed(codes == Tissue.LIVER, round(_IN_LIVER_MM / spacing_mm))
    veins = codes == Tissue.PORTAL_VEIN
    codes[veins], codes[veins & near] = Tissue.VEIN, Tissue.LIVER
    return Drawn(codes, spacing_mm, frozenset())


def _tissue_called(name: str) -> Tissue:
    """Raises ValueError for a name that begins like none of those known."""
    for beginning, tissue in _BEGINNINGS.items():
        if name.startswith(beginning):
            return tissue
    message = f"no tissue for a structure called {name!r}"
    raise ValueError(message)


def _body(hu: ImageArray) -> Mask:
    """The largest thing that is no air; its holes are gas in bowel or lung, drawn or not."""
    body = cc3d.largest_k(hu > _SKIN_HU, k=1, connectivity=6) > 0
    return np.stack([ndimage.binary_fill_holes(one) for one in body.transpose(2, 0, 1)], 2)


def drawn_from(labels: Volume, values: Mapping[str, int], annotated: Iterable[str], spacing_mm: float) -> Drawn:
    """One map on an upright cubic grid. Structures that are not named in ``values`` count as outside the body."""
    table = np.zeros(256, np.uint8)
    for name, value in values.items():
        table[value] = _TISSUES[name]
    grid = upright_grid(labels, (spacing_mm, spacing_mm, spacing_mm))
    codes = resample(labels.with_array(table[labels.array]), grid, outside=0.0, linear=False).array
    missing = {tissue for name, tissue in _TISSUES.items() if name not in set(annotated)} | _ALWAYS_MISSING
    return Drawn(_veins_outside_apart(codes, spacing_mm), spacing_mm, frozenset(missing))


def _veins_outside_apart(codes: LabelArray, spacing_mm: float) -> LabelArray:
    """Portal and hepatic veins outside the liver, and the vena cava, become VEIN."""
    inside = _closed(np.isin(codes, (Tissue.LIVER, Tissue.TUMOR, Tissue.CYST)), round(_IN_LIVER_MM / spacing_mm))
    outside = np.isin(codes, (Tissue.PORTAL_VEIN, Tissue.HEPATIC_VEIN)) & ~inside
    return np.where(outside, np.uint8(Tissue.VEIN), codes)


def _closed(mask: Mask, radius: int) -> Mask:
    padded = np.pad(mask, radius)
    closed = ndimage.binary_closing(padded, ndimage.generate_binary_structure(3, 1), iterations=radius)
    return closed[tuple(slice(radius, -radius) for _ in range(3))]
