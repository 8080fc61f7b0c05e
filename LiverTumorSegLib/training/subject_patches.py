"""Patches of real annotated CTs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from LiverTumorSegLib.arrays import Box
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.augmentation.augmentation import Augmentation
from LiverTumorSegLib.training.augmentation.inserted_lesions import with_synthetic_lesions
from LiverTumorSegLib.training.augmentation.placement import STRAIGHT, Placement, Size, cut
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.training.samples import Sample, WholeLiver

FOREGROUND_SHARE = 1 / 3
"""LVT, appendix A.2."""


class SubjectPatches:
    """A Source. cases: of one spacing (unless any_spacing), equally often each. size: voxels of a patch. augmentation:
    none if left out.

    foreground_share: of the patches, centred on a voxel of one of the annotated structures that the case has, each
    structure equally often; such a patch may reach beyond the CT. The others lie anywhere in the CT, inside as far as
    they fit. Beyond the CT there is air, labelled as background (see ``placement.BACKGROUND``).
    lesion_share: of the patches, with synthetic lesions beside their own, before they are augmented.
    in_organ: those others lie in the box around the liver instead, in its middle along an axis where they are larger.
    tells_whole: samples say how much liver and tumour their whole case has.

    Raises InputError without cases, and for cases of different spacings.
    """

    def __init__(
        self,
        cases: Sequence[PreparedCase],
        size: Size,
        augmentation: Augmentation | None = None,
        *,
        foreground_share: float = FOREGROUND_SHARE,
        lesion_share: float = 0.0,
        in_organ: bool = False,
        tells_whole: bool = False,
        any_spacing: bool = False,
    ) -> None:
        spacings = sorted({case.spacing_mm for case in cases})
        if not spacings or (len(spacings) > 1 and not any_spacing):
            raise InputError(
                found=f"{len(cases)} cases with the spacings {spacings} mm" if cases else "no case",
                expected="one or more prepared cases of one spacing",
                remedy="Prepare all cases of a run together",
            )
        self._cases, self._size, self._augmentation = tuple(cases), size, augmentation
        self._foreground_share, self._lesion_share = foreground_share, lesion_share
        self._in_organ, self._tells_whole = in_organ, tells_whole
        self._spacing_mm = spacings[0]

    def sample(self, rng: np.random.Generator) -> Sample:
        """One patch of one case."""
        case = self._cases[int(rng.integers(len(self._cases)))]
        hu, labels = case.arrays()
        first_ijk = self._first(case, labels.shape, rng)
        center_ijk = first_ijk + (np.array(self._size) - 1) / 2
        placement = STRAIGHT if self._augmentation is None else self._augmentation.placement(self._size, rng)
        sample = Sample(*cut(hu, labels, center_ijk, self._size, placement), case.annotated)
        if rng.random() < self._lesion_share:
            sample = with_synthetic_lesions(sample, self._spacing_mm, rng)
        else:
            whole = _whole(case, placement) if self._tells_whole else sample.whole
            sample = replace(sample, case_id=case.case_id, whole=whole)
        if self._augmentation is None:
            return sample
        return replace(sample, hu=self._augmentation.changed_hu(sample, self._spacing_mm, rng))

    def _first(self, case: PreparedCase, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """The voxel of the CT, or beyond it, where a patch begins."""
        size = np.array(self._size)
        places = list(case.places.values())
        if places and rng.random() < self._foreground_share:
            voxel = rng.choice(places[int(rng.integers(len(places)))])
            return np.array(np.unravel_index(int(voxel), shape)) - size // 2
        box = case.organ.box if self._in_organ else None
        if box is not None:
            return _within(box, size, rng)
        room = np.array(shape) - size
        return rng.integers(np.minimum(room, 0), np.maximum(room, 0) + 1)


def _within(box: Box, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low, high = np.array([(axis.start, axis.stop) for axis in box]).T
    room = high - low - size
    first: np.ndarray = low + np.where(room < 0, room // 2, rng.integers(0, np.maximum(room, 0) + 1))
    return first


def _whole(case: PreparedCase, placement: Placement) -> WholeLiver:
    """In voxels of a patch: one of them covers |det| voxels of its case."""
    covered = abs(float(np.linalg.det(placement.matrix)))
    return WholeLiver(case.organ.voxels / covered, case.organ.tumor_voxels / covered)
