"""A reader's line on an anisotropic, oblique grid belongs to the lesion that it crosses."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.measure.reader_lines import lesion_under
from LiverTumorSegLib.volume import Volume


@pytest.fixture
def lesions() -> Volume:
    """Lesion 1 at i 4 to 9, lesion 2 at i 14 to 16, both at j 5 to 8 and k 3 to 5."""
    ids = np.zeros((24, 17, 9), np.uint16)
    ids[4:10, 5:9, 3:6] = 1
    ids[14:17, 5:9, 3:6] = 2
    return Volume(ids, affine_of((0.7, 0.9, 4.0), (30.0, -20.0, 55.0), rotation(25, 0) @ rotation(-14, 2)))


def line(lesions: Volume, start_ijk, end_ijk) -> np.ndarray:
    return lesions.ras_from_ijk(np.array([start_ijk, end_ijk], float))


@pytest.mark.parametrize(
    ("start_ijk", "end_ijk", "expected"),
    [
        ((4, 6, 4), (9, 6, 4), 1),
        ((3.2, 6, 4), (10.4, 7, 4), 1),  # from beyond one edge to beyond the other
        ((13, 7, 4), (18, 7, 4), 2),
        ((3, 6, 4), (17, 6, 4), 1),  # across both: six voxels of the one, three of the other
        ((0, 0, 0), (3, 3, 2), None),
        ((6, 6, 4), (6, 6, 4), 1),  # a point
        ((-50, -50, -9), (-40, -50, -9), None),  # outside the volume
        ((6, 6, 4), (6, -60, 4), 1),  # partly outside
    ],
)
def test_a_line_belongs_to_the_lesion_that_most_of_it_lies_in(lesions, start_ijk, end_ijk, expected):
    assert lesion_under(line(lesions, start_ijk, end_ijk), lesions) == expected


def test_a_thin_lesion_between_the_ends_is_not_stepped_over(lesions):
    ids = np.zeros(lesions.shape, np.uint16)
    ids[12, 8, 4] = 3
    assert lesion_under(line(lesions, (2, 8, 4), (22, 8, 4)), lesions.with_array(ids)) == 3
