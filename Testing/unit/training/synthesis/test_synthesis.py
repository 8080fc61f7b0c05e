"""Synthetic patients: what was drawn stays, what is missing comes in its place, labels say what was rendered."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from phantoms import affine_of, rotation
from scipy import ndimage

from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.training.augmentation.bending import Bending
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.samples import Sample, Source
from LiverTumorSegLib.training.synthesis import patches as synthesis_patches
from LiverTumorSegLib.training.synthesis.complete import Drawn, complete
from LiverTumorSegLib.training.synthesis.lesions import _put_mass, add_lesions
from LiverTumorSegLib.training.synthesis.noise import ellipsoid, smooth_field
from LiverTumorSegLib.training.synthesis.patches import SyntheticPatches, _end_view
from LiverTumorSegLib.training.synthesis.render import AIR_HU, render
from LiverTumorSegLib.training.synthesis.sources import drawn_from, whole_body_map
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ, labels_of
from LiverTumorSegLib.volume import Volume

SPACING_MM = 4.0
SHAPE = (90, 70, 64)
MISSING = frozenset({Tissue.SPLEEN, Tissue.KIDNEY, Tissue.LUNG, Tissue.BOWEL_WALL, Tissue.ARTERY, Tissue.VEIN})


def trunk() -> np.ndarray:
    """An elliptic trunk with a spine, a liver on the patient's right (high i) and a vessel in it."""
    i, j, k = np.indices(SHAPE)
    codes = np.zeros(SHAPE, np.uint8)
    codes[((i - 45) / 42) ** 2 + ((j - 35) / 30) ** 2 < 1] = Tissue.FAT
    codes[((i - 45) / 5) ** 2 + ((j - 12) / 5) ** 2 < 1] = Tissue.BONE
    codes[((i - 62) / 17) ** 2 + ((j - 40) / 16) ** 2 + ((k - 34) / 15) ** 2 < 1] = Tissue.LIVER
    codes[58:66, 38:41, 33:36] = Tissue.PORTAL_VEIN
    return codes


@pytest.fixture(scope="module")
def patient() -> np.ndarray:
    return complete(Drawn(trunk(), SPACING_MM, MISSING), np.random.default_rng(3))


def test_what_was_drawn_stays_as_it_is(patient):
    drawn = trunk()
    known = ~np.isin(drawn, (Tissue.AIR, Tissue.FAT))
    assert (patient[known] == drawn[known]).all()
    assert ((patient == Tissue.AIR) == (drawn == Tissue.AIR)).all()


def test_missing_organs_come_in_their_places(patient):
    where = {tissue: np.argwhere(patient == tissue) for tissue in (Tissue.SPLEEN, Tissue.LUNG, Tissue.LIVER)}
    assert all(len(places) > 200 for places in where.values())
    middle_i = 45
    assert where[Tissue.SPLEEN][:, 0].mean() < middle_i < where[Tissue.LIVER][:, 0].mean()
    assert where[Tissue.LUNG][:, 2].mean() > where[Tissue.LIVER][:, 2].mean() + 5
    for tissue in (Tissue.MUSCLE, Tissue.BOWEL_WALL, Tissue.BOWEL_CONTENT, Tissue.ARTERY):
        assert (patient == tissue).any()


def test_organs_that_somebody_has_looked_for_are_not_drawn_in():
    found = complete(Drawn(trunk(), SPACING_MM, MISSING - {Tissue.SPLEEN, Tissue.LUNG}), np.random.default_rng(3))
    assert not (found == Tissue.SPLEEN).any()
    assert not (found == Tissue.LUNG).any()


def test_the_same_seed_makes_the_same_patient_and_another_one_another(patient):
    again = complete(Drawn(trunk(), SPACING_MM, MISSING), np.random.default_rng(3))
    other = complete(Drawn(trunk(), SPACING_MM, MISSING), np.random.default_rng(4))
    assert (again == patient).all()
    assert (other != patient).mean() > 0.02


def test_what_was_drawn_as_a_whole_stomach_is_hollow():
    codes = trunk()
    codes[20:40, 30:50, 20:50] = Tissue.BOWEL_WALL
    stomach = codes == Tissue.BOWEL_WALL
    patient = complete(Drawn(codes, 1.5, frozenset()), np.random.default_rng(1))
    assert (patient[20, 30:50, 20:50] == Tissue.BOWEL_WALL).all()
    inside = {Tissue.BOWEL_WALL, Tissue.BOWEL_CONTENT, Tissue.SOFT, Tissue.GAS}
    assert set(np.unique(patient[stomach])) <= inside
    assert (patient[24:36, 34:46, 24:46] != Tissue.BOWEL_WALL).all()


