"""followup.html in a real browser: its script runs under its own policy, nothing is asked for, nothing overflows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from followup_pages import examinations, record, timeline
from playwright.sync_api import Browser, Page

from LiverTumorSegLib.report.followup_page import write_followup_page
from LiverTumorSegLib.report.followup_pictures import lesion_pictures


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "followup.html"
    write_followup_page(path, timeline(), record(), lesion_pictures(examinations(), timeline().lesions))
    return path


@contextmanager
def opened(chromium: Browser, path: Path, *, width: int = 1100, script: bool = True) -> Iterator[Page]:
    """The page; in the end nothing was requested but the file, and nothing went wrong."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url.split(":")[0]))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    yield page
    assert asked[0] == "file"
    assert set(asked[1:]) <= {"data"}
    assert errors == []
    context.close()


def test_one_sum_is_shown_at_a_time_and_the_buttons_change_it(chromium, page_file):
    with opened(chromium, page_file) as page:
        shown = page.locator("figure[data-sum]:visible")
        assert shown.count() == 1
        assert shown.get_attribute("data-sum") == "sum-recist"
        page.get_by_role("button", name="Volume", exact=True).click()
        assert shown.get_attribute("data-sum") == "sum-volume"
        pressed = page.locator(".chips button[aria-pressed=true]")
        assert pressed.all_inner_texts() == ["Volume"]


def test_a_lesion_is_taken_out_of_all_charts_and_put_back(chromium, page_file):
    with opened(chromium, page_file) as page:
        lines = page.locator('g.series[data-key="L1"]')
        count = lines.count()
        assert count == 4  # line and name in two charts
        button = page.get_by_role("button", name="L1, VIII, target")
        button.click()
        assert page.locator('g.series[data-key="L1"]:visible').count() == 0
        assert page.locator('g.series[data-key="L2"]:visible').count() > 0
        assert button.get_attribute("aria-pressed") == "false"
        button.press("Enter")
        assert page.locator('g.series[data-key="L1"]:visible').count() == count


def test_the_words_of_a_mark_appear_under_the_pointer_and_by_keyboard(chromium, page_file):
    with opened(chromium, page_file) as page:
        mark, readout = page.locator("figure[data-sum=sum-recist] .mark").nth(2), page.locator(".readout")
        assert readout.is_hidden()
        mark.hover()
        assert readout.inner_text() == "2024-07-08: 33.3 mm, −35.1 % from baseline, PD"
        over, at = readout.bounding_box(), mark.bounding_box()
        assert over["x"] >= 0
        assert over["x"] + over["width"] <= 1100
        assert over["y"] + over["height"] <= at["y"] + 1
        page.keyboard.press("Escape")
        assert readout.is_hidden()
        mark.focus()
        assert "33.3 mm" in readout.inner_text()


def test_without_its_script_every_chart_is_there_with_its_titles(chromium, page_file):
    with opened(chromium, page_file, script=False) as page:
        assert page.locator("figure[data-sum]:visible").count() == 2
        assert page.locator(".chips").count() == 0
        assert page.locator("svg.chart .mark title").count() > 15


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_is_never_wider_than_the_window(chromium, page_file, width):
    with opened(chromium, page_file, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("figure[data-sum=sum-recist] .mark").last.scroll_into_view_if_needed()
        page.locator("figure[data-sum=sum-recist] .mark").last.hover()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
