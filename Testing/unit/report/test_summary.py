"""The summary of a report: what it says of known measurements, and what it leaves out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from html_page import Page
from PIL import Image
from report_cases import box_case, without_lesion, without_liver
from summary_cases import BRIGHT, DARK, UNKNOWN, summary_case, two_lesions

from LiverTumorSegLib.measurements import Appearance, Attenuation, SeenPhase
from LiverTumorSegLib.report.html import render_report
from LiverTumorSegLib.report.summary_check import reason_to_reject
from LiverTumorSegLib.report.summary_facts import MAX_LESIONS, summary_facts
from LiverTumorSegLib.report.summary_narration import Narrated
from LiverTumorSegLib.report.summary_text import summary_sections, summary_text
from LiverTumorSegLib.report.summary_words import (
    TERMS,
    attenuation_word,
    margin_word,
    outline_word,
    shape_word,
    texture_word,
)


def text_of(case) -> str:
    """In one line."""
    return " ".join(summary_text(summary_facts(case)).split())


def test_it_says_what_was_measured_as_a_radiologist_dictates_it():
    text = text_of(summary_case())
    for words in (
        "CT of 90 x 70 x 50 voxels, 2 x 2.4 x 3 mm; slices 3 mm apart.",
        "Contrast phase: portal-venous (by the image, confidence 99 %).",
        "Volume 1487.6 ml with its vessels and tumors. Parenchyma 110 HU (SD 15 HU)",
        "2 lesions, 12.4 ml together, 0.8 % of the liver.",
        "L1: segment VIII (right anterior), 28.0 x 18.0 mm, 11.1 ml. Hypoattenuating, homogeneous (52 HU, 58 HU below "
        "the parenchyma). Round, smooth outline, well defined margin (edge 3.1 mm). Touches the surface of the liver "
        "and portal vein. Confidence 93 %.",
        "L2: segment III/II (left lateral), 15.2 x 10.0 mm, 1.3 ml. Hyperattenuating, heterogeneous (151 HU, 41 HU "
        "above the parenchyma). Irregular, lobulated outline, ill defined margin (edge 6.3 mm). Confidence 41 %.",
        "Portal vein 13.4 ml, hepatic veins 24.3 ml, all vessels inside the liver 37.7 ml.",
        "This may be no lesion: L2.",
        "not a medical device and no diagnosis",
    ):
        assert words in text


def test_the_sections_come_in_the_order_of_a_report():
    titles = [section.title for section in summary_sections(summary_facts(summary_case()))]
    assert titles == ["Technique", "Liver", "Lesions", "Vessels", "Limitations"]


def test_the_file_is_a_page_of_lines_that_fit():
    lines = summary_text(summary_facts(summary_case())).splitlines()
    assert len(lines) < 45
    assert max(map(len, lines)) <= 100
    assert "\u00a0" not in "".join(lines)


def test_many_lesions_are_summed_up_beyond_the_largest():
    many = tuple(replace(two_lesions()[0], id=n, volume_ml=2.04, long_axis_mm=20.0 - n / 10) for n in range(1, 31))
    text = text_of(summary_case(lesions=many))
    assert "30 lesions" in text
    assert f"L{MAX_LESIONS}:" in text
    assert f"L{MAX_LESIONS + 1}:" not in text
    assert "20 further lesions, 40.8 ml, longest diameter up to 18.9 mm: see the table." in text


def test_what_was_not_measured_says_why_and_leaves_no_hole():
    small = replace(two_lesions()[0], appearance=UNKNOWN)
    text = text_of(summary_case(lesions=(small,)))
    assert "11.1 ml. Not measured: attenuation and edge (too small). Not measured: shape (seen in too few" in text
    assert "None" not in text
    assert "Terms:" not in text


def test_a_result_of_older_measurements_has_a_summary_without_looks():
    text = text_of(box_case())
    assert "L1: 28.0 x 18.0 mm, 11.1 ml." in text
    assert "Contrast phase not known." in text
    assert "Parenchyma" not in text


def test_without_a_lesion_and_without_a_liver_it_says_so():
    assert "LESIONS No lesion was found." in text_of(without_lesion(box_case()))
    text = text_of(without_liver(box_case()))
    assert "LIVER No liver was found." in text
    assert "LESIONS Lesions were not looked for." in text
    assert "VESSELS" not in text


@pytest.mark.parametrize(("phase", "hu", "said"), [
    ("native", 31.0, True), ("native", 55.0, False), ("portal-venous", 31.0, False), ("unknown", 31.0, False),
])  # fmt: skip
def test_only_a_dark_liver_on_a_native_ct_is_said_to_look_like_one_with_fat(phase, hu, said):
    case = summary_case(parenchyma=Attenuation(hu, 12.0), phase=SeenPhase(phase, 0.9, "image"))
    text = text_of(case)
    assert ("Below 40 HU on a native CT" in text) is said
    assert ("this does not measure fat" in text) is said


def test_a_phase_of_the_header_has_no_confidence_and_an_unknown_one_no_name():
    assert "arterial (by the header)" in text_of(summary_case(phase=SeenPhase("arterial", 0.2, "header")))
    assert "Contrast phase not known." in text_of(summary_case(phase=SeenPhase("unknown", 0.3, "nothing")))


def test_a_reader_is_said_to_have_drawn_the_outlines_of_a_measured_mask():
    case = summary_case()
    text = text_of(replace(case, run=replace(case.run, model={})))
    assert "Outlines: drawn or edited by a reader." in text


def test_words_change_at_their_thresholds():
    assert [attenuation_word(Appearance(difference_hu=hu)) for hu in (-10.0, -9.9, 9.9, 10.0)] == [
        "hypoattenuating", "isoattenuating", "isoattenuating", "hyperattenuating",
    ]  # fmt: skip
    tissue = Attenuation(100.0, 20.0)
    assert [texture_word(Appearance(sd_hu=hu), tissue) for hu in (29.9, 30.0)] == ["homogeneous", "heterogeneous"]
    shapes = [Appearance(compactness=c, axis_ratio=r) for c, r in ((0.89, 0.9), (0.9, 0.75), (0.9, 0.74))]
    assert [shape_word(shape) for shape in shapes] == ["irregular", "round", "oval"]
    assert [outline_word(Appearance(solidity=s)) for s in (0.91, 0.92)] == ["lobulated", "smooth"]
    assert [margin_word(Appearance(edge_width_mm=mm)) for mm in (4.0, 4.1)] == ["well defined", "ill defined"]
    assert {attenuation_word(UNKNOWN), texture_word(UNKNOWN, tissue), shape_word(UNKNOWN), outline_word(UNKNOWN)} == {
        ""
    }
    assert texture_word(DARK, None) == ""


def test_facts_for_a_model_hold_no_patient_path_date_or_warning():
    case = summary_case()
    source = replace(
        case.study.source, path="/home/jane/Doe_Jane/ct.nii.gz", patient_id="P-17", patient_name="Doe^Jane",
        patient_birth_date="19510203", patient_sex="F", study_date="20080213", study_uid="1.2.3.4", series_uid="1.2.3",
        series_description="Doe liver", protocol_name="Doe protocol", warnings=("/home/jane/x",), manufacturer="Maker",
    )  # fmt: skip
    run = replace(
        case.run, warnings=("/home/jane/y",), source=source.to_json(), model={"id": "/home/jane/own", "title": "Doe"}
    )
    told = json.dumps(summary_facts(replace(case, study=replace(case.study, source=source), run=run)).to_json())
    for secret in ("jane", "Doe", "P-17", "1951", "2008", "1.2.3", "/", "box", "Maker", "5" * 8):
        assert secret not in told.replace("II/III", "").replace("III/II", ""), secret
    assert '"model": "own weights"' in told


def test_facts_leave_out_what_is_not_known_and_keep_zeros():
    told = summary_facts(without_lesion(box_case())).to_json()
    assert told["lesion_count"] == 0
    assert told["tumor_burden_percent"] == 0.0
    assert "lesions" not in told
    assert "phase" not in told["technique"]


def test_the_template_says_nothing_but_the_facts():
    facts = summary_facts(summary_case())
    words = "\n\n".join(
        paragraph
        for section in summary_sections(facts)
        for paragraph in section.paragraphs
        if paragraph != TERMS
    )  # fmt: skip
    assert reason_to_reject(words, facts) == ""


def test_the_page_shows_the_same_words_before_the_pictures():
    case = summary_case()
    text = Page(render_report(case, Image.new("RGB", (16, 13)))).text
    for section in summary_sections(summary_facts(case)):
        for paragraph in section.paragraphs:
            assert " ".join(paragraph.split()) in text
    assert text.index("Technique") < text.index("Radiological convention")
    assert "language model" not in text


def test_a_phrased_text_stands_beside_it_escaped_and_marked():
    told = Narrated("http://localhost:1", "small-<b>model</b>", "First <script>alert(1)</script>.\n\nSecond & last.")
    page = Page(render_report(summary_case(), Image.new("RGB", (16, 13)), told))
    assert not page.all("script")
    assert "Phrased by a language model (small-<b>model</b>)" in page.text
    assert "First <script>alert(1)</script>." in page.text
    assert "Second & last." in page.text
    assert "Put together by the program" in page.text


def test_a_rejected_text_is_not_on_the_page():
    told = Narrated("http://localhost:1", "m", "", "its text was rejected, it leaves out L2")
    text = Page(render_report(summary_case(), Image.new("RGB", (16, 13)), told)).text
    assert "language model" not in text
    assert told.warning == "The summary was not phrased by a model: its text was rejected, it leaves out L2."


def test_lesions_look_the_same_whoever_found_them():
    first = replace(two_lesions()[0], confidence=None, appearance=BRIGHT)
    text = text_of(summary_case(lesions=(first,)))
    assert "1 lesion, 12.4 ml, 0.8 % of the liver." in text
    assert "Confidence" not in text