def test_a_body_in_which_everything_was_drawn_needs_no_completion_but_its_skin_and_its_veins(tmp_path):
    """On an oblique grid of flat voxels: liver, a vein that runs into it, a stomach, and a table under the patient."""
    shape, affine = (50, 40, 16), affine_of((2.0, 3.0, 6.0), (10.0, -20.0, 5.0), rotation(20, 2))
    hu, labels = np.full(shape, -1000, np.int16), np.zeros(shape, np.uint8)
    hu[5:45, 8:34] = -90
    hu[:, 38:] = 40
    labels[10:25, 12:30, 4:12] = 3
    labels[20:32, 20:22, 7:9] = 7
    labels[34:42, 12:28, 4:12] = 9
    hu[labels > 0] = 50
    for name, array in (("ct", hu), ("labels", labels)):
        nib.save(nib.Nifti1Image(array, affine), tmp_path / f"{name}.nii.gz")
    names = {"liver": 3, "portal_vein_and_splenic_vein": 7, "stomach": 9}
    (tmp_path / "labels.json").write_text(json.dumps(names))
    drawn = whole_body_map(tmp_path, 2.0)
    ml = {tissue: (drawn.codes == tissue).sum() * 0.008 for tissue in Tissue}
    assert drawn.missing == frozenset()
    assert ml[Tissue.LIVER] == pytest.approx(15 * 18 * 8 * 0.036, rel=0.03)
    assert ml[Tissue.BOWEL_WALL] == pytest.approx(8 * 16 * 8 * 0.036, rel=0.05)
    assert ml[Tissue.VEIN] == pytest.approx(7 * 2 * 2 * 0.036, rel=0.3)
    assert ml[Tissue.PORTAL_VEIN] == 0
    body_ml = sum(ml.values()) - ml[Tissue.AIR]
    assert body_ml == pytest.approx(40 * 26 * 16 * 0.036, rel=0.03)


def test_a_structure_of_which_nobody_knows_the_tissue_is_named(tmp_path):
    for name in ("ct", "labels"):
        nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), tmp_path / f"{name}.nii.gz")
    (tmp_path / "labels.json").write_text(json.dumps({"tail": 3}))
    with pytest.raises(ValueError, match="tail"):
        whole_body_map(tmp_path, 2.0)


def test_a_map_on_an_oblique_grid_of_flat_voxels_becomes_upright_and_cubic():
    shape, affine = (60, 44, 20), affine_of((2.0, 3.0, 6.0), (10.0, -20.0, 5.0), rotation(20, 2))
    labels = np.ones(shape, np.uint8)
    labels[20:40, 12:30, 6:14] = 4
    labels[28:31, 18:20, 8:10] = 5
    values = {"body": 1, "liver": 4, "portal_vein": 5}
    drawn = drawn_from(Volume(labels, affine), values, ("body", "liver", "portal_vein"), 2.0)
    voxel_ml = 0.008
    assert is_organ(drawn.codes).sum() * voxel_ml == pytest.approx((20 * 18 * 8) * 0.036, rel=0.02)
    assert (drawn.codes == Tissue.PORTAL_VEIN).sum() * voxel_ml == pytest.approx((3 * 2 * 2) * 0.036, rel=0.15)
    assert Tissue.KIDNEY in drawn.missing
    assert Tissue.LIVER not in drawn.missing


def test_veins_outside_the_liver_are_not_liver_vessels():
    labels = np.ones((60, 40, 40), np.uint8)
    labels[20:40, 10:30, 10:30] = 4
    labels[5:55, 19:22, 19:22] = 6
    values = {"body": 1, "liver": 4, "hepatic_veins_and_vena_cava": 6}
    drawn = drawn_from(Volume(labels, np.diag([2.0, 2.0, 2.0, 1.0])), values, values, 2.0)
    inside = np.argwhere(drawn.codes == Tissue.HEPATIC_VEIN)[:, 0]
    outside = np.argwhere(drawn.codes == Tissue.VEIN)[:, 0]
    # At the very surface a vessel may count as outside.
    assert set(range(22, 38)) <= set(inside) <= set(range(20, 40))
    assert set(outside) | set(inside) == set(range(5, 55))


def test_labels_are_those_of_the_main_job_and_a_cyst_is_liver():
    codes = np.array([[list(Tissue)]], np.uint8)
    labels = dict(zip(Tissue, labels_of(codes)[0, 0], strict=True))
    named = {tissue: value for tissue, value in labels.items() if value}
    assert named == {
        Tissue.LIVER: LIVER.value,
        Tissue.CYST: LIVER.value,
        Tissue.PORTAL_VEIN: VESSEL.value,
        Tissue.HEPATIC_VEIN: VESSEL.value,
        Tissue.TUMOR: TUMOR.value,
    }


