"""The place of a new lesion in an earlier CT: contrast and noise by hand, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.look_back import look_back
from LiverTumorSegLib.followup.regions import Region
from LiverTumorSegLib.followup.track_settings import LookBackSettings
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

SETTINGS = LookBackSettings()
AFFINE = np.array([[-1.5, 0.2, 0.0, 60.0], [0.0, 1.8, 0.0, -50.0], [0.1, 0.0, 3.0, -45.0], [0.0, 0.0, 0.0, 1.0]])
SHAPE = (70, 60, 32)
PLACE = np.array([8.0, 2.0, 3.0])
NOISE_HU = 12.0


def around(point, radius_mm, grid):
    away = np.linalg.norm(grid.ras_from_ijk(np.argwhere(np.ones(grid.shape, bool))) - point, axis=1)
    return (away <= radius_mm).reshape(grid.shape)


def region(point=PLACE, radius_mm=6.0):
    steps = np.arange(-10.0, 11.0, 1.0)
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return Region(point + points[np.linalg.norm(points, axis=1) <= radius_mm], 1.4)


def earlier(hu=-31.0, probability=None, ct_there=True):
    """A ball of liver with a vessel near the place; the lesion is in the CT, not in the mask."""
    grid = Volume(np.zeros(SHAPE, np.uint8), AFFINE)
    labels = around(np.zeros(3), 42.0, grid).astype(np.uint8)
    lesion, vessel = around(PLACE, 8.0, grid), around(PLACE + [0, 14, 0], 4.0, grid)
    labels[vessel] = 2
    values = np.random.default_rng(3).normal(100, NOISE_HU, SHAPE) + hu * lesion + 90 * (labels == 2)
    ct = grid.with_array(np.where(labels > 0, values, -500.0).astype(np.float32))
    segmentation = grid.with_array(labels)
    measured, lesions = measure_case(segmentation)
    coarse = np.diag([3.0, 3.0, 3.0, 1.0])
    coarse[:3, 3] = -60.0
    likely = Volume(np.zeros((40, 40, 40), np.float32), coarse)
    if probability is not None:
        likely.array[around(PLACE, 9.0, likely)] = probability
    return Examination(
        segmentation,
        lesions,
        measured,
        Source("a", "nifti", "a" * 64),
        "a",
        ct=lambda: ct if ct_there else None,
        tumor_probability=lambda: None if probability is None else likely,
    )


def looked(examination, place=None):
    (back,) = look_back([place or region()], 0, examination, SETTINGS)
    return back


def test_contrast_and_noise_are_those_of_the_image():
    back = looked(earlier())
    assert back.contrast_hu == pytest.approx(-31.0, abs=1.5)
    assert back.noise_hu == pytest.approx(NOISE_HU, abs=1.5)
    assert back.in_view_percent == 100.0
    assert back.center_ras_mm == pytest.approx(PLACE)


def test_darker_and_called_tumor_was_probably_there():
    back = looked(earlier(probability=0.64))
    assert back.probability == pytest.approx(0.64, abs=0.01)
    times = f"{-back.contrast_hu / back.noise_hu:.1f}"
    assert back.verdict == (
        f"Darker by {-back.contrast_hu:.0f} HU ({times} x the noise) and 64 % tumour probability: "
        "it was probably there already."
    )


def test_one_sign_alone_leaves_it_open():
    assert looked(earlier(probability=0.1)).verdict.endswith("10 % tumour probability: it may have been there already.")
    assert looked(earlier(hu=0.0, probability=0.8)).verdict.endswith("it may have been there already.")
    assert looked(earlier(hu=40.0)).verdict.startswith("Brighter by ")


def test_where_nothing_is_to_be_seen_that_is_said():
    back = looked(earlier(hu=0.0, probability=0.02))
    assert abs(back.contrast_hu) < 3
    assert back.verdict.startswith("Nothing to see (")
    assert back.verdict.endswith("2 % tumour probability).")


def test_a_place_out_of_view_is_not_judged():
    back = looked(earlier(), region(np.array([8.0, 2.0, 80.0])))
    assert (back.contrast_hu, back.noise_hu, back.in_view_percent) == (None, None, 0.0)
    assert back.verdict == "Its place is not in view."


def test_a_place_without_liver_around_has_no_contrast():
    back = looked(earlier(), region(np.array([42.0, 40.0, -30.0])))
    assert (back.contrast_hu, back.in_view_percent) == (None, 100.0)
    assert back.verdict == "Too little liver lies around its place to compare with."


def test_without_image_and_probability_nothing_is_said():
    back = looked(earlier(ct_there=False))
    assert back.verdict == "Neither the image nor the model's probability is at hand."


def test_no_image_is_read_for_no_lesion():
    def must_not_be_read():
        raise AssertionError

    nothing = earlier()
    object.__setattr__(nothing, "ct", must_not_be_read)
    assert look_back([], 0, nothing, SETTINGS) == ()
