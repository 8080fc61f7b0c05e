"""The aorta and the contrast phase in real CTs: two portal-venous ones with experts' masks, and a native one."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
from real_cases import load_mask

from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.phases.recognise import Recognised, contrast_phase
from LiverTumorSegLib.volume import Volume


@pytest.fixture(scope="module", params=["ircad01", "ircad07"])
def portal(request, real_data) -> tuple[Recognised, Volume, np.ndarray]:
    """What is found, the CT, and the expert's arteries."""
    folder = real_data / "cases" / request.param
    image = nibabel.load(folder / "ct.nii.gz")
    ct = Volume(np.asarray(image.dataobj).astype(np.int16), image.affine)
    labels = np.zeros(ct.shape, np.uint8, order="F")
    liver = load_mask(folder / "liver.nii.gz") > 0
    labels[liver] = LIVER.value
    labels[load_mask(folder / "portal_vein.nii.gz") > 0] = PORTAL_VEIN.value
    labels[(load_mask(folder / "hepatic_veins_and_vena_cava.nii.gz") > 0) & liver] = HEPATIC_VEIN.value
    return contrast_phase(ct, ct.with_array(labels)), ct, load_mask(folder / "artery.nii.gz") > 0


def test_a_portal_venous_ct_is_recognised(portal):
    assert portal[0].phase is ContrastPhase.PORTAL_VENOUS
    assert portal[0].confidence > 0.9


def test_the_aorta_is_where_the_expert_has_drawn_it(portal):
    """All centres of its circles lie in the expert's arteries, and its density is theirs without their rim."""
    found, ct, artery = portal
    circles = np.array(found.evidence.aorta_circles_ras_mm)
    assert len(circles) > 20
    places = np.round(ct.ijk_from_ras(circles[:, :3])).astype(int)
    # A circle may lie between two slices at the border of what was drawn.
    assert artery[tuple(places.T)].mean() > 0.95
    assert found.evidence.aorta == pytest.approx(np.percentile(ct.array[artery], 65), abs=12)


def test_kidneys_are_as_bright_as_the_experts(portal, request, real_data):
    name = request.node.callspec.params["portal"]
    values = json.loads((real_data / "labelmaps" / "abdomen" / "labels.json").read_text())["labels"]
    kidneys = load_mask(real_data / "labelmaps" / "abdomen" / f"{name}.nii.gz") == values["kidneys"]
    assert portal[0].evidence.kidney == pytest.approx(np.median(portal[1].array[kidneys]), abs=15)
    assert portal[0].evidence.is_excreting is False


def test_a_native_ct_is_recognised_by_its_aorta_alone(real_data):
    """3 mm, the dome of the liver cut off; vessels of the liver are not among its structures."""
    folder = real_data / "total_example"
    values = json.loads((folder / "labels.json").read_text())
    image = nibabel.load(folder / "ct.nii.gz")
    ct = Volume(np.clip(np.asarray(image.dataobj), -1024, 3071).astype(np.int16), image.affine)
    structures = load_mask(folder / "labels.nii.gz")
    found = contrast_phase(ct, ct.with_array((structures == values["liver"]).astype(np.uint8)))
    assert found.phase is ContrastPhase.NATIVE
    assert 0.5 < found.confidence < 0.9, "without veins it is not sure"
    circles = np.array(found.evidence.aorta_circles_ras_mm)
    places = np.round(ct.ijk_from_ras(circles[:, :3])).astype(int)
    inside = np.all((places >= 0) & (places < ct.shape), axis=1)
    assert (structures == values["aorta"])[tuple(places[inside].T)].mean() > 0.95
    assert found.evidence.aorta == pytest.approx(np.median(ct.array[structures == values["aorta"]]), abs=8)
    assert found.evidence.kidney is None
