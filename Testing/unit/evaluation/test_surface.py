"""NSD: answers known by hand, and the same as MONAI's to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from real_cases import load_case

from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.evaluation.surface import TOLERANCE_MM, fillings_of, surface_dice
from LiverTumorSegLib.evaluation.surface_cases import element_areas_mm2
from LiverTumorSegLib.volume import Volume

SPACING_MM = (0.7, 1.1, 2.9)
ANISOTROPIC = np.diag([*SPACING_MM, 1.0])


def rotated(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """A grid turned about two axes, one of them mirrored."""
    a, b = np.radians(20), np.radians(-35)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag([-1, 1, 1]) * spacing_mm
    affine[:3, 3] = 12.5, -40, 7
    return affine


def box(shape: tuple[int, int, int], *where: tuple[slice, slice, slice]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for part in where:
        mask[part] = True
    return mask


def ball(center_mm: tuple[float, float, float], radius_mm: float, shape, spacing_mm=SPACING_MM) -> np.ndarray:
    axes = [np.arange(n) * s - c for n, s, c in zip(shape, spacing_mm, center_mm, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    return x**2 + y**2 + z**2 <= radius_mm**2


def blobs(seed: int, shape=(40, 34, 22)) -> np.ndarray:
    """A random ragged shape that reaches the volume's faces and has every kind of corner."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    return ndimage.gaussian_filter(rng.normal(size=shape), 1.2) > 0.05


def area_mm2(mask: np.ndarray, affine: np.ndarray) -> float:
    return float(element_areas_mm2(affine)[fillings_of(mask)].sum())


def test_the_surface_of_a_box_is_its_faces_with_cut_edges_and_corners():
    i, j, k = 6, 5, 4
    a, b, c = SPACING_MM
    x, y, z = b * c, a * c, a * b
    faces = 2 * ((j - 1) * (k - 1) * x + (i - 1) * (k - 1) * y + (i - 1) * (j - 1) * z)
    edges = 4 * sum((n - 1) * np.hypot(p, q) / 2 for n, p, q in ((i, y, z), (j, x, z), (k, x, y)))
    corners = 8 * np.linalg.norm([x, y, z]) / 8
    mask = box((10, 9, 8), np.s_[2 : 2 + i, 2 : 2 + j, 2 : 2 + k])
    for affine in (ANISOTROPIC, rotated(SPACING_MM)):
        assert area_mm2(mask, affine) == pytest.approx(faces + edges + corners)


def test_inside_and_outside_have_the_same_surface():
    areas = element_areas_mm2(rotated((0.6, 0.9, 3.0)))
    np.testing.assert_array_equal(areas, areas[::-1])
    assert areas[0] == 0
    assert (areas[1:-1] > 0).all()


def test_half_of_two_equal_lesions_gives_two_thirds():
    one = np.s_[2:6, 3:8, 2:5]
    both = box((40, 12, 8), one, np.s_[30:34, 3:8, 2:5])
    assert surface_dice(box(both.shape, one), both, ANISOTROPIC, 3.0) == pytest.approx(2 / 3)


def test_a_shift_within_the_tolerance_costs_nothing_and_a_longer_one_does():
    first, second = (box((30, 20, 12), np.s_[4 + d : 20 + d, 4:14, 3:9]) for d in (0, 4))
    assert dice(first, second) == pytest.approx(0.75)
    assert surface_dice(first, second, ANISOTROPIC, 2.8) == 1.0  # 4 voxels of 0.7 mm: the tolerance itself is close
    assert surface_dice(first, second, ANISOTROPIC, 2.79) < 1.0


def test_a_shifted_sphere_keeps_the_zone_that_archimedes_gives():
    """Points at cos within (R^2 + d^2 - (R +- t)^2) / 2Rd are close; a zone's area is linear in the cosine.

    0.05 is what half a voxel more of tolerance would give; staircase surfaces cannot do better.
    """
    radius, shift, tolerance = 30.0, 10.0, 3.0
    ends = [(radius**2 + shift**2 - (radius + s * tolerance) ** 2) / (2 * radius * shift) for s in (1, -1)]
    expected = (ends[1] - ends[0]) / 2
    spacing, shape = (0.8, 1.0, 1.6), (100, 80, 48)
    first, second = (ball((35 + d, 39, 38), radius, shape, spacing) for d in (0, shift))
    found = surface_dice(first, second, np.diag([*spacing, 1.0]), tolerance)
    assert expected == pytest.approx(0.3, abs=1e-4)
    assert found == pytest.approx(expected, abs=0.05)


def test_concentric_spheres_are_close_only_within_their_distance():
    small, large = (ball((25, 25, 25), radius, (72, 46, 18)) for radius in (12, 20))
    assert surface_dice(small, large, ANISOTROPIC, 8 + 2.9) == 1.0
    assert surface_dice(small, large, ANISOTROPIC, 8 - 2.9) == 0.0


