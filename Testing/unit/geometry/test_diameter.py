import naive_diameters as naive
import numpy as np
import pytest
from scipy import ndimage

from LiverTumorSegLib.geometry.diameter import feret_mm, longest_chords, perpendicular_chord
from LiverTumorSegLib.geometry.outline import Outline, vertices_of

SQUARE = np.array([[0.7, 0, 0], [0, 0.7, 0]])
OBLONG = np.array([[0.6, 0, 0], [0, 0.95, 0]])
SHEARED_AND_TILTED = np.array([[0.7, 0.1, 0.05], [0.25, -0.8, 0.1]])
AXES = {"square": SQUARE, "oblong": OBLONG, "sheared and tilted": SHEARED_AND_TILTED}


def random_part(seed, size=13, level=0.52):
    """The largest 8-connected part of thresholded smooth noise: bent, branched, with holes and diagonal bridges."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((size, size + 2)), 1.0)
    labels, _ = ndimage.label(noise > np.quantile(noise, level), structure=np.ones((3, 3)))
    return labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("seed", range(8))
def test_the_chords_of_random_parts_are_those_of_a_naive_search_over_all_vertices(seed, axes):
    mask, axes_mm = random_part(seed), AXES[axes]
    outline = Outline.of(mask)
    chord = longest_chords(outline, axes_mm)[0]
    expected, _, _ = naive.long_axis(mask, axes_mm)
    assert chord.length_mm == pytest.approx(expected, abs=1e-9)
    assert feret_mm(vertices_of(mask), axes_mm) == pytest.approx(naive.feret(mask, axes_mm), abs=1e-9)
    short = perpendicular_chord(outline, axes_mm, chord)
    assert short.length_mm == pytest.approx(naive.short_axis(mask, axes_mm, *chord.ends), abs=1e-6)


def test_the_random_parts_are_not_all_convex():
    bent = 0
    for seed in range(8):
        mask = random_part(seed)
        bent += longest_chords(Outline.of(mask), SQUARE)[0].length_mm < feret_mm(vertices_of(mask), SQUARE) - 1e-6
    assert bent >= 2


@pytest.mark.parametrize("seed", range(40))
def test_chords_are_perpendicular_end_on_the_outline_and_the_short_one_is_not_the_longer(seed):
    mask = random_part(100 + seed, size=25)
    outline = Outline.of(mask)
    chord = longest_chords(outline, SHEARED_AND_TILTED)[0]
    short = perpendicular_chord(outline, SHEARED_AND_TILTED, chord)
    long_mm, short_mm = ((c.ends[1] - c.ends[0]) @ SHEARED_AND_TILTED for c in (chord, short))
    cosine = long_mm @ short_mm / np.linalg.norm(long_mm) / np.linalg.norm(short_mm)
    assert abs(cosine) <= 0.01
    assert 0 < short.length_mm <= chord.length_mm + 1e-6
    assert all((np.abs(outline.vertices - end).sum(axis=1) < 1e-9).any() for end in chord.ends)


def test_a_single_pixel_is_one_pixel_wide_and_high():
    outline = Outline.of(np.ones((1, 1), bool))
    chord = longest_chords(outline, SQUARE)[0]
    assert chord.length_mm == pytest.approx(0.7)
    assert perpendicular_chord(outline, SQUARE, chord).length_mm == pytest.approx(0.7)


def test_a_single_oblong_pixel_has_the_longer_side_as_long_axis():
    outline = Outline.of(np.ones((1, 1), bool))
    chord = longest_chords(outline, OBLONG)[0]
    assert chord.length_mm == pytest.approx(0.95)
    assert perpendicular_chord(outline, OBLONG, chord).length_mm == pytest.approx(0.6)


def test_a_row_of_pixels_is_as_long_as_its_pixels():
    outline = Outline.of(np.ones((1, 9), bool))
    chord = longest_chords(outline, SQUARE)[0]
    assert chord.length_mm == pytest.approx(9 * 0.7)
    assert perpendicular_chord(outline, SQUARE, chord).length_mm == pytest.approx(0.7)


def test_a_hole_does_not_stop_a_chord():
    ring = np.ones((15, 15), bool)
    ring[4:11, 4:11] = False
    solid = np.ones((15, 15), bool)
    expected = longest_chords(Outline.of(solid), SQUARE)[0].length_mm
    assert longest_chords(Outline.of(ring), SQUARE)[0].length_mm == expected


def test_a_slit_of_one_pixel_is_bridged_and_one_of_two_is_not():
    def longest_across(slit):
        mask = np.ones((4 + slit, 11), bool)
        mask[2 : 2 + slit, 1:] = False
        upright = SQUARE * [[10.0], [1.0]]
        return longest_chords(Outline.of(mask), upright)[0].length_mm, feret_mm(vertices_of(mask), upright)

    bridged, feret = longest_across(1)
    assert bridged == pytest.approx(feret)
    stopped, feret = longest_across(2)
    assert stopped < feret - 1e-6


def test_nothing_is_returned_for_a_part_that_cannot_reach_the_length_asked_for():
    assert longest_chords(Outline.of(np.ones((3, 3), bool)), SQUARE, at_least_mm=10.0) == []


@pytest.mark.parametrize("turns", range(4))
def test_rows_columns_and_directions_are_treated_alike(turns):
    mask = random_part(3, size=21)
    reference = longest_chords(Outline.of(mask), SQUARE)[0].length_mm
    for turned in (np.rot90(mask, turns), np.rot90(mask, turns).T):
        assert longest_chords(Outline.of(turned), SQUARE)[0].length_mm == pytest.approx(reference, abs=1e-9)
