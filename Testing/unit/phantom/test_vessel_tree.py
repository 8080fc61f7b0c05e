"""The vessel trees: connected, tapering, reaching everywhere."""

import numpy as np
import pytest

from LiverTumorSegLib.phantom.vessel_tree import REACHED_MM, grow_tree

TRUNKS = [[(0.0, 0.0, 0.0), (20.0, 0.0, 0.0), (40.0, 5.0, 0.0)], [(20.0, 0.0, 0.0), (30.0, -20.0, 0.0)]]


@pytest.fixture(scope="module")
def targets():
    return np.random.Generator(np.random.PCG64(7)).uniform([-30, -40, -30], [70, 40, 30], (120, 3))


@pytest.fixture(scope="module")
def tree(targets):
    return grow_tree(TRUNKS, targets, 5.0)


def test_every_target_is_near_a_branch(tree, targets):
    nearest = np.linalg.norm(tree.stop_ras[None] - targets[:, None], axis=2).min(axis=1)
    assert nearest.max() < 2 * REACHED_MM


def test_every_piece_starts_at_the_root_or_where_another_one_stops(tree):
    starts = {tuple(p) for p in tree.start_ras}
    stops = {tuple(p) for p in tree.stop_ras}
    assert starts - stops == {(0.0, 0.0, 0.0)}


def test_vessels_get_thinner_from_root_to_leaves(tree):
    assert (tree.stop_radius_mm <= tree.start_radius_mm + 1e-9).all()
    assert tree.start_radius_mm.max() <= 5
    assert tree.stop_radius_mm.min() == pytest.approx(0.8)


def test_without_targets_the_trunks_stand_alone():
    tree = grow_tree(TRUNKS, np.empty((0, 3)), 5.0)
    assert len(tree.start_ras) == 5 + 5 + 6