@pytest.mark.parametrize(
    ("first", "second", "expected"), [((), (), 1.0), ((np.s_[:2],), (), 0.0), ((), (np.s_[:2],), 0.0)]
)
def test_empty_masks_have_a_defined_answer(first, second, expected):
    assert surface_dice(box((5, 6, 7), *first), box((5, 6, 7), *second), ANISOTROPIC, 3.0) == expected


def test_one_voxel_and_a_mask_that_fills_the_volume_have_a_surface():
    one = box((5, 6, 7), np.s_[2:3, 2:3, 2:3])
    assert surface_dice(one, one, ANISOTROPIC, 0.0) == 1.0
    full = np.ones((5, 6, 7), bool)
    assert surface_dice(full, full, ANISOTROPIC, 0.0) == 1.0
    assert surface_dice(one, full, ANISOTROPIC, 0.0) == 0.0


@pytest.mark.parametrize("tolerance_mm", [-1.0, float("nan")])
def test_a_tolerance_that_is_no_distance_is_refused(tolerance_mm):
    with pytest.raises(ValueError, match="tolerance"):
        surface_dice(np.ones((2, 2, 2), bool), np.ones((2, 2, 2), bool), ANISOTROPIC, tolerance_mm)


def test_the_order_and_direction_of_the_axes_do_not_matter():
    first, second = blobs(1), blobs(2)
    expected = surface_dice(first, second, ANISOTROPIC, 1.5)
    axes = (2, 0, 1)
    turned = [np.flip(mask.transpose(axes), 1) for mask in (first, second)]
    affine = rotated(tuple(SPACING_MM[a] for a in axes))
    assert surface_dice(*turned, affine, 1.5) == pytest.approx(expected, abs=1e-9)


def test_a_sheared_grid_is_measured_in_true_millimetres():
    """Slices shifted against each other by whole voxels in the affine and back in the array: the same body."""
    straight = [ball((25 + d, 25, 25), 12, (72, 46, 18)) for d in (0, 4)]
    sheared = [np.stack([np.roll(mask[:, :, k], -k, axis=0) for k in range(18)], axis=2) for mask in straight]
    affine = ANISOTROPIC.copy()
    affine[0, 2] = SPACING_MM[0]
    expected = surface_dice(*straight, ANISOTROPIC, 3.0)
    assert surface_dice(*sheared, affine, 3.0) == pytest.approx(expected, abs=0.02)


def monais(first: np.ndarray, second: np.ndarray, spacing_mm, tolerance_mm: float) -> float:
    torch = pytest.importorskip("torch")
    metrics = pytest.importorskip("monai.metrics")
    tensors = (torch.from_numpy(np.ascontiguousarray(mask))[None, None] for mask in (first, second))
    score = metrics.compute_surface_dice(
        *tensors, [tolerance_mm], include_background=True, spacing=list(map(float, spacing_mm)), use_subvoxels=True
    )
    return float(score[0, 0])


def test_every_filling_has_monais_area():
    utils = pytest.importorskip("monai.metrics.utils")
    theirs, _ = utils.create_table_neighbour_code_to_surface_area(SPACING_MM)
    np.testing.assert_allclose(element_areas_mm2(ANISOTROPIC), theirs.numpy(), rtol=1e-6)
    np.testing.assert_allclose(element_areas_mm2(rotated(SPACING_MM)), theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("spacing_mm", [(0.7, 1.1, 2.9), (3.0, 0.65, 0.65), (1.0, 1.0, 1.0), (0.57, 0.57, 1.6)])
@pytest.mark.parametrize("tolerance_mm", [0.0, 1.3, 3.05])
def test_it_is_monais_on_ragged_shapes(spacing_mm, tolerance_mm):
    first, second = blobs(3), blobs(4) & blobs(5)
    expected = monais(first, second, spacing_mm, tolerance_mm)
    assert 0 < expected < 1 or tolerance_mm == 3.05
    assert surface_dice(first, second, np.diag([*spacing_mm, 1.0]), tolerance_mm) == pytest.approx(expected, abs=1e-6)
    assert surface_dice(first, second, rotated(spacing_mm), tolerance_mm) == pytest.approx(expected, abs=1e-6)


@pytest.mark.real
@pytest.mark.parametrize("name", ["liver", "vessel", "tumor"])
def test_it_is_monais_on_a_real_case(real_data, name):
    from scipy import ndimage

    case = load_case(real_data, "ircad01")
    expert = {"liver": case.organ, "vessel": case.vessels, "tumor": case.lesions > 0}[name]
    moved = ndimage.shift(expert.astype(np.uint8), (5, -6, 1), order=0) > 0
    found = ndimage.binary_dilation(moved, iterations=2) if name == "liver" else moved
    tolerance_mm = TOLERANCE_MM[name]
    expected = monais(found, expert, case.ct.spacing_mm, tolerance_mm)
    assert surface_dice(found, expert, Volume(expert, case.ct.affine).affine, tolerance_mm) == pytest.approx(
        expected, abs=1e-5
    )
