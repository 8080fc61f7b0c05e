"""followup.html: what it says, that it loads nothing, and that only its own script may run."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from functools import cache

import pytest
from followup_pages import examinations, record, timeline
from html_page import Page
from PIL import Image

from LiverTumorSegLib.report.followup_page import MOST_PICTURED, pictured_lesions, render_followup
from LiverTumorSegLib.report.followup_pictures import PICTURE_PX, lesion_pictures
from LiverTumorSegLib.timeline import Category, Criterion, FollowUp, Role, Sighting, State


@cache
def pictures(*, with_ct: bool = True):
    shown = timeline()
    return tuple(lesion_pictures(examinations(with_ct=with_ct), shown.lesions))


def html(shown: FollowUp | None = None, *, with_ct: bool = True) -> str:
    return render_followup(timeline() if shown is None else shown, record(), pictures(with_ct=with_ct))


def text_of(shown: FollowUp | None = None) -> str:
    return Page(re.sub(r"(?s)<script>.*?</script>", "", html(shown))).text


def test_it_says_first_that_it_is_for_research_use_only_then_the_response_in_words():
    text = text_of()
    assert text.index("For research use only") < text.index("Visit 3 (2024-07-08): PD, progressive disease")
    assert text.index("PD, progressive disease") < text.index("Lesions over time")
    for words in (
        "PR: because of visit 1.",
        "PD: because of visit 2.",
        "of another phase",
        "has changed since the last run",
    ):
        assert words in text


def test_sums_changes_and_noise_are_those_of_the_assessments():
    text, rows = text_of(), timeline().assessments[Criterion.RECIST]
    for one in rows:
        assert f"{one.total:.1f} mm" in text
    assert f"−{abs(rows[1].percent_from_baseline):.1f} %" in text
    assert f"+{rows[2].percent_from_nadir:.1f} %, +{rows[2].change_from_nadir:.1f} mm (visit 2)" in text
    assert "−19 to +20 %" in text


def test_what_hangs_on_a_readers_word_is_said():
    shown = timeline()
    rows = shown.assessments[Criterion.RECIST]
    unsure = replace(rows[2], category=Category.NE, if_confirmed=Category.CR)
    changed = replace(shown, assessments=shown.assessments | {Criterion.RECIST: (*rows[:2], unsure)})
    assert "CR, complete response, once you confirm that what was not found is gone" in text_of(changed)


def test_every_lesion_has_its_state_and_size_at_every_visit():
    text = text_of()
    for lesion in timeline().lesions:
        for seen in lesion.sightings:
            if seen.parts:
                assert f"{seen.long_axis_mm:.1f} × {seen.short_axis_mm:.1f} mm" in text
                assert f"{seen.volume_ml:.1f} ml, slice {seen.parts[0].slice_index}" in text
    for words in (
        "gone (confirmed)",
        "not found, not confirmed",
        "not there yet",
        "target (reader)",
        "halves in 66 days",
    ):
        assert words in text


def test_a_change_is_told_to_be_within_or_beyond_what_readers_differ_by():
    text = text_of()
    assert re.search(r"−21\.\d % from baseline, within reader noise", text)
    assert "−100 % from baseline, beyond reader noise" in text


def test_a_readers_diameter_is_shown_with_the_measured_one():
    shown = timeline()
    seen = replace(shown.lesions[0].sightings[1], long_axis_mm=22.0, by_reader=True)
    lesion = replace(shown.lesions[0], sightings=(shown.lesions[0].sightings[0], seen, shown.lesions[0].sightings[2]))
    text = text_of(replace(shown, lesions=(lesion, *shown.lesions[1:])))
    assert re.search(r"22\.0 × 17\.\d mm \(reader; measured 25\.\d\)", text)


def test_the_look_back_has_its_verdict_contrast_and_probability():
    text = text_of()
    assert "Something darker than the liver was there." in text
    assert "−24 HU against the liver around it (liver ± 9); model's probability 61 %" in text


def test_excluded_lesions_are_apart_and_do_not_count():
    shown = timeline()
    lesions = (*shown.lesions[:2], replace(shown.lesions[2], role=Role.EXCLUDED))
    text = text_of(replace(shown, lesions=lesions))
    assert "3 visits · 2 lesions" in text
    assert "1 that the reader has excluded" in text
    assert pictured_lesions(replace(shown, lesions=lesions)) == list(lesions[:2])


def test_without_dates_visits_are_numbered_and_the_page_says_so():
    text = text_of(timeline(("", "", "")))
    assert "Visit 3: PD" in text
    assert "Dates are not known" in text


def test_without_a_ct_the_page_says_what_its_pictures_are():
    assert "drawings of the segmentation" in html(with_ct=False)
    assert "drawings of the segmentation" not in html()


def test_a_follow_up_without_lesions_has_a_page():
    shown = timeline()
    rows = tuple(replace(one, total=None, percent_from_baseline=None, change_from_nadir=None, percent_from_nadir=None)
                 for one in shown.assessments[Criterion.RECIST])  # fmt: skip
    empty = replace(shown, lesions=(), assessments={Criterion.RECIST: rows})
    assert "No lesion at any visit" in Page(render_followup(empty, record(), [])).text


def test_only_the_first_lesions_are_pictured_targets_and_new_ones_before_others():
    shown = timeline()
    gone = Sighting(State.GONE, volume_ml=0.0)
    more = [replace(shown.lesions[0], id=f"L{n}", role=Role.NON_TARGET, sightings=(gone,) * 3) for n in range(4, 40)]
    chosen = pictured_lesions(replace(shown, lesions=(*more[:18], *shown.lesions, *more[18:])))
    assert len(chosen) == MOST_PICTURED
    assert {"L1", "L2", "L3"} < {lesion.id for lesion in chosen}


def test_the_page_loads_nothing_and_its_policy_allows_its_own_script_alone():
    page = Page(html())
    assert not {"link", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "data"):
            assert (attributes.get(name) or "data:").startswith("data:")
    text = html()
    assert not re.search(r"url\(|@import|https?:", text)
    (script,) = re.findall(r"(?s)<script>(.*?)</script>", text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


@pytest.mark.parametrize("field", ["patient_id", "warnings", "log"])
def test_words_from_elsewhere_are_escaped(field):
    attack = '<img src=x onerror="alert(1)">{{ 7 * 7 }}'
    value = attack if field == "patient_id" else (attack,)
    text = html(replace(timeline(), **{field: value}))
    assert "<img src=x" not in text
    assert "{{ 7 * 7 }}" in text


def test_words_inside_the_charts_are_escaped_too():
    shown = timeline()
    attack = replace(shown.lesions[0], id='"><script>alert(1)</script>')
    text = html(replace(shown, lesions=(attack, *shown.lesions[1:])))
    assert text.count("<script") == 1


def test_names_and_folders_of_a_patient_do_not_get_into_the_page():
    text = render_followup(timeline(), replace(record(), settings={"studies": ["/home/Doe^Jane/ct", "b"]}), pictures())
    assert "Doe" not in text
    assert "studies: ct, b" in text
    assert "/results" not in text


def test_pictures_are_inside_and_decode_and_have_a_text_alternative():
    images = Page(html()).all("img")
    assert len(images) == 9
    for attributes in images:
        head, data = attributes["src"].split(",")
        assert head == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        assert picture.size == (PICTURE_PX, PICTURE_PX)
        assert re.match(r"Lesion L\d, Visit \d \(2024-\d\d-\d\d\): ", attributes["alt"])
