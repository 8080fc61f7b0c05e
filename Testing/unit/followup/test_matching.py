"""Pairs of lesions: the cost by hand, the gate, dummies, parts and mergers."""

from __future__ import annotations

import numpy as np
import pytest
from followup_cases import Ball

from LiverTumorSegLib.followup.matching import cost_of, match
from LiverTumorSegLib.followup.regions import Region, share_within
from LiverTumorSegLib.followup.track_settings import MatchSettings
from LiverTumorSegLib.volume import Volume


def region(*balls: Ball) -> Region:
    """Drawn on thick slices with their first axis reversed."""
    affine = np.diag([-1.2, 1.5, 4.0, 1.0])
    affine[:3, 3] = (110.0, -70.0, -70.0)
    grid = Volume(np.zeros((180, 96, 38), np.uint16), affine)
    points = grid.ras_from_ijk(np.argwhere(np.ones(grid.shape, bool)))
    inside = np.zeros(len(points), bool)
    for ball in balls:
        inside |= (((points - ball.center) / np.array(ball.half_mm)) ** 2).sum(axis=1) <= 1
    mask = inside.reshape(grid.shape)
    whole = tuple(slice(0, n) for n in grid.shape)
    return Region.of(grid.with_array(mask.astype(np.uint16)), 1, whole, float(mask.sum()) * grid.voxel_ml)


def ball(r: float, radius: float, a: float = 0.0) -> Region:
    return region(Ball.of(r, a, 0.0, radius))


def test_the_points_of_a_region_fill_it():
    one = ball(10.0, 12.0)
    assert np.linalg.norm(one.center_ras - [10, 0, 0]) < 0.6
    assert one.radius_mm == pytest.approx(12.0, abs=0.4)
    assert len(one.points_ras) * 8 / 1000 == pytest.approx(one.volume_ml, rel=0.05)
    assert np.linalg.norm(one.points_ras - [10, 0, 0], axis=1).max() < 14.5


def test_a_lesion_of_one_voxel_is_a_point_in_it():
    grid = Volume(np.zeros((9, 9, 9), np.uint16), np.diag([0.5, 0.5, 0.7, 1.0]))
    grid.array[4, 5, 6] = 3
    one = Region.of(grid, 3, (slice(4, 5), slice(5, 6), slice(6, 7)), grid.voxel_ml)
    assert np.abs(one.points_ras - [2.0, 2.5, 4.2]).max() <= 0.35


def test_the_cost_is_what_the_definition_says():
    before, now = ball(0.0, 10.0), ball(12.0, 10.0)
    radius, reach, away = before.radius_mm, before.radius_mm + 4.0, np.linalg.norm(before.center_ras - now.center_ras)
    lens = 1 - 1.5 * (away / (2 * reach)) + 0.5 * (away / (2 * reach)) ** 3
    assert cost_of(before, now) == pytest.approx(away / (2 * radius + 5) + (1 - lens), abs=0.04)


def test_the_ratio_of_volumes_costs_the_same_both_ways():
    small, large = ball(0.0, 6.0), ball(0.0, 12.0)
    ratio = 0.25 * np.log(large.volume_ml / small.volume_ml)
    assert cost_of(small, large) == pytest.approx(ratio, abs=0.05)
    assert cost_of(large, small) == pytest.approx(cost_of(small, large))


def test_nothing_matches_beyond_the_gate():
    assert cost_of(ball(0.0, 4.0), ball(14.0, 4.0)) < np.inf
    assert cost_of(ball(0.0, 4.0), ball(16.5, 4.0)) == np.inf
    assert cost_of(ball(0.0, 10.0), ball(28.0, 10.0)) < np.inf
    assert cost_of(ball(0.0, 10.0), ball(33.0, 10.0)) == np.inf


def test_the_cheapest_pairs_together_are_taken_not_the_nearest_first():
    before, now = [ball(0.0, 8.0), ball(14.0, 8.0)], [ball(8.0, 8.0), ball(22.0, 8.0)]
    assert match(before, now).pairs == {0: 0, 1: 1}


def test_what_costs_too_much_stays_alone():
    matching = match([ball(0.0, 5.0)], [ball(13.0, 5.0)])
    assert (matching.pairs, matching.merged) == ({}, {})
    assert match([ball(0.0, 5.0)], [ball(13.0, 5.0)], MatchSettings(most_cost=3.0)).pairs == {0: 0}


def test_parts_of_a_lesion_are_all_of_it():
    before = [region(Ball((0, 0, 0), (24, 9, 9)))]
    now = [ball(-13.0, 8.0), ball(14.0, 7.0), ball(60.0, 7.0)]
    assert match(before, now).pairs == {0: 0, 1: 0}


def test_a_satellite_beside_a_lesion_is_no_part_of_it():
    assert match([ball(0.0, 15.0)], [ball(0.0, 15.0), ball(23.0, 5.0)]).pairs == {0: 0}


def test_a_small_rest_at_the_rim_of_a_large_lesion_is_what_remains_of_it():
    assert match([ball(0.0, 30.0)], [ball(25.0, 3.0)]).pairs == {0: 0}


def test_a_lesion_that_has_outgrown_everything_is_still_the_same():
    assert match([ball(25.0, 3.0)], [ball(0.0, 30.0)]).pairs == {0: 0}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_lesions_that_have_grown_together_the_larger_one_continues(order):
    before = [(ball(-10.0, 8.0), ball(11.0, 7.0))[n] for n in order]
    matching = match(before, [region(Ball((0.5, 0, 0), (20, 8.5, 8.5)))])
    assert matching.pairs == {0: order.index(0)}
    assert matching.merged == {order.index(1): 0}


def test_nothing_against_nothing():
    assert match([], []).pairs == {}
    assert match([ball(0.0, 5.0)], []).pairs == {}
    assert match([], [ball(0.0, 5.0)]).pairs == {}


def test_the_share_of_a_lesion_in_another_one():
    assert share_within(ball(0.0, 5.0), ball(0.0, 12.0)) == 1.0
    assert share_within(ball(40.0, 5.0), ball(0.0, 12.0)) == 0.0
    assert 0.28 < share_within(ball(0.0, 9.0), ball(9.0, 9.0)) < 0.5  # 0.3125 of balls; 2 mm more reach count as in it
