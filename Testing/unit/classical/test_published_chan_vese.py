"""The refinement as its authors run it: against the definition voxel by voxel, and what it does to a right outline."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from liver_blocks import dice, make_block
from scipy import ndimage

from LiverTumorSegLib.classical.chan_vese import refine_contours
from LiverTumorSegLib.classical.published_chan_vese import published_contours
from LiverTumorSegLib.volume import Volume

NORMALS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)]
NEIGHBOURS = list(itertools.product((-1, 0, 1), repeat=3))


def naive(image, mask, iterations):
    """Marquez-Neila et al., section 4: the sign of |grad u| ((I - c_in)^2 - (I - c_out)^2), then one smoothing."""
    for turn in range(iterations):
        inner, outer = image[mask].mean(), image[~mask].mean()
        moved = mask.copy()
        for at in np.ndindex(mask.shape):
            differs = any(_at(mask, at, axis, 1) != _at(mask, at, axis, -1) for axis in range(3))
            force = (image[at] - inner) ** 2 - (image[at] - outer) ** 2
            if differs and force:
                moved[at] = force < 0
        first, second = (_inf_sup, _sup_inf) if turn % 2 == 0 else (_sup_inf, _inf_sup)
        mask = second(first(moved))
    return mask


def _at(mask, at, axis, step):
    """The next voxel along an axis; at the box's faces the voxel itself (a one-sided difference)."""
    there = list(at)
    there[axis] += step
    return mask[tuple(there)] if 0 <= there[axis] < mask.shape[axis] else mask[at]


def _segments(mask, at):
    """Values on each of the nine planes through a voxel."""
    for normal in NORMALS:
        places = [np.add(at, n) for n in NEIGHBOURS if np.dot(n, normal) == 0]
        yield [mask[tuple(p)] for p in places if all(0 <= x < n for x, n in zip(p, mask.shape, strict=True))]


def _sup_inf(mask):
    return np.array([any(all(plane) for plane in _segments(mask, at)) for at in np.ndindex(mask.shape)]).reshape(
        mask.shape
    )


def _inf_sup(mask):
    return np.array([all(any(plane) for plane in _segments(mask, at)) for at in np.ndindex(mask.shape)]).reshape(
        mask.shape
    )


@pytest.mark.parametrize("iterations", [1, 2])
def test_it_is_the_published_evolution_on_the_image_that_the_network_sees(iterations):
    random = np.random.default_rng(4)
    hu = (ndimage.gaussian_filter(random.normal(0, 100, (11, 10, 7)), 1.5) * 5 + 60).astype(np.int16)
    organ = np.ones(hu.shape, bool)
    organ[:, 7:] = False
    lesion = np.zeros(hu.shape, bool)
    lesion[3:8, 2:8, 2:5] = True
    hu[0, 0, 0], hu[5, 5, 3] = -1000, 900  # cut off
    image = np.where(organ, (np.clip(hu, -200, 250) + 200) / 450, 0.0)
    expected = naive(image, lesion & organ, iterations) & organ
    assert np.array_equal(published_contours(Volume(hu, np.eye(4)), lesion, organ, iterations), expected)
    assert not np.array_equal(expected, lesion & organ)


def test_a_right_outline_grows_into_the_liver_and_the_corrected_form_leaves_it():
    block = make_block(noise_hu=10, spacing_mm=(1.0, 1.0, 1.5))
    published = published_contours(block.ct, block.lesion, block.organ)
    corrected = refine_contours(block.ct, block.lesion, block.organ)
    assert published.sum() > 1.1 * block.lesion.sum()
    assert corrected.sum() == pytest.approx(block.lesion.sum(), rel=0.06)
    assert dice(published, block.lesion) < dice(corrected, block.lesion)
    assert not (published & ~block.organ).any()


def test_it_grows_whatever_the_hu_and_stops_at_the_livers_surface():
    """Into a liver that is as unlike the tumour as can be, by the nearly two voxels of a dilation."""
    lesion, organ = np.zeros((40, 36, 30), bool), np.zeros((40, 36, 30), bool)
    organ[4:36, 4:20, 4:26] = lesion[12:24, 12:20, 10:20] = True
    hu = np.where(lesion, 20, np.where(organ, 240, -50)).astype(np.int16)
    grown = published_contours(Volume(hu, np.diag([0.8, 0.8, 2.0, 1.0])), lesion, organ)
    assert np.array_equal(grown[:, 15, 15], np.arange(40) // 1 == np.clip(np.arange(40), 10, 25))
    assert not grown[:, 20:].any()


def test_any_number_of_tumors_stays():
    block = make_block(noise_hu=10, spacing_mm=(1.0, 1.0, 1.5))
    along = ndimage.find_objects(block.lesion.astype(np.uint8))[0][0]
    apart = block.lesion.copy()
    middle = (along.start + along.stop) // 2
    apart[middle - 3 : middle + 3] = False
    assert ndimage.label(published_contours(block.ct, apart, block.organ, 1))[1] == 2


def test_no_iterations_give_the_lesions_and_empty_stays_empty():
    block = make_block()
    half = block.organ & (np.arange(block.organ.shape[0]) < block.organ.shape[0] // 2)[:, None, None]
    np.testing.assert_array_equal(published_contours(block.ct, block.lesion, half, 0), block.lesion & half)
    assert not published_contours(block.ct, np.zeros_like(block.lesion), block.organ).any()


def test_a_lesion_that_fills_everything_has_no_outline_to_move():
    block = make_block()
    everything = np.ones_like(block.organ)
    assert published_contours(block.ct, everything, everything).all()
