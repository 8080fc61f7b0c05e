"""torch fp32, OpenVINO fp32 and bf16 give the same masks on a real CT."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from engine_runs import dice, dice_with_torch_fp32, needs_both_engines, ready
from network_windows import liver_window, mask_of

from LiverTumorSegLib.inference.lesions import LesionSearch
from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.settings import Engine, Precision
from LiverTumorSegLib.volume import Volume

pytestmark = [pytest.mark.real, pytest.mark.weights, pytest.mark.slow, needs_both_engines]


@pytest.fixture(scope="module")
def case(real_data):
    def read(name):
        image = nib.load(real_data / "cases" / "ircad01" / f"{name}.nii.gz")
        return Volume(np.asarray(image.dataobj), image.affine)

    return read("ct"), mask_of(read("liver")), mask_of(read("liver_tumors_instances"))


def test_all_engines_find_the_same_liver(case, kuleuven_weights):
    ct, liver, _tumors = case
    found = dice_with_torch_fp32(LIVER, kuleuven_weights("liver"), liver_window(ct, liver, (162, 135, 135)))
    assert found["openvino fp32"] >= 0.9995
    assert found["openvino bf16"] >= 0.998


def test_all_engines_find_the_same_tumors(case, kuleuven_weights):
    """Over all windows of the case, as the pipeline cuts them."""
    ct, liver, _tumors = case
    search = LesionSearch(ct, liver)

    def found(engine, precision):
        network = ready(LESION, kuleuven_weights("lesion"), engine, search.window_in, precision)
        return search.probability(network).array >= 0.5

    reference = found(Engine.TORCH, Precision.FP32)
    assert reference.sum() > 10_000
    assert dice(found(Engine.OPENVINO, Precision.FP32), reference) >= 0.9995
    assert dice(found(Engine.OPENVINO, Precision.BF16), reference) >= 0.998
