"""The liver divided by the weights that come with the program, on livers that they have not seen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from phantoms import rotation, stored_as
from refusals import refused
from scipy import ndimage

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.dividing import Divided, Divider, Given
from LiverTumorSegLib.io.nifti import read_nifti
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.io.weights import load
from LiverTumorSegLib.labels import COUINAUD_LABELS, HEPATIC_VEIN, IV, IVA, IVB, PORTAL_VEIN, VESSEL
from LiverTumorSegLib.models.anatomy import CHANNELS, anatomy_definition
from LiverTumorSegLib.phantom import PhantomSettings, make_phantom
from LiverTumorSegLib.registry import ANATOMY, BUILT_IN
from LiverTumorSegLib.settings import Engine, Precision, SegmentSettings
from LiverTumorSegLib.volume import Volume

SETTINGS = SegmentSettings(precision=Precision.FP32)


@cache
def phantom() -> Volume:
    return make_phantom(PhantomSettings(spacing_mm=(3.0, 3.0, 5.0))).segmentation


def divided(segmentation: Volume, settings: SegmentSettings = SETTINGS, *, divides_iv: bool = False) -> Divided:
    return Divider(ANATOMY, choose_engine(settings), divides_iv=divides_iv).divide(segmentation)


def tilted(segmentation: Volume) -> Volume:
    """The same liver on a grid that is turned in the patient, finer along one axis."""
    turn = rotation(15, 2) @ rotation(10, 0)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([2.6, 3.3, 4.0])
    shape = (150, 120, 90)
    middle = segmentation.ras_from_ijk((np.array(segmentation.shape)[None] - 1) / 2)[0]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return resample(segmentation, Grid(shape, affine), outside=0.0, linear=False)


@pytest.mark.parametrize("grid", ["as acquired", "tilted"])
def test_the_segments_share_out_the_organ_exactly_in_one_piece_each(grid):
    segmentation = phantom() if grid == "as acquired" else tilted(phantom())
    segments = divided(segmentation).segments.array
    assert ((segments > 0) == (segmentation.array > 0)).all()
    assert set(np.unique(segments)) == set(range(9))
    assert [ndimage.label(segments == label.value)[1] for label in COUINAUD_LABELS] == [1] * 8


def test_vessels_are_told_apart_and_nothing_else_changes():
    found = divided(phantom()).segmentation.array
    before = phantom().array
    vessels = before == VESSEL.value
    assert set(np.unique(found[vessels])) <= {PORTAL_VEIN.value, HEPATIC_VEIN.value}
    np.testing.assert_array_equal(found[~vessels], before[~vessels])


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (True, False, True)), ((1, 0, 2), (False, True, False))])
def test_how_voxels_are_stored_does_not_matter(order, flips):
    plain, turned = divided(phantom()), divided(stored_as(phantom(), order, flips))
    for first, second in ((plain.segments, turned.segments), (plain.segmentation, turned.segmentation)):
        expected = stored_as(first, order, flips).array
        assert (expected != second.array).mean() < 1e-4  # where two opinions are even, rounding decides


def test_the_right_lobe_lies_right_and_the_dome_above_on_a_tilted_grid_too():
    segments = divided(tilted(phantom())).segments
    middle = {
        label.name: segments.ras_from_ijk(np.argwhere(segments.array == label.value)).mean(0)
        for label in COUINAUD_LABELS
    }
    assert middle["VI"][0] > middle["V"][0] > middle["IV"][0] > middle["III"][0]
    assert middle["VIII"][2] > middle["V"][2] + 20
    assert middle["VII"][2] > middle["VI"][2] + 20
    assert middle["VII"][1] < middle["VIII"][1] - 20


def test_torch_and_openvino_divide_alike():
    pytest.importorskip("torch")
    both = [
        divided(phantom(), SegmentSettings(engine=engine, precision=Precision.FP32))
        for engine in (Engine.OPENVINO, Engine.TORCH)
    ]
    assert (both[0].segments.array != both[1].segments.array).sum() < 20


def test_what_a_reader_has_told_apart_stays_so():
    labels = phantom().array.copy()
    ijk = np.argwhere(labels == VESSEL.value)
    by_reader = np.zeros(labels.shape, bool)
    by_reader[tuple(ijk[: len(ijk) // 2].T)] = True
    labels[by_reader] = PORTAL_VEIN.value
    found = divided(phantom().with_array(labels)).segmentation.array
    assert (found[by_reader] == PORTAL_VEIN.value).all()
    assert not (found == VESSEL.value).any()


def test_without_liver_there_is_nothing_to_divide():
    nothing = phantom().with_array(np.zeros_like(phantom().array))
    for divider in (Divider(ANATOMY, choose_engine(SETTINGS)), Given(nothing)):
        found = divider.divide(nothing)
        assert not found.segments.array.any()
        assert not found.segmentation.array.any()


def test_it_can_be_stopped():
    def stop(_event):
        raise CancelledError

    with pytest.raises(CancelledError):
        Divider(ANATOMY, choose_engine(SETTINGS)).divide(phantom(), stop)


def test_iv_is_divided_on_request_and_all_else_stays():
    segmentation = tilted(phantom())
    whole, fine = (divided(segmentation, divides_iv=divides).segments.array for divides in (False, True))
    assert set(np.unique(fine)) == {0, 1, 2, 3, 5, 6, 7, 8, IVA.value, IVB.value}
    np.testing.assert_array_equal(np.isin(fine, (IVA.value, IVB.value)), whole == IV.value)
    np.testing.assert_array_equal(fine[whole != IV.value], whole[whole != IV.value])
    assert [ndimage.label(fine == part.value)[1] for part in (IVA, IVB)] == [1, 1]


def test_given_segments_follow_an_edited_organ_to_the_voxel():
    before = divided(phantom())
    edited = before.segmentation.array.copy()
    edited[ndimage.binary_dilation(edited > 0, iterations=2) & (edited == 0)] = 1
    edited[:, : edited.shape[1] // 3] = 0
    found = Given(before.segments).divide(before.segmentation.with_array(edited))
    assert ((found.segments.array > 0) == (edited > 0)).all()
    kept = (edited > 0) & (before.segments.array > 0)
    np.testing.assert_array_equal(found.segments.array[kept], before.segments.array[kept])
    with pytest.raises(ValueError, match="segments on"):
        Given(before.segments).divide(Volume(edited, np.eye(4)))


def test_a_model_that_is_none_for_anatomy_is_refused():
    with pytest.raises(ValueError, match="no network for anatomy"):
        Divider(ANATOMY.__class__(**{**ANATOMY.__dict__, "network": None}), choose_engine(SETTINGS))


def test_card_registry_and_weights_agree():
    card = read_json(ANATOMY.folder / "anatomy.json")
    file = card["files"]["anatomy"]
    assert (ANATOMY.files[0].sha256, ANATOMY.files[0].tensors_sha256) == (file["sha256"], file["tensors_sha256"])
    assert tuple(card["network"]["channels"]) == CHANNELS
    assert card["accuracy"] == ANATOMY.accuracy
    definition = anatomy_definition("anatomy", ANATOMY.network.widths, ANATOMY.network.window)
    definition.check_weights(load(ANATOMY, "anatomy"))
    stored = [path.stat().st_size for path in BUILT_IN.folder.glob("*.safetensors")]
    assert sum(stored) <= 12_000_000


@pytest.mark.real
@pytest.mark.parametrize("name", ["ircad01", "ircad04", "lits10", "lits100"])
def test_on_livers_it_has_not_seen_it_is_near_the_expert(real_data, name):
    assert name in read_json(ANATOMY.folder / "anatomy.json")["data_use"]["never_seen"]
    image = read_nifti(real_data / "labelmaps" / "couinaud" / f"{name}.nii.gz")
    expert = Volume(np.asarray(image.array).astype(np.uint8), image.affine)
    found = divided(expert.with_array((expert.array > 0).astype(np.uint8))).segments.array
    dices = [dice(found == label.value, expert.array == label.value) for label in COUINAUD_LABELS]
    assert np.mean(dices) > 0.75, dices


def test_another_architecture_is_no_segmenter(tmp_path):
    from LiverTumorSegLib.io.own_weights import model_of_file

    with refused("lvt-anatomy"):
        model_of_file(ANATOMY.folder / "anatomy.safetensors")
