"""Viable tissue on a synthetic arterial CT: a rim around a necrotic core, on oblique anisotropic grids.

In every plane that cuts both of two concentric balls of radius R and r, the longest chord of R outside r is the tangent
of the inner circle, 2 sqrt(R^2 - r^2); in planes that miss the core the disc is no wider. So the answer is known.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from phantoms import affine_of, centered, grid_for, rotation, sphere, voxelize
from refusals import refused

from LiverTumorSegLib.followup.settings import ViableSettings
from LiverTumorSegLib.followup.viable import DEFAULT_VIABLE, LiverEnhancement, liver_enhancement, viable_of
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measure.axial import axial_diameters

OUTSIDE, LIVER, RIM, NECROSIS = -100.0, 70.0, 120.0, 30.0
CENTER = (7.0, -11.0, 23.0)
GRIDS = {
    "tilted": affine_of((0.8, 0.95, 2.5), turn=rotation(12, 0) @ rotation(20, 2)),
    "stored along i": affine_of((3.0, 0.7, 0.7), turn=rotation(90, 1) @ rotation(8, 2)),
    "sheared": affine_of((0.75, 0.75, 1.5), shear={(1, 2): 0.5}),
}


@dataclasses.dataclass
class Scene:
    ct: object
    liver: object
    lesion: object

    @property
    def enhancement(self) -> LiverEnhancement | None:
        return liver_enhancement(self.ct, self.liver)

    def viable(self, settings: ViableSettings = DEFAULT_VIABLE):
        return viable_of(self.ct, self.lesion, self.enhancement, settings)


def scene(linear, lesion_shape, paint, noise_hu=10.0, seed=3):
    """A liver of 40 mm around the lesion; paint: [(shape, HU)] inside the lesion, later ones on top."""
    shape = grid_for(linear, 42.0)
    affine = centered(linear, shape, CENTER)

    def mask(inside):
        return voxelize(shape, affine, lambda ras: inside(ras - np.array(CENTER)))

    organ, lesion = mask(sphere(40.0)), mask(lesion_shape)
    hu = np.where(organ.array, LIVER, OUTSIDE)
    for inside, value in paint:
        hu = np.where(mask(inside).array & lesion.array, value, hu)
    noise = np.random.Generator(np.random.PCG64(seed)).normal(0.0, noise_hu, shape)
    ct = organ.with_array(np.round(hu + noise).astype(np.int16))
    return Scene(ct, organ.with_array(organ.array & ~lesion.array), lesion)


def full_diameter_mm(lesion) -> float:
    return axial_diameters(lesion.crop(bounding_box(lesion.array)), slice_axis(lesion.affine)).long_axis_mm


@pytest.mark.parametrize("linear", GRIDS.values(), ids=GRIDS)
def test_the_diameter_of_a_rim_does_not_cross_its_necrotic_core(linear):
    """Radii 20 and 12 mm: 32 mm outside the core, 40 mm across it."""
    ring = scene(linear, sphere(20.0), [(sphere(20.0), RIM), (sphere(12.0), NECROSIS)])
    found = ring.viable()
    # A chord may cut the core's pixels by half of one (Outline), and the tangent moves 1.5 mm per mm of core.
    assert found.long_axis_mm == pytest.approx(32.0, abs=1.9)
    assert full_diameter_mm(ring.lesion) == pytest.approx(40.0, abs=1.0)
    assert found.viable_ml == pytest.approx(4 / 3 * np.pi * (20**3 - 12**3) / 1000, rel=0.06)
    ends = np.array(found.line_ras_mm)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(found.long_axis_mm, abs=1e-6)
    on_the_way = ends[0] + np.linspace(0, 1, 200)[:, np.newaxis] * (ends[1] - ends[0])
    assert np.linalg.norm(on_the_way - CENTER, axis=1).min() > 12.0 - 1.2


@pytest.mark.parametrize("linear", GRIDS.values(), ids=GRIDS)
def test_a_nodule_in_necrosis_is_measured_alone(linear):
    nodule = sphere(7.0, (8.0, 3.0, -2.0))
    found = scene(linear, sphere(20.0), [(sphere(20.0), NECROSIS), (nodule, RIM)]).viable()
    assert found.long_axis_mm == pytest.approx(14.0, abs=1.2)
    assert np.linalg.norm(np.mean(found.line_ras_mm, axis=0) - np.add(CENTER, (8.0, 3.0, -2.0))) < 2.5


@pytest.mark.parametrize("linear", GRIDS.values(), ids=GRIDS)
def test_a_lesion_that_enhances_all_over_has_its_full_diameter(linear):
    solid = scene(linear, sphere(15.0), [(sphere(15.0), RIM)])
    assert solid.viable().long_axis_mm == full_diameter_mm(solid.lesion)


@pytest.mark.parametrize("seed", range(5))
def test_a_necrotic_lesion_has_0_mm_whatever_the_noise(seed):
    found = scene(GRIDS["tilted"], sphere(20.0), [(sphere(20.0), NECROSIS)], noise_hu=15.0, seed=seed).viable()
    assert (found.long_axis_mm, found.viable_ml, found.line_ras_mm, found.note) == (0.0, 0.0, None, "")


@pytest.mark.parametrize(("hu", "expected_mm"), [(RIM, 4.0), (NECROSIS, 0.0)])
def test_a_lesion_below_the_size_of_noise_is_judged_as_a_whole(hu, expected_mm):
    tiny = scene(GRIDS["tilted"], sphere(2.0), [(sphere(2.0), hu)], noise_hu=5.0)
    assert tiny.lesion.array.sum() * tiny.lesion.voxel_ml < DEFAULT_VIABLE.least_ml
    assert tiny.viable().long_axis_mm == pytest.approx(expected_mm, abs=1.3)


def test_specks_in_either_tissue_are_noise():
    """Balls of 1.5 mm (0.014 ml), without noise: no hole in viable tissue, no viable tissue in necrosis."""
    speck = sphere(1.5, (2.0, 1.0, 0.0))
    solid = scene(GRIDS["sheared"], sphere(12.0), [(sphere(12.0), RIM), (speck, NECROSIS - 300.0)], noise_hu=0.0)
    assert solid.viable().long_axis_mm == full_diameter_mm(solid.lesion)
    assert solid.viable().viable_ml == solid.lesion.array.sum() * solid.lesion.voxel_ml
    dead = scene(GRIDS["sheared"], sphere(12.0), [(sphere(12.0), NECROSIS), (speck, RIM)], noise_hu=0.0)
    assert dead.viable().long_axis_mm == 0.0
    assert dead.viable(ViableSettings(least_ml=0.0)).long_axis_mm == pytest.approx(3.0, abs=1.5)


def test_the_liver_is_known_to_a_few_hu_and_its_noise_is_that_after_the_smoothing():
    made = scene(GRIDS["sheared"], sphere(20.0), [(sphere(20.0), RIM)], noise_hu=12.0)
    found = made.enhancement
    assert found.median_hu == pytest.approx(LIVER, abs=0.3)
    # White noise under a Gaussian of 1 mm in both in-plane axes: sigma * pixel / (2 sqrt(pi) smooth).
    assert found.noise_hu == pytest.approx(12.0 * 0.75 / (2 * np.sqrt(np.pi)), rel=0.1)


def test_more_sigmas_see_less():
    faint = scene(GRIDS["tilted"], sphere(15.0), [(sphere(15.0), LIVER + 12.0)], noise_hu=10.0)
    assert faint.viable(ViableSettings(sigmas=1.0)).long_axis_mm > 25.0
    assert faint.viable(ViableSettings(sigmas=12.0)).long_axis_mm == 0.0


def test_lipiodol_and_a_liver_out_of_view_leave_it_open():
    treated = scene(GRIDS["tilted"], sphere(20.0), [(sphere(20.0), NECROSIS), (sphere(9.0), 900.0)]).viable()
    assert treated.long_axis_mm is None
    assert "9 % of it is denser than tissue" in treated.note
    solid = scene(GRIDS["tilted"], sphere(15.0), [(sphere(15.0), RIM)])
    nothing = solid.liver.with_array(np.zeros_like(solid.liver.array))
    assert liver_enhancement(solid.ct, nothing) is None
    found = viable_of(solid.ct, solid.lesion, None)
    assert found.long_axis_mm is None
    assert "too little liver" in found.note


def test_an_empty_lesion_has_0_mm_and_another_grid_is_refused():
    solid = scene(GRIDS["tilted"], sphere(15.0), [(sphere(15.0), RIM)])
    empty = solid.lesion.with_array(np.zeros_like(solid.lesion.array))
    assert viable_of(solid.ct, empty, solid.enhancement).long_axis_mm == 0.0
    other = solid.lesion.crop((slice(0, 9), slice(0, 9), slice(0, 9)))
    with refused("a lesion with 9 x 9 x 9 voxels", "the arterial CT's grid"):
        viable_of(solid.ct, other, solid.enhancement)
    with refused("a liver mask with 9 x 9 x 9 voxels"):
        liver_enhancement(solid.ct, other)
