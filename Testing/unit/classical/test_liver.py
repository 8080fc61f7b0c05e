from __future__ import annotations

import numpy as np
import pytest
from liver_blocks import dice

from LiverTumorSegLib.classical.liver import find_liver
from LiverTumorSegLib.volume import Volume

SPACING_MM = (3.5, 3.0, 5.0)
SHAPE = (100, 80, 50)


def grid() -> np.ndarray:
    affine = np.diag([*SPACING_MM, 1.0])
    affine[:3, 3] = [-s * (n - 1) / 2 for s, n in zip(SPACING_MM, SHAPE, strict=True)]
    return affine


def positions() -> np.ndarray:
    empty = Volume(np.zeros(SHAPE, np.uint8), grid())
    return empty.ras_from_ijk(np.indices(SHAPE).reshape(3, -1).T).T.reshape(3, *SHAPE)


def ellipsoid(center: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    away = [(p - c) / r for p, c, r in zip(positions(), center, radii, strict=True)]
    return sum(a**2 for a in away) < 1


def torso(noise_hu: float = 10.0) -> tuple[Volume, np.ndarray]:
    """Fat, a muscle wall, spine, spleen and a liver of 110 HU on the patient's right (R+)."""
    hu = np.full(SHAPE, -1000.0)
    hu[ellipsoid((0, 0, 0), (150, 105, 1e4))] = 60
    hu[ellipsoid((0, 0, 0), (135, 90, 1e4))] = -90
    hu[ellipsoid((0, -70, 0), (20, 20, 1e4))] = 400
    hu[ellipsoid((-90, -30, 10), (30, 40, 50))] = 115
    liver = ellipsoid((60, 5, 10), (65, 65, 80))
    hu[liver] = 110
    hu += np.random.default_rng(0).normal(0, noise_hu, SHAPE)
    return Volume(hu.astype(np.float32), grid()), liver


def test_the_liver_of_a_simple_torso_is_found_twice_the_same():
    ct, liver = torso()
    found = find_liver(ct)
    assert dice(found, liver) > 0.9
    np.testing.assert_array_equal(found, find_liver(ct))


def test_a_mirrored_storage_gives_the_mirrored_liver():
    ct, _ = torso()
    mirrored = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirrored[0, 3] = SHAPE[0] - 1
    found = find_liver(Volume(ct.array[::-1], ct.affine @ mirrored))
    np.testing.assert_array_equal(found[::-1], find_liver(ct))


def head() -> np.ndarray:
    hu = np.full(SHAPE, -1000.0)
    hu[ellipsoid((0, 0, 0), (80, 100, 115))] = 40
    hu[ellipsoid((0, 0, 0), (75, 95, 110))] = 1000
    hu[ellipsoid((0, 0, 0), (68, 88, 100))] = 35
    return hu


def water() -> np.ndarray:
    return np.where(ellipsoid((0, 0, 0), (120, 100, 1e4)), 0.0, -1000.0)


def tissue() -> np.ndarray:
    return np.where(ellipsoid((0, 0, 0), (120, 100, 1e4)), 60.0, -1000.0)


@pytest.mark.parametrize(
    "hu",
    [
        np.full(SHAPE, -1000.0),
        np.full(SHAPE, 0.0),
        np.full(SHAPE, 60.0),
        np.random.default_rng(1).normal(50, 300, SHAPE),
        head(),
        water(),
        tissue(),
    ],
    ids=["air", "zeros", "tissue everywhere", "noise", "head", "water phantom", "tissue phantom"],
)
def test_a_volume_without_any_liver_gives_an_empty_mask(hu):
    assert not find_liver(Volume(hu.astype(np.float32), grid())).any()


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 40, 3), (64, 64, 1)])
def test_tiny_volumes_have_no_liver(shape):
    assert not find_liver(Volume(np.full(shape, 60, np.int16), np.diag([1.0, 2.0, 5.0, 1.0]))).any()
