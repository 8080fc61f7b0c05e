"""The vena cava of bodies with known places, on upright and oblique grids, and where there is none to see."""

from __future__ import annotations

import numpy as np
import pytest
from phase_abdomens import CAVA_RADIUS_MM, CAVA_RAS_MM, abdomen

from LiverTumorSegLib.anatomy.landmarks.cava import find_cava
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.volume import Volume

P = ContrastPhase


@pytest.mark.parametrize(("phase", "kind"), [(P.LATE_ARTERIAL, "upright"), (P.PORTAL_VENOUS, "oblique")])
def test_it_is_found_where_it_is_and_as_wide(phase, kind):
    ct, segmentation = abdomen(phase, kind)
    cava = find_cava(ct, segmentation)
    assert cava is not None
    assert cava.mask.same_grid(segmentation)
    assert set(np.unique(cava.mask.array)) == {0, 1}
    assert not (cava.mask.array.astype(bool) & (segmentation.array > 0)).any()
    everywhere = segmentation.ras_from_ijk(np.indices(segmentation.shape).reshape(3, -1).T)
    aside_mm = np.hypot(*(everywhere[:, :2] - CAVA_RAS_MM).T).reshape(segmentation.shape)
    found = cava.mask.array > 0
    assert aside_mm[found].max() < CAVA_RADIUS_MM + 4
    heights = everywhere[:, 2].reshape(segmentation.shape)
    beside_liver = (heights >= heights[found].min()) & (heights <= heights[found].max())
    true = (aside_mm <= CAVA_RADIUS_MM) & (segmentation.array == 0) & beside_liver
    assert dice(found, true) > 0.85
    assert np.ptp(heights[found]) > 0.9 * np.ptp(heights[segmentation.array > 0])
    assert cava.share > 0.9


def test_without_a_liver_nobody_searches():
    ct, segmentation = abdomen(P.PORTAL_VENOUS)
    assert find_cava(ct, segmentation.with_array(np.zeros_like(segmentation.array))) is None


def test_without_an_aorta_beside_it_nothing_is_called_so():
    assert find_cava(*abdomen(P.PORTAL_VENOUS, with_aorta=False)) is None


def test_a_liver_in_nothing_has_none():
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    labels = np.zeros((40, 30, 20), np.uint8)
    labels[10:30, 8:22, 4:16] = LIVER.value
    assert find_cava(Volume(np.full(labels.shape, -1000, np.int16), affine), Volume(labels, affine)) is None


def test_two_grids_are_refused():
    ct, segmentation = abdomen(P.PORTAL_VENOUS)
    i, j, k = (slice(0, n) for n in segmentation.shape)
    with pytest.raises(ValueError, match="beside a CT"):
        find_cava(ct, segmentation.crop((slice(1, i.stop), j, k)))