def test_lesions_lie_in_the_liver_and_masses_beside_it(patient):
    organ = is_organ(patient)
    tumors = masses = 0
    for seed in range(30):
        painted = add_lesions(patient, SPACING_MM, np.random.default_rng(seed))
        mass, tumor = painted == Tissue.MASS, painted == Tissue.TUMOR
        tumors, masses = tumors + tumor.any(), masses + mass.any()
        assert not (mass & organ).any()
        assert not ((painted != patient) & (patient == Tissue.AIR)).any()
        if tumor.any():
            assert (tumor & organ).sum() > 0.5 * tumor.sum()
    assert 5 < tumors < 30
    assert 3 < masses < 25


def test_a_rendered_patient_has_the_densities_of_tissues(patient):
    for seed in range(5):
        hu = render(patient, SPACING_MM, np.random.default_rng(seed))
        assert hu.dtype == np.float32
        assert hu[patient == Tissue.AIR].mean() < -850
        liver = hu[patient == Tissue.LIVER].mean()
        assert -20 < liver < 180
        assert hu[patient == Tissue.FAT].mean() < 0 < hu[patient == Tissue.BONE].mean()
        assert hu[patient == Tissue.LUNG].mean() < -500


def test_patches_are_the_same_for_the_same_seed_and_labels_lie_on_the_image(patient, tmp_path):
    np.save(tmp_path / "one.npy", patient)
    source = SyntheticPatches(tmp_path, (48, 48, 48), SPACING_MM)
    first, again = (source.sample(np.random.default_rng(5)) for _ in range(2))
    assert isinstance(source, Source)
    assert first.hu.shape == first.labels.shape == (48, 48, 48)
    assert (first.hu == again.hu).all()
    assert (first.labels == again.labels).all()
    assert first.annotated == IRCAD
    shares = [(source.sample(np.random.default_rng(seed)).labels > 0).mean() for seed in range(12)]
    assert np.mean(shares) > 0.02
    assert np.std(shares) > 0.01


@pytest.fixture
def plain(monkeypatch, tmp_path) -> Path:
    """A block of liver, 16 x 18 x 20 voxels, with a vessel right through it; nothing is drawn into it or cut off."""
    monkeypatch.setattr(synthesis_patches, "add_lesions", lambda anatomy, spacing_mm, rng: anatomy)
    monkeypatch.setattr(synthesis_patches, "_TIGHT_SHARE", 0.0)
    codes = np.full((44, 42, 40), Tissue.FAT, np.uint8)
    codes[14:29, 12:30, 10:31] = Tissue.LIVER
    codes[14:29, 18:22, 18:22] = Tissue.PORTAL_VEIN
    np.save(tmp_path / "block.npy", codes)
    return tmp_path


def extent(labels: np.ndarray) -> list[int]:
    return [int(np.ptp(voxels)) + 1 for voxels in np.nonzero(labels)]


def sampled(folder: Path, share: float) -> list[Sample]:
    straight = Bending(turn_degrees=0.0, log_scale=0.0, elastic_voxels=0.0)
    source = SyntheticPatches(folder, (96, 96, 96), SPACING_MM, straight, coarse_share=share)
    return [source.sample(np.random.default_rng(seed)) for seed in range(4)]


def test_a_fine_patch_shows_liver_and_vessels_in_their_size(plain):
    for sample in sampled(plain, 0.0):
        assert sample.annotated == IRCAD
        assert extent(sample.labels) == [15, 18, 21]
        assert (sample.labels == VESSEL.value).sum() == 15 * 4 * 4


def test_a_coarse_patch_shows_three_times_the_extent_and_no_vessels_as_in_lits(plain):
    for sample in sampled(plain, 1.0):
        assert sample.annotated == LITS
        assert extent(sample.labels) == [5, 6, 7]
        assert (sample.labels == LIVER.value).sum() == 5 * 6 * 7
        assert set(np.unique(sample.labels)) == {0, LIVER.value}


def test_coarse_patches_show_both_sides_of_the_body(tmp_path):
    """Their middle lies on the body's axis, give or take 20 fine voxels, though the liver lies on one side."""
    codes = np.zeros((120, 80, 60), np.uint8)
    codes[10:110, 10:70] = Tissue.FAT
    codes[80:105, 30:60, 20:50] = Tissue.LIVER
    np.save(tmp_path / "body.npy", codes)
    source = SyntheticPatches(tmp_path, (16, 16, 16), SPACING_MM, coarse_share=1.0, coarse_size=(64, 48, 32))
    for seed in range(6):
        sample = source.sample(np.random.default_rng(seed))
        body = np.argwhere(sample.hu > -500)
        assert 64 * 0.3 < (body.min(0) + body.max(0))[0] / 2 < 64 * 0.7
        assert np.argwhere(sample.labels > 0)[:, 0].mean() > (body.min(0) + body.max(0))[0] / 2


