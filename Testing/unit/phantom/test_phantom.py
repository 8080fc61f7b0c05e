"""The phantom keeps what its truth says, on every grid."""

import dataclasses
import hashlib

import numpy as np
import pytest
from scipy import ndimage

from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.phantom import LesionKind, LesionSettings, Phantom, PhantomSettings, Phase, make_phantom
from LiverTumorSegLib.phantom.phantom import acquisition_grid

LIVER, VESSEL, TUMOR = (MAIN_LABELS[name].value for name in ("liver", "vessel", "tumor"))


def digest(phantom: Phantom) -> str:
    arrays = (phantom.ct.array, phantom.segmentation.array, phantom.lesions.array)
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


@pytest.fixture(scope="module")
def progress():
    return []


@pytest.fixture(scope="module")
def phantom(progress):
    return make_phantom(PhantomSettings.small(), progress.append)


@pytest.fixture(scope="module")
def tilted():
    return make_phantom(dataclasses.replace(PhantomSettings.small(), tilt_deg=17.0))


@pytest.fixture(scope="module")
def sagittal():
    settings = dataclasses.replace(PhantomSettings.small(), orientation="SAR", spacing_mm=(4.0, 2.0, 2.5))
    return make_phantom(settings)


@pytest.fixture(scope="module")
def quiet():
    return make_phantom(dataclasses.replace(PhantomSettings.small(), noise_hu=0.0))


def median_at(phantom, ras, reach=1):
    i, j, k = np.round(phantom.ct.ijk_from_ras(np.array([ras]))[0]).astype(int)
    block = phantom.ct.array[i - reach : i + reach + 1, j - reach : j + reach + 1, k : k + 1]
    return float(np.median(block))


def test_arrays_have_the_promised_types_on_one_grid(phantom):
    assert phantom.ct.array.dtype == np.int16
    assert phantom.segmentation.array.dtype == np.uint8
    assert phantom.lesions.array.dtype == np.uint16
    assert phantom.ct.same_grid(phantom.segmentation)
    assert phantom.ct.same_grid(phantom.lesions)


def test_the_same_settings_give_the_same_phantom_and_another_seed_another(phantom):
    assert digest(make_phantom(PhantomSettings.small())) == digest(phantom)
    assert digest(make_phantom(PhantomSettings.small(seed=2))) != digest(phantom)


def test_lesion_voxels_add_up_to_the_analytic_volume():
    """Of lesions of at least 3 ml; on 8 mm3 voxels a few per cent of the surface voxels fall on either side."""
    settings = PhantomSettings(spacing_mm=(1.5, 1.5, 2.0), noise_hu=0.0)
    phantom = make_phantom(settings)
    large = [lesion for lesion in phantom.truth["lesions"] if lesion["volume_ml"] > 3]
    assert len(large) == 3
    for lesion in large:
        counted = (phantom.lesions.array == lesion["id"]).sum() * phantom.lesions.voxel_ml
        assert counted == pytest.approx(lesion["volume_ml"], rel=0.03)


def test_volumes_in_the_truth_follow_from_the_radii(phantom):
    first = phantom.truth["lesions"][0]
    assert first["volume_ml"] == pytest.approx(4 / 3 * 3.14159265 * 22.5 * 20 * 19 / 1000)
    assert (first["long_axis_mm"], first["short_axis_mm"]) == pytest.approx((45, 40))
    assert phantom.truth["tumor_ml"] == pytest.approx(sum(t["volume_ml"] for t in phantom.truth["lesions"]))


def test_ids_follow_the_volume_and_only_tumors_have_one(phantom):
    volumes = [lesion["volume_ml"] for lesion in phantom.truth["lesions"]]
    assert [lesion["id"] for lesion in phantom.truth["lesions"]] == list(range(1, 7))
    assert volumes == sorted(volumes, reverse=True)
    assert {other["kind"] for other in phantom.truth["not_tumors"]} == {"cyst", "calcification"}
    assert set(np.unique(phantom.lesions.array)) <= set(range(7))


def test_tumor_label_and_lesion_ids_cover_the_same_voxels(phantom):
    np.testing.assert_array_equal(phantom.segmentation.array == TUMOR, phantom.lesions.array > 0)


@pytest.mark.parametrize("grid", ["phantom", "tilted", "sagittal"])
def test_on_any_grid_a_lesion_lies_where_the_truth_says(grid, request):
    phantom = request.getfixturevalue(grid)
    for lesion in phantom.truth["lesions"][:3]:
        voxels = np.argwhere(phantom.lesions.array == lesion["id"])
        center = phantom.lesions.ras_from_ijk(voxels).mean(axis=0)
        np.testing.assert_allclose(center, lesion["center_ras_mm"], atol=0.6)


def test_acquisitions_of_one_patient_share_the_truth_in_patient_space(phantom, tilted):
    assert tilted.truth["liver_ml"] == phantom.truth["liver_ml"]
    assert [t["center_ras_mm"] for t in tilted.truth["lesions"]] == [
        t["center_ras_mm"] for t in phantom.truth["lesions"]
    ]


def test_a_tilted_slice_cuts_an_ellipsoid_in_another_ellipse():
    lesion = LesionSettings((10.0, 10.0, 20.0))
    settings = dataclasses.replace(PhantomSettings.small(), tilt_deg=30.0, lesions=(lesion,))
    facts = make_phantom(settings).truth["lesions"][0]
    # along (0, cos 30, sin 30): 1 / sqrt(cos2 / 100 + sin2 / 400)
    assert facts["long_axis_mm"] == pytest.approx(2 / np.sqrt(0.75 / 100 + 0.25 / 400))
    assert facts["short_axis_mm"] == pytest.approx(20)


