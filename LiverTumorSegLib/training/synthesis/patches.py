"""Patches of synthetic patients, bent and turned, each with its own lesions and its own scanner."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.models.lvt import COARSE_STEP
from LiverTumorSegLib.training.augmentation.bending import Bending, bent
from LiverTumorSegLib.training.augmentation.placement import Size, scaled, values_at
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.samples import Image, Sample, without_vessels
from LiverTumorSegLib.training.synthesis.lesions import add_lesions
from LiverTumorSegLib.training.synthesis.render import AIR_HU, render
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ, labels_of

_VESSELS = (Tissue.PORTAL_VEIN, Tissue.HEPATIC_VEIN)
_SPARSE = 3
_TIGHT_SHARE = 0.15
"""Of the patches, which show a field of view that ends in the body."""


class SyntheticPatches:
    """folder: anatomies as NAME.npy (uint8 Tissue codes on an upright grid of spacing_mm).

    coarse_share: of the samples, on the coarse grid, of coarse_size (``size`` if left out); vessels are not annotated
    there, nor in an anatomy that has none, which is a liver whose vessels nobody has drawn. organ_only: all others
    around some place of the liver.
    """

    def __init__(
        self,
        folder: Path,
        size: Size,
        spacing_mm: float,
        bending: Bending | None = None,
        *,
        coarse_share: float = 0.0,
        coarse_size: Size | None = None,
        organ_only: bool = False,
    ) -> None:
        self._files = sorted(folder.glob("*.npy"))
        if not self._files:
            message = f"no anatomies in {folder}"
            raise FileNotFoundError(message)
        self._size, self._spacing_mm, self._bending = size, spacing_mm, bending or Bending()
        self._coarse_share, self._coarse_size = coarse_share, coarse_size or size
        self._organ_only = organ_only

    def sample(self, rng: np.random.Generator) -> Sample:
        """One patch of one patient."""
        anatomy = np.load(self._files[int(rng.integers(len(self._files)))], mmap_mode="r")
        knows_vessels = bool(np.isin(anatomy[::_SPARSE, ::_SPARSE, ::_SPARSE], _VESSELS).any())
        is_coarse = rng.random() < self._coarse_share
        step, size = (COARSE_STEP, self._coarse_size) if is_coarse else (1, self._size)
        center = _middle(anatomy, rng) if is_coarse else _center(anatomy, rng, organ_only=self._organ_only)
        patch = add_lesions(self._cut(np.asarray(anatomy), center, size, step, rng), step * self._spacing_mm, rng)
        hu, labels = render(patch, step * self._spacing_mm, rng), labels_of(patch)
        if rng.random() < _TIGHT_SHARE:
            _end_view(hu, labels, rng)
        sample = Sample(hu, labels, IRCAD if knows_vessels else LITS)
        return without_vessels(sample) if is_coarse else sample

    def _cut(
        self, anatomy: LabelArray, center: np.ndarray, size: Size, step: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Nearest codes at the bent grid's points; AIR outside, so that fields of view end as scans do."""
        positions = step * bent(size, self._bending, rng).offsets(size) + center
        at = scaled(positions, anatomy.shape)
        return values_at(anatomy.astype(np.float32), at, linear=False, outside=float(Tissue.AIR)).astype(np.uint8)


def _middle(anatomy: LabelArray, rng: np.random.Generator) -> np.ndarray:
    """Near the body's axis at the height of some part of the liver: the look at a whole CT sees both sides of a body,
    and that the liver lies on the right is what it learns there.
    """
    sparse = anatomy[::_SPARSE, ::_SPARSE, ::_SPARSE]
    body, organ = np.argwhere(sparse != Tissue.AIR), np.argwhere(is_organ(sparse))
    i, j = (body.min(0) + body.max(0))[:2] / 2
    k = organ[int(rng.integers(len(organ))), 2] if len(organ) else sparse.shape[2] / 2
    return np.array([i, j, k], np.float32) * _SPARSE + rng.uniform(-20, 20, 3)


def _center(anatomy: LabelArray, rng: np.random.Generator, *, organ_only: bool) -> np.ndarray:
    """In a third of the patches a vessel or a tumour, in a third the liver, else anywhere in the body."""
    sparse = anatomy[::_SPARSE, ::_SPARSE, ::_SPARSE]
    small = np.isin(sparse, (*_VESSELS, Tissue.TUMOR))
    organ = is_organ(sparse)
    wanted = organ if organ_only else (small, organ, sparse != Tissue.AIR)[int(rng.integers(3))]
    places = np.flatnonzero(wanted if wanted.any() else sparse >= 0)
    return np.array(np.unravel_index(int(rng.choice(places)), sparse.shape), np.float32) * _SPARSE + rng.uniform(
        -20, 20, 3
    )


def _end_view(hu: Image, labels: LabelArray, rng: np.random.Generator) -> None:
    """Air beyond one end, or both, of one or more axes, as in a scan that was cropped to the liver."""
    for axis in rng.permutation(3)[: int(rng.integers(1, 4))]:
        outside = np.ones(hu.shape[axis], bool)
        first = int(rng.integers(0, hu.shape[axis] // 4))
        outside[first : hu.shape[axis] - int(rng.integers(0, hu.shape[axis] // 4))] = False
        for array, value in ((hu, AIR_HU), (labels, 0)):
            np.moveaxis(array, axis, 0)[outside] = value