def test_a_coarse_patch_may_have_a_size_of_its_own(plain):
    source = SyntheticPatches(plain, (16, 16, 16), SPACING_MM, coarse_share=0.5, coarse_size=(8, 12, 8))
    samples = [source.sample(np.random.default_rng(seed)) for seed in range(12)]
    assert {sample.hu.shape for sample in samples} == {(16, 16, 16), (8, 12, 8)}
    assert all(sample.hu.shape == sample.labels.shape for sample in samples)


def test_coarse_patches_are_as_many_as_asked_for(plain):
    source = SyntheticPatches(plain, (8, 8, 8), SPACING_MM, Bending(elastic_voxels=0.0), coarse_share=0.3)
    coarse = [source.sample(np.random.default_rng(seed)).annotated == LITS for seed in range(60)]
    assert 8 <= sum(coarse) <= 28


def test_large_smooth_things_lie_beside_the_liver_and_elsewhere_in_the_belly(patient):
    """Such as a full stomach on the other side: they leave liver, bones, lungs and walls as they are."""
    fixed = is_organ(patient) | np.isin(patient, (Tissue.AIR, Tissue.BONE, Tissue.LUNG, Tissue.MUSCLE))
    near = ndimage.binary_dilation(is_organ(patient), iterations=3)
    beside = elsewhere = 0
    for seed in range(40):
        out = patient.copy()
        rng = np.random.default_rng(seed)
        _put_mass(out, is_organ(patient), smooth_field(SHAPE, 3.5, rng), SPACING_MM, rng)
        changed = out != patient
        assert (out[fixed] == patient[fixed]).all()
        assert len(np.unique(out[changed])) <= 1
        beside, elsewhere = beside + (changed & near).any(), elsewhere + (changed.any() and not (changed & near).any())
    assert beside > 8
    assert elsewhere > 4


def test_a_tight_field_of_view_leaves_a_box_and_air_around_it():
    cut = 0
    for seed in range(40):
        hu, labels = np.full((24, 20, 16), 50, np.float32), np.ones((24, 20, 16), np.uint8)
        _end_view(hu, labels, np.random.default_rng(seed))
        assert ((hu == AIR_HU) == (labels == 0)).all()
        assert set(np.unique(hu)) <= {AIR_HU, 50.0}
        sides = extent(labels)
        assert labels.sum() == np.prod(sides)
        # From each end at most one voxel less than a quarter is lost.
        assert all(n - 2 * (n // 4 - 1) <= side <= n for n, side in zip(labels.shape, sides, strict=True))
        cut += sides != list(labels.shape)
    assert cut > 35


def test_a_tight_field_of_view_comes_as_often_as_its_share(plain, monkeypatch):
    source = SyntheticPatches(plain, (24, 24, 24), SPACING_MM, Bending(elastic_voxels=0.0))
    whole = [source.sample(np.random.default_rng(seed)).hu for seed in range(5)]
    monkeypatch.setattr(synthesis_patches, "_TIGHT_SHARE", 1.0)
    tight = [source.sample(np.random.default_rng(seed)).hu for seed in range(5)]
    assert sum((a == AIR_HU).sum() > (b == AIR_HU).sum() for a, b in zip(tight, whole, strict=True)) >= 4


def test_a_folder_without_anatomies_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        SyntheticPatches(tmp_path, (16, 16, 16), SPACING_MM)


def test_a_smooth_field_has_the_grain_that_is_asked_for():
    rng = np.random.default_rng(0)
    fields = {grain: smooth_field((64, 48, 40), grain, rng) for grain in (4.0, 16.0)}
    for field in fields.values():
        assert abs(field.mean()) < 1e-4
        assert field.std() == pytest.approx(1, abs=1e-3)
    steps = {grain: np.abs(np.diff(field, axis=0)).mean() for grain, field in fields.items()}
    assert steps[4.0] == pytest.approx(4 * steps[16.0], rel=0.4)


def test_an_ellipsoid_without_bumps_has_its_volume():
    flat = np.zeros((60, 50, 40), np.float32)
    inside = ellipsoid(flat.shape, np.array([30.0, 25.0, 20.0]), np.array([20.0, 15.0, 10.0]), flat, 0.3)
    assert inside.sum() == pytest.approx(4 / 3 * np.pi * 20 * 15 * 10, rel=0.02)
