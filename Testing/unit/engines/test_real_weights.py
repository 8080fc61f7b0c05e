"""The fetched networks give one answer on every engine: on a phantom here, on a real CT in Testing/real."""

from __future__ import annotations

import pytest
from engine_runs import dice_with_torch_fp32, needs_both_engines
from network_windows import lesion_window, liver_window, mask_of

from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.phantom import PhantomSettings, make_phantom

pytestmark = [pytest.mark.weights, needs_both_engines]


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(PhantomSettings.small())


def test_all_engines_find_the_same_liver(phantom, kuleuven_weights):
    """A tight window leaves the outline soft: bf16 moves a few voxels of it, in torch as in OpenVINO."""
    x = liver_window(phantom.ct, mask_of(phantom.segmentation), (135, 108, 81))
    found = dice_with_torch_fp32(LIVER, kuleuven_weights("liver"), x)
    assert found["openvino fp32"] >= 0.9995
    assert found["openvino bf16"] >= 0.995
    assert found["torch bf16"] >= 0.995


def test_all_engines_find_the_same_tumors(phantom, kuleuven_weights):
    x = lesion_window(phantom.ct, mask_of(phantom.segmentation), mask_of(phantom.segmentation, 3), (148, 148, 70))
    found = dice_with_torch_fp32(LESION, kuleuven_weights("lesion"), x)
    assert found["openvino fp32"] >= 0.9995
    assert found["openvino bf16"] >= 0.997
    assert found["torch bf16"] >= 0.997
