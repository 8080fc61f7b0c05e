"""What is seen in a CT, on phantoms whose attenuation, blur and shape are known by construction."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from phantoms import STORAGE_ORDERS, affine_of, body, box, dumbbell, ellipsoid, pipe, rotation, sphere, stored_as
from scipy.special import ndtr

from LiverTumorSegLib.measure.appearance import parenchyma_of, with_appearance
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measure.edge import WIDTH_PER_SIGMA, edge_width_mm
from LiverTumorSegLib.measure.live import answer, write_request
from LiverTumorSegLib.measure.shape import lesion_shape
from LiverTumorSegLib.measurements import Appearance, Measurements
from LiverTumorSegLib.volume import Volume

TILT = rotation(11.0, 0) @ rotation(-7.0, 1) @ rotation(24.0, 2)
GRIDS = {
    "anisotropic": affine_of((0.8, 0.8, 2.5)),
    "oblong pixels, oblique": affine_of((0.9, 0.7, 1.6), turn=TILT),
    "sheared by the gantry": affine_of((0.8, 0.8, 2.0), shear={(1, 2): 0.5}),
}
LIVER_HU, LESION_HU, VESSEL_HU, OUTSIDE_HU, NOISE_HU = 110.0, 55.0, 190.0, -90.0, 12.0
CENTER = np.array((7.0, -11.0, 23.0))


def patient(
    linear, radius_mm=12.0, sigma_mm=0.6, drawn_mm=None, lesion_hu=LESION_HU, noise_hu=NOISE_HU, away_mm=(0.0, 0.0, 0.0)
):
    """CT and labels: a liver of 30 mm with a ball in it, and a vessel 20 mm to the left. drawn_mm: of the mask."""
    grid = body(sphere(32.0), 32.0, linear, (0.2, -0.3, 0.1), CENTER)
    points = np.moveaxis(np.indices(grid.shape), 0, -1) @ grid.affine[:3, :3].T + grid.affine[:3, 3] - CENTER
    out_mm = np.linalg.norm(points - away_mm, axis=-1)
    liver = np.linalg.norm(points, axis=-1) <= 30.0
    vessel = liver & (np.hypot(points[..., 0] + 20, points[..., 1]) <= 3.0)
    hu = lesion_hu + (LIVER_HU - lesion_hu) * ndtr((out_mm - radius_mm) / sigma_mm)
    hu = np.where(vessel, VESSEL_HU, np.where(liver, hu, OUTSIDE_HU))
    hu = hu + np.random.default_rng(5).normal(0.0, noise_hu, hu.shape)
    labels = np.where(liver, 1, 0).astype(np.uint8)
    labels[vessel] = 2
    labels[liver & (out_mm <= (drawn_mm or radius_mm))] = 3
    return Volume(np.rint(hu).astype(np.int16), grid.affine), Volume(labels, grid.affine)


def seen_in(ct: Volume, labels: Volume) -> Measurements:
    measured, lesions = measure_case(labels)
    return with_appearance(measured, ct, labels, lesions)


def appearance(ct: Volume, labels: Volume) -> Appearance:
    found = seen_in(ct, labels).lesions[0].appearance
    assert found is not None
    return found


def shape_of(inside, half_mm, linear):
    mask = body(inside, half_mm, linear, (0.2, 0.1, -0.3))
    measured, lesions = measure_case(mask.with_array(np.where(mask.array, 3, 1).astype(np.uint8)))
    axis = measured.lesions[0].slice_axis
    filled = np.argwhere(lesions.array)
    i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(filled.min(0), filled.max(0), strict=True))
    return lesion_shape(mask.crop((i, j, k)), axis)


@pytest.mark.parametrize("name", GRIDS)
def test_attenuation_of_lesion_and_parenchyma_is_that_of_the_phantom(name):
    measured = seen_in(*patient(GRIDS[name]))
    tissue, lesion = measured.parenchyma, measured.lesions[0].appearance
    assert tissue.mean_hu == pytest.approx(LIVER_HU, abs=0.5)
    assert tissue.sd_hu == pytest.approx(NOISE_HU, rel=0.05)
    assert lesion.mean_hu == pytest.approx(LESION_HU, abs=1.5)
    assert lesion.sd_hu == pytest.approx(NOISE_HU, rel=0.1)
    assert lesion.difference_hu == pytest.approx(lesion.mean_hu - tissue.mean_hu)


def test_the_outer_part_of_a_lesion_that_is_half_liver_does_not_count():
    exact = appearance(*patient(GRIDS["anisotropic"], noise_hu=0.0))
    drawn_too_large = appearance(*patient(GRIDS["anisotropic"], noise_hu=0.0, drawn_mm=13.5))
    assert exact.mean_hu == pytest.approx(LESION_HU, abs=0.1)
    assert drawn_too_large.mean_hu == pytest.approx(LESION_HU, abs=1.0)


def test_texture_raises_the_deviation_of_the_lesion_alone():
    ct, labels = patient(GRIDS["anisotropic"])
    speckled = np.random.default_rng(2).normal(0.0, 35.0, ct.shape)
    hu = np.where(labels.array == 3, ct.array + speckled, ct.array).astype(np.float32)
    measured = seen_in(ct.with_array(hu), labels)
    assert measured.lesions[0].appearance.sd_hu == pytest.approx(np.hypot(35.0, NOISE_HU), rel=0.1)
    assert measured.parenchyma.sd_hu == pytest.approx(NOISE_HU, rel=0.05)


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("sigma_mm", [1.0, 1.6, 2.4])
def test_the_width_of_an_edge_is_that_of_its_blur(name, sigma_mm):
    found = appearance(*patient(GRIDS[name], radius_mm=16.0, sigma_mm=sigma_mm))
    assert found.edge_width_mm == pytest.approx(WIDTH_PER_SIGMA * sigma_mm, rel=0.25)


@pytest.mark.parametrize("name", GRIDS)
def test_a_step_is_sharper_than_anything_blurred_and_a_wide_edge_is_wide(name):
    step = appearance(*patient(GRIDS[name], sigma_mm=0.01)).edge_width_mm
    assert step < 2.0
    assert appearance(*patient(GRIDS[name], radius_mm=16.0, sigma_mm=3.0)).edge_width_mm > 6.0


@pytest.mark.parametrize("drawn_mm", [10.5, 13.5])
def test_an_outline_drawn_too_small_or_too_large_does_not_blur_the_edge(drawn_mm):
    exact = appearance(*patient(GRIDS["anisotropic"], sigma_mm=1.0)).edge_width_mm
    off = appearance(*patient(GRIDS["anisotropic"], sigma_mm=1.0, drawn_mm=drawn_mm)).edge_width_mm
    assert off == pytest.approx(exact, rel=0.25)


def test_a_bright_lesion_has_the_same_edge_as_a_dark_one():
    dark = appearance(*patient(GRIDS["anisotropic"], sigma_mm=1.0, lesion_hu=50.0))
    bright = appearance(*patient(GRIDS["anisotropic"], sigma_mm=1.0, lesion_hu=170.0))
    assert bright.difference_hu == pytest.approx(60.0, abs=2.0)
    assert bright.edge_width_mm == pytest.approx(dark.edge_width_mm, rel=0.2)


@pytest.mark.parametrize("name", GRIDS)
def test_balls_and_ellipsoids_have_their_axis_ratio_a_compactness_of_1_and_no_dents(name):
    for axes, ratio in (((10.0, 10.0, 10.0), 1.0), ((20.0, 10.0, 10.0), 0.5), ((15.0, 12.0, 9.0), 0.6)):
        found = shape_of(ellipsoid(axes, rotation(35.0, 2) @ rotation(20.0, 0)), 21.0, GRIDS[name])
        assert found.axis_ratio == pytest.approx(ratio, abs=0.02)
        assert found.compactness == pytest.approx(1.0, abs=0.01)
        assert 0.96 < found.solidity < 1.0


def test_a_box_has_the_compactness_that_follows_from_its_moments():
    found = shape_of(box((40.0, 20.0, 30.0)), 30.0, affine_of((0.5, 0.5, 1.0)))
    assert found.compactness == pytest.approx(3 / (4 * np.pi) * (12 / 5) ** 1.5, abs=0.01)
    assert found.axis_ratio == pytest.approx(0.5, abs=0.01)
    assert found.solidity == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", GRIDS)
def test_bent_and_waisted_bodies_are_less_compact_and_have_dents(name):
    for inside in (pipe(20.0, 12.0, 14.0, 90.0), dumbbell(9.0, 24.0, 6.0)):
        found = shape_of(inside, 22.0, GRIDS[name])
        assert found.compactness < 0.8
        assert found.solidity < 0.85


def test_dents_are_a_ratio_of_areas_by_hand():
    # Two bars of 20 x 5 and 5 x 15 pixels in an L; the hull of the edges' midpoints cuts half a pixel off each corner.
    mask = np.zeros((24, 24, 5), bool)
    mask[2:22, 2:7] = True
    mask[2:7, 7:22] = True
    found = lesion_shape(Volume(mask, affine_of((0.7, 0.9, 3.0))).crop((slice(2, 22), slice(2, 22), slice(0, 5))), 2)
    triangle = 15 * 15 / 2
    assert found.solidity == pytest.approx((20 * 20 - 15 * 15) / (20 * 20 - triangle), abs=0.02)


def test_contacts_are_those_of_touching_voxels():
    linear = GRIDS["anisotropic"]
    alone = appearance(*patient(linear, radius_mm=8.0))
    assert (alone.at_surface, alone.touches) == (False, ())
    beside_the_vessel = appearance(*patient(linear, radius_mm=8.0, away_mm=(-10.0, 0.0, 0.0)))
    assert (beside_the_vessel.at_surface, beside_the_vessel.touches) == (False, ("vessel",))
    under_the_surface = appearance(*patient(linear, radius_mm=8.0, away_mm=(0.0, 24.0, 0.0)))
    assert (under_the_surface.at_surface, under_the_surface.touches) == (True, ())


def test_veins_that_were_told_apart_are_named():
    ct, labels = patient(GRIDS["anisotropic"], radius_mm=8.0, away_mm=(-10.0, 0.0, 0.0))
    for value, name in ((4, "portal_vein"), (5, "hepatic_vein")):
        named = labels.with_array(np.where(labels.array == 2, value, labels.array).astype(np.uint8))
        assert appearance(ct, named).touches == (name,)


def test_a_lesion_of_a_few_voxels_has_reasons_instead_of_numbers():
    found = appearance(*patient(GRIDS["anisotropic"], radius_mm=2.0))
    assert (found.mean_hu, found.difference_hu, found.compactness, found.edge_width_mm) == (None, None, None, None)
    assert dict(found.not_measured) == {"attenuation": "too-small", "shape": "too-few-slices", "edge": "too-small"}


def test_a_lesion_in_three_slices_has_an_attenuation_but_no_shape():
    found = appearance(*patient(affine_of((0.8, 0.8, 5.0)), radius_mm=7.0))
    assert found.mean_hu == pytest.approx(LESION_HU, abs=5.0)
    assert found.axis_ratio is None
    assert dict(found.not_measured)["shape"] == "too-few-slices"


def test_an_isoattenuating_lesion_has_no_edge_that_could_be_measured():
    found = appearance(*patient(GRIDS["anisotropic"], lesion_hu=LIVER_HU))
    assert abs(found.difference_hu) < 2.0
    assert dict(found.not_measured) == {"edge": "little-contrast"}


def test_coarse_pixels_have_no_edge():
    found = appearance(*patient(affine_of((2.4, 2.4, 2.4)), radius_mm=14.0))
    assert dict(found.not_measured) == {"edge": "coarse-pixels"}


def test_a_lesion_without_liver_around_it_has_no_edge():
    ct, labels = patient(GRIDS["anisotropic"])
    lesion = labels.array == 3
    nowhere = np.zeros_like(lesion)
    assert edge_width_mm(ct, lesion, nowhere, 2) == (None, "little-parenchyma-around")


def test_all_storage_orders_see_the_same():
    ct, labels = patient(affine_of((0.9, 1.1, 2.5), turn=TILT), sigma_mm=1.5)
    expected = appearance(ct, labels)
    for axes, flips in STORAGE_ORDERS[::5]:
        found = appearance(stored_as(ct, axes, flips), stored_as(labels, axes, flips))
        assert (found.at_surface, found.touches, found.not_measured) == (False, (), ())
        for name in ("mean_hu", "sd_hu", "axis_ratio", "compactness", "solidity", "edge_width_mm"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-6), (name, axes, flips)


def test_nothing_that_was_measured_before_changes():
    ct, labels = patient(GRIDS["anisotropic"])
    before, _lesions = measure_case(labels)
    after = seen_in(ct, labels)
    plain = tuple(replace(lesion, appearance=None) for lesion in after.lesions)
    assert replace(after, parenchyma=None, lesions=plain) == before


def test_without_liver_or_lesion_there_is_nothing_to_see():
    ct, labels = patient(GRIDS["anisotropic"])
    empty = seen_in(ct, labels.with_array(np.zeros(ct.shape, np.uint8)))
    assert (empty.parenchyma, empty.lesions) == (None, ())
    healthy = seen_in(ct, labels.with_array(np.where(labels.array == 3, 1, labels.array).astype(np.uint8)))
    assert healthy.lesions == ()
    assert healthy.parenchyma is not None


def test_a_tumor_without_liver_has_an_attenuation_and_nothing_to_compare_with():
    ct, labels = patient(GRIDS["anisotropic"])
    measured = seen_in(ct, labels.with_array(np.where(labels.array == 3, 3, 0).astype(np.uint8)))
    found = measured.lesions[0].appearance
    assert measured.parenchyma is None
    assert found.mean_hu == pytest.approx(LESION_HU, abs=2.0)
    assert found.difference_hu is None
    assert dict(found.not_measured) == {"edge": "little-parenchyma-around"}


def test_a_shred_of_liver_is_no_parenchyma():
    ct, _labels = patient(GRIDS["anisotropic"])
    thin = np.zeros(ct.shape, np.uint8)
    thin[40:42] = 1
    assert parenchyma_of(ct, thin) is None


def test_it_comes_back_from_json_and_files_of_older_versions_have_none():
    measured = seen_in(*patient(GRIDS["anisotropic"], radius_mm=2.0))
    stored = json.loads(json.dumps(measured.to_json(), allow_nan=False))
    assert stored["lesions"][0]["appearance"]["not_measured"]["edge"] == "too-small"
    assert Measurements.from_json(stored) == measured
    for lesion in stored["lesions"]:
        del lesion["appearance"]
    del stored["parenchyma"], stored["phase"]
    older = Measurements.from_json(stored)
    assert older.lesions[0].appearance is None
    assert (older.parenchyma, older.phase) == (None, None)


def test_numbers_that_follow_an_edit_do_not_wait_for_it(tmp_path):
    _ct, labels = patient(GRIDS["anisotropic"])
    i, j, k = (slice(0, n) for n in labels.shape)
    told = answer(write_request(tmp_path, 1, labels, labels.array, (i, j, k), {}))["measurements"]
    assert told["lesions"][0]["appearance"] is None
    assert told["parenchyma"] is None
