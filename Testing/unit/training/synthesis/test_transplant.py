"""Livers in other bodies: where they come to lie, what of the body stays, what becomes of the old liver."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.training.synthesis.complete import Drawn, complete
from LiverTumorSegLib.training.synthesis.donors import (
    Donor,
    couinaud_donors,
    donor_from,
    donors_without,
    segments_lie_upright,
    shape_lies_upright,
    vessel_donors,
)
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ
from LiverTumorSegLib.training.synthesis.transplant import NoRoomError, transplant
from LiverTumorSegLib.volume import Volume

SPACING_MM = 3.0
SHAPE = (118, 92, 84)
STAYING = (Tissue.BONE, Tissue.LUNG, Tissue.AIR)


def ellipsoid(shape, center, radii) -> np.ndarray:
    axes = [((n - c) / r) ** 2 for n, c, r in zip(np.indices(shape), center, radii, strict=True)]
    return sum(axes) < 1


def body() -> Drawn:
    """A trunk with spine, lung, aorta and cava, and a liver at high i with tumour and vessels, beside a kidney."""
    i, j, _ = np.indices(SHAPE)
    codes = np.zeros(SHAPE, np.uint8)
    codes[((i - 59) / 56) ** 2 + ((j - 45) / 42) ** 2 < 1] = Tissue.FAT
    codes[((i - 59) / 6) ** 2 + ((j - 14) / 6) ** 2 < 1] = Tissue.BONE
    codes[ellipsoid(SHAPE, (80, 45, 84), (24, 30, 18))] = Tissue.LUNG
    codes[ellipsoid(SHAPE, (85, 28, 22), (9, 9, 13))] = Tissue.KIDNEY
    codes[ellipsoid(SHAPE, (80, 46, 44), (24, 24, 20))] = Tissue.LIVER
    codes[76:84, 44:48, 42:46] = Tissue.PORTAL_VEIN
    codes[ellipsoid(SHAPE, (90, 50, 40), (5, 5, 5))] = Tissue.TUMOR
    codes[((i - 63) / 3) ** 2 + ((j - 26) / 3) ** 2 < 1] = Tissue.VEIN
    codes[((i - 54) / 4) ** 2 + ((j - 26) / 4) ** 2 < 1] = Tissue.ARTERY
    codes[54:78, 31, 34] = Tissue.ARTERY
    return Drawn(codes, SPACING_MM, frozenset({Tissue.BOWEL_WALL, Tissue.VEIN, Tissue.SPLEEN}))


def donor(radii=(27, 20, 17)) -> Donor:
    shape = tuple(2 * r + 1 for r in radii)
    codes = np.where(ellipsoid(shape, radii, radii), np.uint8(Tissue.LIVER), np.uint8(Tissue.AIR))
    codes[radii[0] - 8 : radii[0] + 8, radii[1] - 1 : radii[1] + 2, radii[2] - 1 : radii[2] + 2] = Tissue.PORTAL_VEIN
    return Donor(codes, SPACING_MM, has_vessels=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_new_liver_lies_where_the_old_one_was_and_is_of_a_size_between_both(seed):
    drawn, liver = body(), donor()
    new = np.argwhere(is_organ(transplant(drawn, liver, np.random.default_rng(seed)).codes))
    old = np.argwhere(is_organ(drawn.codes))
    shift_mm = 10.0 + 9.0  # twice the spread of places, and some way from the corner to the middle
    for axis, end in ((0, np.max), (1, np.min), (2, np.max)):
        assert abs(end(new[:, axis]) - end(old[:, axis])) * SPACING_MM < shift_mm
    sizes = sorted((len(old), int(is_organ(liver.codes).sum())))
    assert 0.75 * sizes[0] < len(new) < 1.25 * sizes[1]


def test_of_the_old_liver_its_lesions_and_the_veins_nothing_is_left():
    drawn = body()
    new = transplant(drawn, donor(), np.random.default_rng(2))
    assert not np.isin(new.codes, (Tissue.TUMOR, Tissue.VEIN)).any()
    gone = is_organ(drawn.codes) & ~is_organ(new.codes)
    assert gone.any()
    assert (new.codes[gone] == Tissue.FAT).all()
    assert {Tissue.VEIN, Tissue.LUNG, Tissue.GALLBLADDER, Tissue.SPLEEN} <= new.missing
    assert (drawn.codes == Tissue.TUMOR).any()


@pytest.mark.parametrize("seed", range(3))
def test_bones_lungs_and_the_outline_stay_and_the_aorta_without_its_branches(seed):
    drawn = body()
    new = transplant(drawn, donor(), np.random.default_rng(seed))
    for tissue in STAYING:
        assert ((new.codes == tissue) == (drawn.codes == tissue)).all()
    aorta = new.codes[:58] == Tissue.ARTERY
    assert aorta.sum() > 0.95 * (drawn.codes[:58] == Tissue.ARTERY).sum()
    assert not (new.codes[62:] == Tissue.ARTERY).any()
    assert Tissue.ARTERY not in new.missing


def test_vessels_lie_in_the_new_liver_alone():
    new = transplant(body(), donor(), np.random.default_rng(4)).codes
    vessels = np.argwhere(new == Tissue.PORTAL_VEIN)
    assert len(vessels) > 50
    for step in np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)]):
        assert is_organ(new)[tuple((vessels + step).T)].all()


def test_an_organ_that_the_liver_only_dents_stays_and_one_that_it_takes_is_missing():
    kept = transplant(body(), donor((24, 22, 14)), np.random.default_rng(0))
    taken = transplant(body(), donor((20, 22, 36)), np.random.default_rng(0))
    assert Tissue.KIDNEY not in kept.missing
    assert (kept.codes == Tissue.KIDNEY).any()
    assert Tissue.KIDNEY in taken.missing
    assert not (taken.codes == Tissue.KIDNEY).any()


def test_the_same_seed_gives_the_same_and_another_one_another_and_inputs_stay():
    drawn, liver = body(), donor()
    first, again, other = (transplant(drawn, liver, np.random.default_rng(seed)).codes for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert (drawn.codes == body().codes).all()
    assert (liver.codes == donor().codes).all()


def test_what_is_missing_is_drawn_around_the_new_liver():
    new = transplant(body(), donor(), np.random.default_rng(5))
    whole = complete(new, np.random.default_rng(5))
    assert (is_organ(whole) == is_organ(new.codes)).all()
    assert {Tissue.MUSCLE, Tissue.VEIN, Tissue.BOWEL_WALL} <= set(np.unique(whole))


def test_a_liver_that_the_body_would_cut_is_refused():
    with pytest.raises(NoRoomError, match="cut off") as refused:
        transplant(body(), donor((70, 55, 60)), np.random.default_rng(0))
    assert refused.value.lost > 0.08


def test_other_spacings_and_bodies_without_a_liver_are_refused():
    bare = Drawn(np.full(SHAPE, Tissue.FAT, np.uint8), SPACING_MM, frozenset())
    coarse = Donor(donor().codes, 2 * SPACING_MM, has_vessels=True)
    for drawn, liver in ((bare, donor()), (body(), coarse)):
        with pytest.raises(ValueError, match="two livers on one spacing"):
            transplant(drawn, liver, np.random.default_rng(0))


def test_a_thick_sliced_cone_stored_upside_down_becomes_smooth_and_keeps_its_volume():
    """Radius 10 mm per 20 mm of height; between slices of 5 mm the outline follows, it does not step."""
    i, j, k = np.indices((100, 100, 22))
    height_mm = (20 - k) * 5.0
    labels = (((i - 49.5) ** 2 + (j - 49.5) ** 2 < (height_mm / 2) ** 2) & (k > 0)).astype(np.uint8)
    affine = affine_of((1.0, 1.0, 5.0)) @ np.diag([-1.0, 1.0, -1.0, 1.0])
    made = donor_from(Volume(labels, affine), 1.25, has_vessels=False)
    volume_ml = labels.sum() * 5 / 1000
    # The broad end is rounded, which costs some.
    assert is_organ(made.codes).sum() * 1.25**3 / 1000 == pytest.approx(volume_ml, rel=0.05)
    areas = is_organ(made.codes).sum((0, 1))
    assert areas[:20].mean() < areas[-20:].mean()
    steps = np.diff(np.sqrt(areas[10:60]))
    assert steps.min() >= 0
    assert steps.max() < 2 * steps.mean()
    assert not made.has_vessels


def test_on_an_oblique_grid_holes_are_filled_and_vessels_count_inside_only():
    labels = np.zeros((70, 60, 50), np.uint8)
    labels[10:50, 10:50, 10:40] = 1
    labels[20:23, 20:23, 20:23] = 0
    labels[25:68, 29:32, 24:27] = 2
    labels[2:4, 2:4, 2:4] = 1
    labels = Volume(labels, affine_of((1.0, 1.2, 1.5), (30.0, -10.0, 7.0), rotation(15, 2)))
    made = donor_from(labels, 1.5, has_vessels=True)
    voxel_ml, scale = 1.5**3 / 1000, 1.8 / 1000
    assert is_organ(made.codes).sum() * voxel_ml == pytest.approx(40 * 40 * 30 * scale, rel=0.02)
    assert (made.codes == Tissue.PORTAL_VEIN).sum() * voxel_ml == pytest.approx(25 * 3 * 3 * scale, rel=0.15)


def segmented() -> np.ndarray:
    """Segments as cubes in RAS: I in the middle, II III left, IV in front, V to VIII right."""
    places = {1: (4, 3, 4), 2: (1, 6, 6), 3: (1, 6, 3), 4: (4, 7, 5), 5: (7, 5, 2), 6: (8, 1, 2), 7: (8, 1, 7)}
    labels = np.zeros((100, 100, 100), np.uint8)
    labels[20:90, 10:80, 20:90] = 8
    labels[60:85, 40:65, 65:90] = 8
    for value, place in places.items():
        labels[tuple(slice(10 * n, 10 * n + 18) for n in place)] = value
    return labels


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_segments_in_a_mirrored_frame_are_noticed(axis):
    upright = np.diag([2.0, 2.0, 2.0, 1.0])
    mirrored = upright.copy()
    mirrored[axis, axis] = -2.0
    assert segments_lie_upright(Volume(segmented(), upright))
    assert not segments_lie_upright(Volume(segmented(), mirrored))
    assert not segments_lie_upright(Volume((segmented() == 2).astype(np.uint8), upright))


def test_a_shape_in_a_mirrored_frame_is_noticed_and_named(tmp_path):
    labels = np.zeros((60, 60, 40), np.uint8)
    labels[30:58, 2:40, 5:38] = 1
    labels[5:30, 25:45, 25:38] = 1
    labels[35:50, 20:23, 20:23] = 2
    upright, mirrored = np.diag([3.0, 3.0, 4.0, 1.0]), np.diag([-3.0, 3.0, 4.0, 1.0])
    assert shape_lies_upright(Volume(labels, upright))
    for name, affine in (("good", upright), ("bad", mirrored)):
        write_nifti(tmp_path / f"{name}.nii.gz", Volume(labels, affine))
    ((name, made),) = vessel_donors(tmp_path, ["good"], 3.0)
    assert name == "good"
    assert made.has_vessels
    with pytest.raises(InputError, match="bad"):
        list(vessel_donors(tmp_path, ["bad"], 3.0))


def test_segments_become_one_liver_without_vessels(tmp_path):
    write_nifti(tmp_path / "one.nii.gz", Volume(segmented(), np.diag([2.0, 2.0, 2.0, 1.0])))
    ((_, made),) = couinaud_donors(tmp_path, ["one"], 2.0)
    assert set(np.unique(made.codes)) == {Tissue.AIR, Tissue.LIVER}
    assert not made.has_vessels


def test_empty_maps_and_very_thick_slices_are_refused():
    for labels, step in ((np.zeros((9, 8, 7), np.uint8), 1.0), (np.ones((9, 8, 7), np.uint8), 7.5)):
        with pytest.raises(InputError, match="Leave this donor out"):
            donor_from(Volume(labels, np.diag([1.0, 1.0, step, 1.0])), 1.5, has_vessels=False)


def test_patients_who_must_stay_unseen_are_left_out_with_all_that_may_be_them():
    names = ["ircad01", "ircad02", "lits27", "lits28", "lits47", "lits48", "msd011"]
    assert donors_without(names, ["ircad01", "ircad07"]) == ("ircad02", "lits27", "lits48", "msd011")
    assert donors_without(names, ["lits48"]) == ("ircad01", "ircad02", "lits27", "lits28", "lits47", "msd011")
