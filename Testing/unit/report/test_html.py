"""report.html: read back by a parser, as a browser would."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import pytest
from html_page import Page
from PIL import Image
from report_cases import box_case, lesion, without_lesion, without_liver

from LiverTumorSegLib.measurements import CaseQuality, Grade
from LiverTumorSegLib.report.html import MAX_LESION_PICTURES, date_text, model_text, render_report, write_report
from LiverTumorSegLib.report.overview import make_overview
from LiverTumorSegLib.report.quality import percent_text, quality_text

OVERVIEW = Image.new("RGB", (1600, 1300), (20, 30, 40))


def page_of(case) -> Page:
    return Page(render_report(case, OVERVIEW))


def with_source(**fields):
    case = box_case()
    return replace(case, study=replace(case.study, source=replace(case.study.source, **fields)))


def with_run(**fields):
    case = box_case()
    return replace(case, run=replace(case.run, **fields))


def with_lesions(*lesions, flags=()):
    case = box_case()
    return replace(case, measurements=replace(case.measurements, lesions=lesions, flags=flags))


def test_all_pictures_are_inside_and_decode_and_have_a_text_alternative():
    images = page_of(box_case()).all("img")
    assert len(images) == 2
    for attributes in images:
        head, data = attributes["src"].split(",")
        assert head == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        picture.load()
        assert abs(picture.width / picture.height - int(attributes["width"]) / int(attributes["height"])) < 0.01
        assert len(attributes["alt"]) > 20


def test_the_page_loads_nothing_and_runs_nothing():
    page = page_of(box_case())
    assert not {"script", "link", "iframe", "object", "form", "audio", "video"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:")
    html = render_report(box_case(), OVERVIEW)
    assert "url(" not in html
    assert "@import" not in html


def test_tables_have_scoped_headers_and_the_page_has_a_language_and_a_title():
    page = page_of(box_case())
    assert page.all("th")
    assert {attributes.get("scope") for attributes in page.all("th")} == {"row", "col"}
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == 1
    assert len(page.all("h1")) == 1


def test_values_are_shown_to_a_tenth():
    text = page_of(box_case()).text
    for words in ("230.0 ml", "11.1 ml", "4.8 %", "4.0 ml", "28.0 x 18.0", "S 20.0"):
        assert words in text


def test_it_says_first_that_it_is_for_research_use_only():
    text = page_of(box_case()).text
    assert text.index("For research use only") < text.index("Volumes")


@pytest.mark.parametrize("field", ["series_description", "patient_id", "study_date", "kernel", "manufacturer", "path"])
def test_words_from_a_header_are_escaped(field):
    attack = '<script>alert("1")</script><img src=x onerror=alert(2)>{{ 7 * 7 }}'
    page = page_of(with_source(**{field: attack.replace("/", "") if field == "path" else attack}))
    assert not page.all("script")
    assert all((attributes.get("src") or "").startswith("data:") for attributes in page.all("img"))
    assert "{{ 7 * 7 }}" in page.text


def test_words_from_settings_warnings_model_and_flags_are_escaped():
    attack = "<script>alert(1)</script>"
    case = with_lesions(lesion(1, flags=(attack,)))
    run = replace(
        case.run, settings={attack: attack}, warnings=(attack,), model={"id": attack, attack: {attack: [attack]}},
        versions={attack: attack}, timings_s={attack: 1.0}, postprocessing=({"step": attack},), command=attack,
    )  # fmt: skip
    assert not page_of(replace(case, run=run)).all("script")


def test_of_the_patient_only_the_id_is_shown():
    case = with_source(
        patient_id="P-17",
        patient_name="Doe^Jane",
        patient_birth_date="19510203",
        patient_sex="F",
        study_date="20080213",
    )
    html = render_report(case, OVERVIEW)
    assert "patient ID P-17" in page_of(case).text
    assert "study date 2008-02-13" in page_of(case).text
    assert "Doe" not in html
    assert "19510203" not in html


def test_what_the_header_does_not_give_is_said_to_be_not_given():
    text = page_of(box_case()).text
    assert "study date not given" in text
    assert "patient ID not given" in text


def test_only_the_name_of_the_input_is_shown_not_the_folders_it_lies_in():
    html = render_report(with_source(path="/home/jane/Doe_Jane/ct.nii.gz"), OVERVIEW)
    assert "ct.nii.gz" in html
    assert "Doe_Jane" not in html


def test_without_a_liver_the_page_says_so_at_the_top():
    text = page_of(without_liver(box_case())).text
    assert text.index("No liver was found") < text.index("Volumes")
    assert "not defined" in text
    assert "lesions were not looked for" in text


def test_no_lesion_is_said_in_words():
    text = page_of(without_lesion(box_case())).text
    assert "No lesion was found." in text
    assert "0 lesions" in text


def test_a_run_without_a_network_says_so_at_the_top():
    text = page_of(with_run(model={"id": "classical"})).text
    assert text.index("Classical outlines, without a network") < text.index("Volumes")


def test_flags_are_explained_with_the_lesions_that_have_them():
    text = page_of(with_lesions(lesion(1), lesion(2, flags=("thin-lesion",)), lesion(3, flags=("thin-lesion",)))).text
    assert "(lesions 2, 3)" in text
    assert "below what RECIST 1.1 calls measurable" in text
    assert "Do not choose it as a target lesion" in text


def test_a_serious_flag_stands_at_the_top_and_is_not_repeated():
    text = page_of(with_lesions(lesion(1), flags=("liver-volume-implausible",))).text
    assert text.index("The liver's volume is implausible") < text.index("Volumes")
    assert text.count("The liver is far smaller or larger than livers of adults are.") == 1


def test_many_lesions_are_all_listed_but_only_the_largest_are_pictured():
    page = page_of(with_lesions(*(lesion(n) for n in range(1, 31))))
    assert len(page.all("img")) == 1 + MAX_LESION_PICTURES
    assert f"{MAX_LESION_PICTURES} largest of 30 lesions" in page.text
    assert "30 lesions" in page.text


def test_the_model_is_named_with_licence_training_data_and_citation():
    text = page_of(box_case()).text
    assert "pyliverlesionseg" in text
    assert "Apache-2.0" in text
    assert "The publisher does not state it" in text
    assert "KU Leuven" in text


def test_masks_of_a_reader_name_no_model():
    assert model_text({}) is None
    assert "drawn or edited by a reader" in page_of(with_run(model={})).text


def test_what_run_json_says_about_the_model_wins_over_the_registry():
    text = model_text({"id": "kuleuven", "license": "other", "sha256": {"liver": "ab"}})
    assert text is not None
    assert text.license == "other"
    assert "Leuven" in text.title
    assert text.details == {"sha256": "liver: ab"}


def test_warnings_are_listed_once():
    case = with_source(warnings=("Slices 3 and 4 swapped",))
    case = replace(case, run=replace(case.run, warnings=("Slices 3 and 4 swapped", "No bf16 here")))
    text = page_of(case).text
    assert text.count("Slices 3 and 4 swapped") == 1
    assert "No bf16 here" in text


def with_quality(quality, *lesions, flags=()):
    case = with_lesions(*(lesions or (lesion(1),)), flags=flags)
    return replace(case, measurements=replace(case.measurements, quality=quality))


def test_confidences_are_a_column_of_percent_with_an_explanation():
    sure, unsure = replace(lesion(1), confidence=0.934), replace(lesion(2), confidence=None)
    text = page_of(with_lesions(sure, unsure)).text
    assert "Slice thickness (mm) Confidence Remarks" in text
    assert "93 %" in text
    assert "overlaps a true lesion" in text


def test_a_readers_lesions_have_no_column_of_confidence_and_no_quality():
    text = page_of(with_lesions(lesion(1))).text
    assert "Confidence" not in text
    assert "score" not in text


def test_a_quality_gives_its_reasons_and_says_whether_it_is_calibrated():
    reasons = ("The networks disagree about 9 % of the liver.", "The edge <b>of the CT</b> cuts the liver off.")
    quality = CaseQuality(0.62, Grade.CHECK, reasons, is_calibrated=False)
    page = page_of(with_quality(quality))
    assert "Check: look at the outlines before using the numbers (score 62 %)" in page.text
    assert all(reason in page.text for reason in reasons)
    assert "not calibrated yet" in page.text
    assert "not calibrated yet" not in page_of(with_quality(replace(quality, is_calibrated=True))).text


def test_a_poor_case_says_so_at_the_top():
    quality = CaseQuality(0.1, Grade.POOR, ("6 % of the liver is a mass that may lie beside it.",))
    text = page_of(with_quality(quality, flags=("low-confidence",))).text
    assert text.index("The networks are unsure of this case") < text.index("Volumes")
    assert text.index("Poor: correct the outlines") > text.index("Lesions")


def test_a_good_case_is_a_note_without_reasons():
    text = quality_text(CaseQuality(0.95, Grade.GOOD))
    assert text is not None
    assert (text.severity, text.score, text.reasons) == ("note", "95 %", ())
    assert quality_text(None) is None


@pytest.mark.parametrize(
    ("share", "shown"), [(0.934, "93 %"), (0.0001, "1 %"), (0.9999, "99 %"), (0.5, "50 %"), (None, "\N{EN DASH}")]
)
def test_nothing_is_certain(share, shown):
    assert percent_text(share) == shown


@pytest.mark.parametrize(
    ("dicom", "shown"), [("20080213", "2008-02-13"), ("", "not given"), ("2008.02.13", "2008.02.13")]
)
def test_dates_are_readable(dicom, shown):
    assert date_text(dicom) == shown


def test_the_written_file_is_small_and_utf8(tmp_path):
    case = box_case()
    write_report(tmp_path / "report.html", case, make_overview(case))
    html = (tmp_path / "report.html").read_bytes()
    assert len(html) < 3_000_000
    assert Page(html.decode("utf-8")).text.startswith("Liver report")
