"""The vena cava of real CTs against the expert's veins: 3D-IRCADb draws it together with hepatic and renal veins."""

from __future__ import annotations

import json

import edt
import nibabel
import numpy as np
import pytest
from real_cases import load_case, load_mask

from LiverTumorSegLib.anatomy.landmarks.cava import find_cava
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.volume import Volume

NEAR_MM = 6.0
"""Renal veins further away are no cava."""


@pytest.mark.parametrize(("name", "least_dice", "least_inside"), [("ircad01", 0.75, 0.9), ("ircad07", 0.6, 0.75)])
def test_it_lies_in_the_veins_that_the_expert_has_drawn(real_data, name, least_dice, least_inside):
    case = load_case(real_data, name)
    veins = load_mask(real_data / "cases" / name / "hepatic_veins_and_vena_cava.nii.gz") > 0
    found = find_cava(case.ct, case.ct.with_array(case.organ.astype(np.uint8)))
    assert found is not None
    mask = found.mask.array > 0
    outside = veins & ~case.organ
    near = outside & (edt.edt(~mask, anisotropy=case.ct.spacing_mm) <= NEAR_MM)
    assert (mask & veins).sum() / mask.sum() > least_inside
    assert dice(mask, near) > least_dice


def test_in_a_native_ct_it_lies_where_a_model_has_drawn_it(real_data):
    """total_example: 3 mm, the dome cut off, blood hardly brighter than muscle."""
    folder = real_data / "total_example"
    image, names = nibabel.load(folder / "ct.nii.gz"), json.loads((folder / "labels.json").read_text())
    ct = Volume(np.asarray(image.dataobj).astype(np.int16), image.affine)
    drawn = load_mask(folder / "labels.nii.gz")
    found = find_cava(ct, ct.with_array((drawn == names["liver"]).astype(np.uint8)))
    assert found is not None
    mask = found.mask.array > 0
    beside_liver = mask.any(axis=(0, 1))
    assert dice(mask, (drawn == names["inferior_vena_cava"]) & beside_liver) > 0.75
    assert found.share > 0.8
