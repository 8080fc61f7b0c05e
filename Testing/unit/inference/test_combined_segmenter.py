"""How the voices become one probability; all networks together run in the tests of the command line."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.inference.combined_segmenter import Shares, organ_of
from LiverTumorSegLib.inference.lvt import Structures
from LiverTumorSegLib.volume import Volume


def one(value: float) -> Volume:
    return Volume(np.full((2, 3, 4), value, np.float32), np.diag([1.5, 1.5, 1.5, 1.0]))


@pytest.mark.parametrize(
    ("fetched", "coarse", "fine", "vessel", "expected"),
    [
        (1.0, 1.0, 1.0, 0.0, 1.0),
        (0.6, 0.2, 0.9, 0.0, 0.75 * 0.6 + 0.25 * 0.2),
        (0.6, 0.9, 0.4, 0.0, 0.75 * 0.6 + 0.25 * 0.4),
        (0.6, 0.9, 0.9, 1.0, 0.75 * 0.6),
        (0.6, 0.8, 0.9, 0.5, 0.75 * 0.6 + 0.25 * 0.4),
    ],
)
def test_the_own_network_counts_for_its_lower_look_and_not_where_it_sees_a_vein(
    fetched, coarse, fine, vessel, expected
):
    structures = Structures(one(fine), one(vessel), one(0.0))
    found = organ_of(one(fetched), one(coarse), structures, 0.25)
    np.testing.assert_allclose(found.array, expected, rtol=1e-6)
    assert found.array.dtype == np.float32


def test_where_they_contradict_each_other_the_fetched_network_decides():
    share = Shares().organ
    sure, nothing = one(1.0), one(0.0)
    own_alone = organ_of(nothing, sure, Structures(sure, nothing, nothing), share)
    fetched_alone = organ_of(sure, nothing, Structures(nothing, nothing, nothing), share)
    assert own_alone.array.max() < 0.5 < fetched_alone.array.min()
