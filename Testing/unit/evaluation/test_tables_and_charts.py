"""Tables and pictures show the numbers that went in."""

from __future__ import annotations

import numpy as np
import pytest
from scored_cases import case, lesion, scored

from LiverTumorSegLib.evaluation.charts import lesions_chart, scores_chart
from LiverTumorSegLib.evaluation.panel import Panel, Sheet, paler
from LiverTumorSegLib.evaluation.summary import summarize
from LiverTumorSegLib.evaluation.tables import markdown

CASES = [
    case(
        "patient|1",
        "never-seen",
        scored("liver", 0.95, 0.99),
        scored("tumor", 0.7, 0.8),
        expert=[lesion(12, hit=True), lesion(40, hit=False)],
        found=[lesion(11, hit=False, ml=0.42)],
    ),
    case("patient2", "never-seen", scored("liver", 0.85, 0.89)),
    case("patient3", "trained-on", scored("liver", 1.0, 1.0), scored("vessel", 0.5, 0.6)),
]


def cells(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(start))
    return [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]


def test_the_report_holds_means_cases_strata_and_false_lesions():
    text = markdown(CASES, summarize(CASES), ["scores.png"])
    assert cells(text, "| never-seen | liver") == [
        "never-seen", "liver", "2", "0.900 ± 0.071", "0.900", "0.900", "0.940 ± 0.071", "0.940", "7 mm",
    ]  # fmt: skip
    assert cells(text, "| trained-on | vessel")[2:4] == ["1", "0.500"]
    assert cells(text, "| patient\\|1 | never-seen") == [
        "patient/1", "never-seen", "0.950", "0.990", "-", "-", "0.700", "0.800", "1 of 2", "1", "0.42",
    ]  # fmt: skip
    assert cells(text, "| patient2")[6:] == ["-"] * 5
    assert cells(text, "| 10 to 20 mm") == [
        "10 to 20 mm",
        "1.00 (1 of 1)",
        "0.21 to 1.00",
        "0.00 (0 of 1)",
        "0.00 to 0.79",
    ]
    assert cells(text, "| patient\\|1 | 0.42")[1:4] == ["0.42", "11.0", "10"]
    assert "![scores.png](scores.png)" in text


def test_every_table_has_as_many_cells_in_each_line():
    text = markdown(CASES, summarize(CASES))
    for block in text.replace("\\|", "/").split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_without_tumors_the_report_says_so_and_has_no_lesion_picture():
    groups = summarize([CASES[1]])
    assert "No tumors are judged." in markdown([CASES[1]], groups)
    assert lesions_chart(groups) is None


def test_a_dot_lies_where_its_score_is():
    color = (214, 120, 20)
    sheet = Sheet(200, 240)
    panel = Panel(sheet, 40, 20, 180, 220, 1, 1)
    sheet.dot(panel.x(0, 0), panel.y(0.25), 5, color)
    rows, columns = np.nonzero((np.asarray(sheet.finished()) == color).all(axis=2))
    assert rows.mean() == pytest.approx(220 - 0.25 * 200, abs=1)
    assert columns.mean() == pytest.approx(110, abs=1)


def test_a_bar_is_as_high_as_the_sensitivity():
    lesions = [lesion(30, hit=number < 3) for number in range(4)]
    image = np.asarray(lesions_chart(summarize([case("a", "never-seen", scored("tumor", 0.5), expert=lesions)])))
    filled = (image[:450] == paler((0, 98, 160), 0.45)).all(axis=2)
    top, bottom, full = np.flatnonzero(filled.any(axis=1))[0], 390, 60
    assert (bottom - top) / (bottom - full) == pytest.approx(0.75, abs=0.01)


def test_groups_have_their_own_colors_and_structures_their_own_places():
    groups = summarize(CASES)
    image = np.asarray(scores_chart(CASES, groups))
    assert image.shape == (520, 1240, 3)
    vessel = image[60:410, 240:420]  # of the left panel, in which the vessel has the middle third
    assert (vessel == (120, 120, 124)).all(axis=2).any()
    assert not (vessel == (0, 98, 160)).all(axis=2).any()
