"""The page and the Markdown of a clinical prior show its numbers, the honest ones first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clinical_tables import QUICK, noise_cases
from html_page import Page

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.clinical.columns import Table
from LiverTumorSegLib.clinical.prior import Contribution, ModelScores, Prior, TermWeight
from LiverTumorSegLib.clinical.regressions import Model
from LiverTumorSegLib.clinical.scores import Estimate, Scores
from LiverTumorSegLib.clinical.study import Target, fit_prior
from LiverTumorSegLib.report.prior_charts import agreement_charts, curve_chart
from LiverTumorSegLib.report.prior_markdown import prior_markdown, weights_text
from LiverTumorSegLib.report.prior_page import models_chart, render_prior, weights_chart
from LiverTumorSegLib.report.prior_words import better_models, headline, number_text, published_text, r_text, verdict
from LiverTumorSegLib.report.row_chart import row_chart_svg

RUN = RunRecord(
    command="prior",
    version="1.2.3",
    started="2025-01-01",
    settings={"model": "top-n", "columns": {"exclude": ("age", "sex"), "outcome": False}},
    model={},
    source={"name": "t<b>.csv", "sheet": "", "sha256": "ab" * 32, "patients": 40, "columns": 15},
    warnings=("a < b",),
)


@pytest.fixture(scope="module")
def prior() -> Prior:
    """Of noise: what it predicts is worth nothing."""
    cases = noise_cases()
    ids = tuple(f"<p{n}>" for n in range(40))
    values = np.where(np.arange(40) < 36, cases.target, np.nan)
    return fit_prior(Table(ids, cases.columns, {"TTP": "known <after>"}, ("x | y",)), Target("size", values), QUICK)


def scored(model: Model, r: float, mse: float) -> ModelScores:
    left_out = Scores(Estimate(r, r - 0.1, r + 0.1), Estimate(mse, mse, mse), Estimate(1.0))
    return ModelScores(model, Scores(Estimate(0.9), Estimate(0.5), Estimate(0.5)), left_out)


def with_scores(prior: Prior, top: float, mean: float, ridge: float, forest: float, r: float = 0.5) -> Prior:
    pairs = ((Model.MEAN, mean), (Model.TOP_N, top), (Model.RIDGE, ridge), (Model.FOREST, forest))
    return replace(prior, models=tuple(scored(model, r, mse) for model, mse in pairs))


def test_the_page_holds_numbers_and_charts_and_nothing_from_elsewhere(prior):
    html = render_prior(prior, RUN)
    page = Page(html)
    assert "<p0>" not in html
    assert "t<b>" not in html
    assert "36 patients with a value, 4 predicted without one" in page.text
    assert headline(prior) in page.text
    assert r_text(prior.own.cross_validated.r.value) in page.text
    assert "known <after>" in page.text
    assert "exclude: age, sex" in page.text
    assert len(page.all("svg")) == 5
    assert "http" not in html.replace("http-equiv", "")
    assert not page.all("script")


def test_sentences_say_what_the_numbers_are_worth(prior):
    good = with_scores(prior, top=1.0, mean=2.0, ridge=1.5, forest=1.2)
    assert (
        verdict(good)
        == "Better than no prior at all on new patients (MSE 1.00, against 2.00 of the mean of the others)."
    )
    assert better_models(good) == ""
    assert "may be chance" in verdict(with_scores(prior, top=1.0, mean=2.0, ridge=1.5, forest=1.2, r=0.05))
    bad = with_scores(prior, top=3.0, mean=2.0, ridge=1.5, forest=1.2)
    assert verdict(bad).startswith("No better than no prior at all")
    assert better_models(bad).endswith("of the equations it is --model ridge (1.50).")
    assert better_models(with_scores(prior, top=3.0, mean=2.0, ridge=1.5, forest=1.7)).endswith(
        "(1.50): --model ridge."
    )


def test_the_papers_number_stands_beside_the_in_sample_one(prior):
    text = published_text(prior)
    top = prior.scores_of(Model.TOP_N)
    assert (
        "comparable with the in-sample number of the top-n regression here "
        f"(in-sample r = {r_text(top.in_sample.r.value)}" in text
    )
    assert f"not with the cross-validated one ({r_text(top.cross_validated.r.value)})" in text


def test_tables_of_the_markdown_have_as_many_cells_in_each_line(prior):
    text = prior_markdown(prior, RUN).replace("\\|", "/")
    assert "- x / y" in text
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 3
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_charts_show_every_patient_and_number(prior):
    honest, fitted = agreement_charts(prior)
    assert (honest.x, honest.y) == (fitted.x, fitted.y)
    marks = [mark for mark in honest.series[0].marks if mark is not None]
    assert [(mark.x, mark.y) for mark in marks] == [(one.observed, one.predicted) for one in prior.predictions[:36]]
    assert all(len(run) == 1 for run in honest.series[0].runs), "patients are not joined by lines"
    curve = curve_chart(prior)
    assert [len(series.marks) for series in curve.series] == [len(prior.columns)] * 3
    assert not any("paper" in line.text for line in curve.references), "another target than the paper's"
    assert any("0.820" in line.text for line in curve_chart(replace(prior, target="tlvr")).references)


def test_weights_point_to_their_side_of_zero(prior):
    two = (TermWeight("B", -2.0), TermWeight("C", 1.0))
    made = replace(
        prior,
        contributions=(Contribution("virus", 1.0, 0.5, two), Contribution("age", 0.1, 1.0, (TermWeight(None, 0.1),))),
    )
    chart = weights_chart(made)
    assert [(row.name, row.value, row.number) for row in chart.rows] == [
        ("virus: B", -2.0, 1), ("virus: C", 1.0, 0), ("age", 0.1, 0),
    ]  # fmt: skip
    bars = Page(row_chart_svg(chart)).all("rect")
    zero = float(bars[1]["x"])
    assert float(bars[0]["x"]) + float(bars[0]["width"]) == pytest.approx(zero, abs=0.2)
    assert float(bars[0]["width"]) == pytest.approx(2 * float(bars[1]["width"]), abs=0.2)
    assert [weights_text(one) for one in made.contributions] == ["B −2.00, C +1.00", "+0.100"]


def test_models_without_a_correlation_have_no_row(prior):
    chart = models_chart(prior)
    assert len(chart.rows) == len(Model) - 1
    assert all(row.low <= row.value <= row.high for row in chart.rows)


def test_numbers_keep_their_digits():
    assert [number_text(value) for value in (18.0, 0.0123456, 617.2, -3.3, None)] == [
        "18.0",
        "0.0123",
        "617",
        "−3.30",
        "-",
    ]
    assert [r_text(value) for value in (-0.001, 0.5, None)] == ["0.00", "0.50", "-"]
