"""Words that name a contrast phase, in several languages, and times since the injection."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.phases.header import header_phase, injection_delay_s, named_phase, phase_after
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.study import Source

P = ContrastPhase

NAMED = {
    P.NATIVE: [
        *("Nativ 5.0", "native", "ohne KM", "Abd w/o contrast", "Non-contrast", "NON CONTRAST", "sans injection"),
        *("sin contraste", "C- ax", "unenhanced", "pre-contrast", "plain"),
    ],
    P.EARLY_ARTERIAL: ["Early arterial", "EARLY_ARTERIAL", "früharteriell", "artérielle précoce", "Liver 20s"],
    P.LATE_ARTERIAL: ["Spätarteriell 1.0", "late arterial", "arterial late", "artérielle tardive", "liver 35s"],
    P.ARTERIAL: ["ART 1.5", "Abdomen 1.0 B30f art", "hepatic arterial", "arteriell", "fase arteriosa", "HAP"],
    P.PORTAL_VENOUS: [
        *("Portalvenös 3.0", "PV 70s", "ven", "PVP", "venöse Phase", "veineux", "fase venosa", "fase portale"),
        *("portal venous delay 70s", "hepatic venous", "70 sec"),
    ],
    P.DELAYED: ["DELAYED", "Delay 5 min", "5 min", "late phase", "Spätphase", "tardive", "equilibrium", "180 sec"],
    P.UNKNOWN: [
        *("", "Abdomen", "Leber 3Phasen", "5.0 B31s", "Thorax AP", "with contrast", "Chest port", "Art_Portal_Spaet"),
        *("1.25 s", "artefact reduction", "75 s 110 s", "90 min"),
    ],
}


@pytest.mark.parametrize(("phase", "text"), [(phase, text) for phase, texts in NAMED.items() for text in texts])
def test_a_description_names_its_phase(phase, text):
    if text == "75 s 110 s":
        assert named_phase(text)[0] is P.PORTAL_VENOUS, "the first number counts"
        return
    found, word = named_phase(text)
    assert found is phase
    assert bool(word) == (phase is not P.UNKNOWN)


def source(**known: str) -> Source:
    return Source("ct", "dicom", "0", **known)


def test_the_series_outranks_the_protocol_and_its_text_is_kept():
    found = header_phase(source(series_description="Leber ART 1.0", protocol_name="Abdomen portalvenös"))
    assert (found.phase, found.word, found.field, found.text) == (
        P.ARTERIAL,
        "art",
        "SeriesDescription",
        "Leber ART 1.0",
    )
    found = header_phase(source(series_description="5.0 I30f", protocol_name="Abdomen portalvenös"))
    assert (found.phase, found.field) == (P.PORTAL_VENOUS, "ProtocolName")


def test_times_name_a_phase_where_words_do_not():
    found = header_phase(source(contrast_start_time="101500", acquisition_time="101612.250", contrast_agent="Iomeprol"))
    assert found.phase is P.PORTAL_VENOUS
    assert found.delay_s == pytest.approx(72.25)
    assert found.contrast_agent == "Iomeprol"


@pytest.mark.parametrize(
    ("start", "scan"),
    [("", "101500"), ("101500", ""), ("101500", "101500"), ("101500", "101400"), ("101500", "120000"), ("x", "101500")],
)
def test_times_that_do_not_fit_together_say_nothing(start, scan):
    assert injection_delay_s(source(contrast_start_time=start, acquisition_time=scan)) is None


@pytest.mark.parametrize(
    ("delay_s", "phase"),
    [
        *((9.0, P.UNKNOWN), (10.0, P.EARLY_ARTERIAL), (29.9, P.EARLY_ARTERIAL), (30.0, P.LATE_ARTERIAL)),
        *((55.0, P.UNKNOWN), (60.0, P.PORTAL_VENOUS), (100.0, P.PORTAL_VENOUS), (120.0, P.UNKNOWN)),
        *((150.0, P.DELAYED), (600.0, P.DELAYED), (1801.0, P.UNKNOWN)),
    ],
)
def test_seconds_after_the_injection(delay_s, phase):
    assert phase_after(delay_s) is phase


def test_early_and_late_contradict_each_other_but_arterial_neither():
    assert not P.EARLY_ARTERIAL.agrees_with(P.LATE_ARTERIAL)
    assert P.ARTERIAL.agrees_with(P.LATE_ARTERIAL)
    assert P.EARLY_ARTERIAL.agrees_with(P.ARTERIAL)
    assert P.UNKNOWN.agrees_with(P.NATIVE)
    assert not P.NATIVE.agrees_with(P.DELAYED)