def test_liver_voxels_add_up_to_the_liver_of_the_truth(phantom):
    counted = (phantom.segmentation.array > 0).sum() * phantom.segmentation.voxel_ml
    assert counted == pytest.approx(phantom.truth["liver_ml"], rel=0.01)
    assert 1200 < counted < 1900


def test_every_lesion_is_surrounded_by_liver(phantom):
    around = ndimage.binary_dilation(phantom.segmentation.array == TUMOR) & (phantom.segmentation.array != TUMOR)
    assert np.isin(phantom.segmentation.array[around], (LIVER, VESSEL)).mean() > 0.97


def test_the_organ_is_one_piece_without_holes(phantom):
    organ = phantom.segmentation.array > 0
    sizes = np.bincount(ndimage.label(organ, np.ones((3, 3, 3)))[0].ravel())[1:]
    assert sizes.max() / sizes.sum() > 0.999


def test_tissues_have_the_attenuation_of_a_portal_venous_scan(quiet):
    hu, labels = quiet.ct.array, quiet.segmentation.array
    assert np.median(hu[labels == LIVER]) == pytest.approx(108, abs=4)
    assert np.percentile(hu[labels == VESSEL], 90) == pytest.approx(165, abs=10)
    first = quiet.truth["lesions"][0]
    assert median_at(quiet, first["center_ras_mm"]) == pytest.approx(50, abs=10)
    assert median_at(quiet, (-10, -24, 20)) == pytest.approx(155, abs=10), "aorta"
    assert median_at(quiet, (-106, -38, 10)) == pytest.approx(122, abs=10), "spleen"
    assert median_at(quiet, (80, -40, 60)) == pytest.approx(-855, abs=60), "lung"
    assert median_at(quiet, (0, -50, 0)) == pytest.approx(195, abs=50), "vertebra"
    assert hu[0, 0, 0] == pytest.approx(-1000, abs=5), "air"


def test_a_native_scan_has_vessels_darker_than_the_liver():
    native = make_phantom(dataclasses.replace(PhantomSettings.small(), phase=Phase.NATIVE, noise_hu=0.0))
    hu, labels = native.ct.array, native.segmentation.array
    assert np.median(hu[labels == VESSEL]) < np.median(hu[labels == LIVER]) == pytest.approx(58, abs=4)


def test_the_noise_has_the_asked_deviation(phantom, quiet):
    difference = phantom.ct.array.astype(float) - quiet.ct.array
    assert difference[phantom.segmentation.array == LIVER].std() == pytest.approx(12, rel=0.05)


def test_a_healthy_liver_has_no_tumor_and_the_same_shape(phantom):
    healthy = make_phantom(PhantomSettings.small(with_tumors=False))
    assert not healthy.lesions.array.any()
    assert TUMOR not in healthy.segmentation.array
    assert healthy.truth["lesions"] == []
    assert healthy.truth["tumor_ml"] == 0
    np.testing.assert_array_equal(healthy.segmentation.array > 0, phantom.segmentation.array > 0)


def test_the_grid_is_centred_on_the_patient_whatever_its_orientation():
    for orientation in ("LPS", "RAS", "SAR", "IPL"):
        affine, shape = acquisition_grid(PhantomSettings(orientation=orientation, spacing_mm=(1.0, 1.5, 2.5)))
        middle = affine @ [*((np.array(shape) - 1) / 2), 1]
        np.testing.assert_allclose(middle[:3], 0, atol=1e-9)
    affine, _ = acquisition_grid(PhantomSettings(orientation="LPS"))
    np.testing.assert_allclose(affine[:3, :3], np.diag([-0.8, -0.8, 2.0]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"spacing_mm": (0.0, 1.0, 1.0)},
        {"spacing_mm": (1.0, float("nan"), 1.0)},
        {"tilt_deg": 80.0},
        {"orientation": "LLS"},
        {"orientation": "XYZ"},
        {"orientation": "LP"},
        {"noise_hu": -3.0},
        {"lesions": (LesionSettings((5.0, 5.0, 5.0)),) * 201},
    ],
    ids=str,
)
def test_absurd_settings_are_refused(wrong):
    with pytest.raises(InputError, match="Change the phantom's settings"):
        PhantomSettings(**wrong)


@pytest.mark.parametrize("wrong", [(0.0, 5.0, 5.0), (5.0, float("nan"), 5.0), (5.0, 5.0, 90.0)], ids=str)
def test_absurd_lesions_are_refused(wrong):
    with pytest.raises(InputError, match="lesion radii"):
        LesionSettings(wrong)


def test_lesions_that_do_not_fit_are_refused():
    crowd = (LesionSettings((35.0, 35.0, 35.0)),) * 8
    with pytest.raises(InputError, match="no room in the liver"):
        make_phantom(dataclasses.replace(PhantomSettings.small(), lesions=crowd))


def test_progress_never_goes_back_and_ends_at_one(phantom, progress):
    seen = [event.fraction for event in progress]
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_a_callback_that_cancels_stops_the_work():
    seen = []

    def cancel(event):
        seen.append(event.fraction)
        raise CancelledError

    with pytest.raises(CancelledError):
        make_phantom(PhantomSettings.small(), cancel)
    assert len(seen) == 1


def test_a_cyst_is_not_labelled(quiet):
    cyst = next(one for one in quiet.truth["not_tumors"] if one["kind"] == LesionKind.CYST)
    i, j, k = np.round(quiet.ct.ijk_from_ras(np.array([cyst["center_ras_mm"]]))[0]).astype(int)
    assert quiet.segmentation.array[i, j, k] == LIVER
    assert quiet.ct.array[i, j, k] == pytest.approx(8, abs=15)
