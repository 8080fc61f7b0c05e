"""Contrast phases of bodies with known densities at known places, on upright and oblique grids, and of the phantom."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from phantoms import stored_as
from phase_abdomens import AORTA_RAS_MM, HU, abdomen

from LiverTumorSegLib.phantom.phantom import make_phantom
from LiverTumorSegLib.phantom.settings import PhantomSettings, Phase
from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement
from LiverTumorSegLib.phases.recognise import Basis, Recognised, contrast_phase, recognised
from LiverTumorSegLib.phases.rules import PHASES, likelihoods
from LiverTumorSegLib.study import Source

P = ContrastPhase


def named(description: str, **more: str) -> Source:
    return Source("ct", "dicom", "0", series_description=description, **more)


@cache
def found_in(phase: ContrastPhase, kind: str = "upright") -> Recognised:
    return contrast_phase(*abdomen(phase, kind))


@pytest.mark.parametrize("kind", ["upright", "oblique"])
@pytest.mark.parametrize("phase", HU)
def test_each_phase_is_recognised_and_its_structures_are_measured(phase, kind):
    found = found_in(phase, kind)
    assert found.phase is phase
    assert found.basis is Basis.IMAGE
    assert found.confidence > 0.8
    seen, true = found.evidence, HU[phase]
    assert seen.aorta == pytest.approx(true["aorta"], abs=4)
    assert seen.liver == pytest.approx(true["liver"], abs=4)
    assert seen.portal_vein == pytest.approx(true["portal"], abs=5)
    assert seen.hepatic_vein == pytest.approx(true["hepatic"], abs=5)
    centers = np.array(seen.aorta_circles_ras_mm)[:, :2]
    assert np.abs(centers - AORTA_RAS_MM).max() < 4


@pytest.mark.parametrize("phase", [phase for phase in HU if phase is not P.NATIVE])
def test_enhanced_kidneys_are_found_with_their_cortex_and_what_they_excrete(phase):
    seen, true = found_in(phase, "oblique").evidence, HU[phase]
    assert true["medulla"] < seen.kidney < true["cortex"]
    contrast = true["cortex"] - true["medulla"]
    assert 0.7 * contrast - 3 < seen.cortex_medulla < contrast + 10
    assert seen.is_excreting is (phase is P.DELAYED)


def test_kidneys_without_contrast_agent_are_not_guessed():
    assert found_in(P.NATIVE).evidence.kidney is None


def test_the_storage_order_changes_nothing():
    ct, segmentation = abdomen(P.LATE_ARTERIAL, "oblique")
    turned = [stored_as(volume, (2, 0, 1), (True, False, True)) for volume in (ct, segmentation)]
    first, second = found_in(P.LATE_ARTERIAL, "oblique").evidence, contrast_phase(*turned).evidence
    assert first.aorta == pytest.approx(second.aorta, abs=1e-2)
    assert first.kidney == pytest.approx(second.kidney, abs=1e-2)
    assert (first.liver, first.portal_vein) == (second.liver, second.portal_vein)


def test_without_an_aorta_there_is_less_confidence_and_no_circle():
    """The vena cava is as round and as bright, but it lies on the right side."""
    whole, less = found_in(P.PORTAL_VENOUS), contrast_phase(*abdomen(P.PORTAL_VENOUS, with_aorta=False))
    assert less.evidence.aorta is None
    assert less.evidence.aorta_circles_ras_mm == ()
    assert less.confidence < 0.7 < whole.confidence


def test_without_a_liver_nothing_is_said():
    ct, segmentation = abdomen(P.PORTAL_VENOUS, with_aorta=False)
    found = contrast_phase(ct, segmentation.with_array(np.zeros_like(segmentation.array)))
    assert (found.phase, found.basis) == (P.UNKNOWN, Basis.NOTHING)
    assert (found.evidence.liver, found.evidence.aorta) == (None, None)


def test_the_liver_alone_is_no_basis():
    assert recognised(Enhancement(liver=110.0)).phase is P.UNKNOWN
    assert recognised(Enhancement()).confidence == 0


def test_values_that_fit_to_no_phase_are_not_named():
    strange = Enhancement(aorta=80.0, portal_vein=260.0, hepatic_vein=20.0, liver=180.0)
    assert recognised(strange).confidence < 0.3
    assert recognised(strange).phase is P.UNKNOWN


def test_bright_veins_beside_an_aorta_without_contrast_agent_are_none():
    """Networks do not see veins before contrast agent; what they take for them says nothing about the phase."""
    found = recognised(Enhancement(aorta=45.0, portal_vein=101.0, hepatic_vein=105.0, liver=54.0))
    assert found.phase is P.NATIVE
    assert found.evidence.portal_vein == 101.0
    assert found.confidence == recognised(Enhancement(aorta=45.0, liver=54.0)).confidence < 0.9


def test_another_grid_is_an_error():
    ct, _ = abdomen(P.NATIVE)
    _, segmentation = abdomen(P.NATIVE, "oblique")
    with pytest.raises(ValueError, match="a segmentation of"):
        contrast_phase(ct, segmentation)


@pytest.mark.parametrize(("phase", "expected"), [(Phase.PORTAL_VENOUS, P.PORTAL_VENOUS), (Phase.NATIVE, P.NATIVE)])
def test_both_phases_of_the_phantom_are_recognised(phase, expected):
    """Its vessels are not told apart, and it has bowel, spleen, muscles and a table around the aorta."""
    made = make_phantom(replace(PhantomSettings.small(2), phase=phase))
    found = contrast_phase(made.ct, made.segmentation)
    assert found.phase is expected
    assert found.confidence > 0.9
    assert found.evidence.aorta == pytest.approx(155 if expected is P.PORTAL_VENOUS else 42, abs=6)
    assert found.evidence.vessel is not None


def test_likelihoods_add_up_and_are_even_where_nothing_is_known():
    for seen in (Enhancement(), Enhancement(aorta=150.0, liver=100.0, portal_vein=150.0)):
        assert sum(likelihoods(seen).values()) == pytest.approx(1)
    assert likelihoods(Enhancement())[P.NATIVE] == pytest.approx(1 / len(PHASES))


PORTAL = Enhancement(aorta=155.0, portal_vein=165.0, hepatic_vein=158.0, liver=110.0)
BETWEEN = Enhancement(aorta=290.0, portal_vein=84.0, liver=66.0)


def test_image_and_header_that_disagree_are_both_told():
    found = recognised(PORTAL, named("Leber arteriell 1.0"))
    assert (found.phase, found.seen, found.header.phase) == (P.PORTAL_VENOUS, P.PORTAL_VENOUS, P.ARTERIAL)
    assert found.disagrees
    assert found.header.text == "Leber arteriell 1.0"
    assert not recognised(PORTAL, named("portal venous")).disagrees
    assert not recognised(PORTAL, named("Abdomen")).disagrees


def test_the_header_decides_only_where_the_image_does_not():
    found = recognised(Enhancement(), named("Delayed 5 min"))
    assert (found.phase, found.basis, found.seen) == (P.DELAYED, Basis.HEADER, P.UNKNOWN)
    assert found.confidence == 0


def test_early_or_late_arterial_is_left_open_unless_the_header_knows():
    found = recognised(BETWEEN)
    assert found.phase is P.ARTERIAL
    assert found.confidence > 0.8
    assert recognised(BETWEEN, named("late arterial")).phase is P.LATE_ARTERIAL


def test_the_json_is_plain():
    import json

    data = json.loads(json.dumps(recognised(PORTAL, named("PV")).to_json()))
    assert data["phase"] == "portal-venous"
    assert data["evidence_hu"]["aorta"] == 155.0
    assert data["header"]["word"] == "pv"
