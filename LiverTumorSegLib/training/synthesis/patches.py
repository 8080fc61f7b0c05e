"""Patches of synthetic patients, bent and turned, each with its own lesions and its own scanner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch.nn import functional

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.training.synthesis.lesions import add_lesions
from LiverTumorSegLib.training.synthesis.noise import smooth_field
from LiverTumorSegLib.training.synthesis.render import Image, render
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ, labels_of

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Bending:
    """How far patients are bent.

    turn_degrees, log_scale: standard deviations of the turn about each axis and of the scale's logarithm.
    elastic_voxels: the largest elastic displacement.
    """

    turn_degrees: float = 8.0
    log_scale: float = 0.14
    elastic_voxels: float = 4.0


class SyntheticPatches:
    """folder: anatomies as NAME.npy (uint8 Tissue codes on an upright cubic grid)."""

    def __init__(self, folder: Path, size: Size, spacing_mm: float, bending: Bending | None = None) -> None:
        self._files = sorted(folder.glob("*.npy"))
        if not self._files:
            message = f"no anatomies in {folder}"
            raise FileNotFoundError(message)
        self._size, self._spacing_mm, self._bending = size, spacing_mm, bending or Bending()

    def sample(self, rng: np.random.Generator) -> tuple[Image, LabelArray]:
        """HU and exclusive labels (values of MAIN_LABELS) of one patch."""
        anatomy = np.load(self._files[int(rng.integers(len(self._files)))], mmap_mode="r")
        patch = add_lesions(self._cut(np.asarray(anatomy), rng), self._spacing_mm, rng)
        return render(patch, self._spacing_mm, rng), labels_of(patch)

    def _cut(self, anatomy: LabelArray, rng: np.random.Generator) -> np.ndarray:
        """Nearest codes at the bent grid's points; AIR outside, so that fields of view end as scans do."""
        bent = _grid(self._size, self._bending, rng) + _center(anatomy, rng)
        ends = np.array(anatomy.shape, np.float32)
        scaled = torch.from_numpy((2 * bent[..., ::-1] + 1) / ends[::-1] - 1)[None].float()
        codes = torch.from_numpy(anatomy.astype(np.float32))[None, None]
        cut = functional.grid_sample(codes, scaled, mode="nearest", padding_mode="zeros", align_corners=False)
        return cut[0, 0].numpy().astype(np.uint8)


def _center(anatomy: LabelArray, rng: np.random.Generator) -> np.ndarray:
    """In a third of the patches a vessel or a tumour, in a third the liver, else anywhere in the body."""
    sparse = anatomy[::3, ::3, ::3]
    small = np.isin(sparse, (Tissue.PORTAL_VEIN, Tissue.HEPATIC_VEIN, Tissue.TUMOR))
    wanted = (small, is_organ(sparse), sparse != Tissue.AIR)[int(rng.integers(3))]
    places = np.flatnonzero(wanted if wanted.any() else sparse >= 0)
    return np.array(np.unravel_index(int(rng.choice(places)), sparse.shape), np.float32) * 3 + rng.uniform(-20, 20, 3)


def _grid(size: Size, bending: Bending, rng: np.random.Generator) -> np.ndarray:
    """(i, j, k, 3): offsets from the patch's centre, in voxels of the anatomy."""
    turn = Rotation.from_euler("xyz", rng.normal(0, bending.turn_degrees, 3), degrees=True).as_matrix()
    scale = np.exp(rng.normal(0, bending.log_scale) + rng.normal(0, bending.log_scale / 2, 3))
    axes = [np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in size]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1) @ (turn * scale).T.astype(np.float32)
    reach = rng.uniform(0, bending.elastic_voxels)
    elastic = np.stack([smooth_field(size, 32.0, rng) for _ in range(3)], -1) * np.float32(reach / 2)
    return (grid + elastic).astype(np.float32)
