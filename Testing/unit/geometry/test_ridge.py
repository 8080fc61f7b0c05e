from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.geometry.ridge import _hessian, _middle_eigenvalue, tube_strength

SHAPE = (24, 30, 36)


def shapes() -> dict[str, np.ndarray]:
    x, y, z = (axis - n // 2 for axis, n in zip(np.indices(SHAPE), SHAPE, strict=True))
    return {"tube": x**2 + y**2 < 3**2, "sheet": abs(x) < 3, "edge": x > 0, "ball": x**2 + y**2 + z**2 < 3**2}


def strength_at_center(mask: np.ndarray, sign: float = 1.0) -> float:
    center = np.array([np.ravel_multi_index([n // 2 for n in SHAPE], SHAPE)])
    return float(tube_strength(sign * 100.0 * mask, center, (1.5, 2.5), 1.0)[0])


def test_a_bright_tube_answers_and_a_sheet_an_edge_and_a_dark_tube_do_not():
    found = {name: strength_at_center(mask) for name, mask in shapes().items()}
    assert found["tube"] > 25
    assert found["ball"] > 25
    assert abs(found["sheet"]) < 1
    assert abs(found["edge"]) < 1
    assert strength_at_center(shapes()["tube"], sign=-1) < 1


def test_the_middle_eigenvalue_is_that_of_lapack():
    parts = np.random.default_rng(1).normal(size=(6, 500)).astype(np.float32)
    xx, yy, zz, xy, xz, yz = parts.astype(np.float64)
    matrices = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]).transpose(2, 0, 1)
    np.testing.assert_allclose(_middle_eigenvalue(parts), np.linalg.eigvalsh(matrices)[:, 1], atol=2e-5)


def test_the_hessian_of_a_quadratic_is_its_matrix():
    matrix = np.array([[2.0, 0.5, -1.0], [0.5, -3.0, 0.25], [-1.0, 0.25, 1.0]])
    points = np.indices(SHAPE).astype(np.float64)
    image = 0.5 * np.einsum("aijk,ab,bijk->ijk", points, matrix, points)
    at = np.array([np.ravel_multi_index((10, 12, 14), SHAPE)])
    expected = [2.0, -3.0, 1.0, 0.5, -1.0, 0.25]
    np.testing.assert_allclose(_hessian(image.astype(np.float64), at)[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize("spacing_mm", [0.5, 1.0])
def test_no_voxels_give_no_answers(spacing_mm):
    empty = np.zeros(0, dtype=np.int64)
    assert tube_strength(np.zeros(SHAPE), empty, (1.5,), spacing_mm).shape == (0,)
