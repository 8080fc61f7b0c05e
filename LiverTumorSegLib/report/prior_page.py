"""report/index.html of a clinical prior: one file without script, font or picture from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.clinical.prior import Prior
from LiverTumorSegLib.clinical.regressions import TITLES
from LiverTumorSegLib.report.chart import linear_axis
from LiverTumorSegLib.report.chart_svg import chart_svg
from LiverTumorSegLib.report.pages import page_environment
from LiverTumorSegLib.report.prior_charts import agreement_charts, curve_chart
from LiverTumorSegLib.report.prior_markdown import weights_text
from LiverTumorSegLib.report.prior_words import (
    better_models,
    chance_text,
    count_text,
    headline,
    interval_text,
    is_better_than_mean,
    number_text,
    outcome_text,
    published_text,
    r_text,
    target_title,
    verdict,
)
from LiverTumorSegLib.report.row_chart import Row, RowChart, row_chart_svg

_TEMPLATE = "prior.html"
_MOST_BARS = 24


def write_prior_page(path: Path, prior: Prior, run: RunRecord) -> None:
    """Write the page (UTF-8). The caller sees to it that a failed write leaves nothing behind."""
    path.write_text(render_prior(prior, run), encoding="utf-8")


def render_prior(prior: Prior, run: RunRecord) -> str:
    """The page as text; whatever comes from a table is escaped. run.source: as the command writes it."""
    return _template().render(
        prior=prior,
        run=run,
        target=target_title(prior),
        headline=headline(prior),
        verdict=verdict(prior),
        is_better=is_better_than_mean(prior),
        outcome=outcome_text(prior),
        better=better_models(prior),
        chance=chance_text(prior),
        count=count_text(prior),
        published=published_text(prior),
        titles=TITLES,
        agreement=[(chart, Markup(chart_svg(chart))) for chart in agreement_charts(prior)],
        curve=Markup(chart_svg(curve_chart(prior))),
        models=Markup(row_chart_svg(models_chart(prior))),
        weights=Markup(row_chart_svg(weights_chart(prior))),
        hidden=max(0, sum(len(one.terms) for one in prior.contributions) - _MOST_BARS),
        unobserved=sum(one.observed is None for one in prior.predictions),
    )


def models_chart(prior: Prior) -> RowChart:
    """r of each model: of new patients with its interval, and in-sample (hollow)."""
    rows = []
    for one in prior.models:
        new, fitted = one.cross_validated.r, one.in_sample.r
        if new.value is not None:
            text = f"{TITLES[one.model]}: new patients {r_text(new.value)} ({interval_text(new, is_r=True)}), "
            rows.append(
                Row(
                    TITLES[one.model],
                    new.value,
                    f"{text}in-sample {r_text(fitted.value)}",
                    new.low,
                    new.high,
                    fitted.value,
                )
            )
    ends = [value for row in rows for value in (row.low or 0.0, row.high or 0.0, row.other or 0.0)]
    axis = linear_axis([*ends, 1.0], "Pearson's r", from_zero=True)
    return RowChart("Pearson's r of the models", f"{len(rows)} models.", axis, tuple(rows), is_bars=False)


def weights_chart(prior: Prior) -> RowChart:
    """A bar for each weight of the final model, columns by contribution."""
    rows = [
        Row(
            one.column if term.level is None else f"{one.column}: {term.level}",
            term.weight,
            f"{one.column}: weight {number_text(term.weight)}, chosen in {100 * one.chosen:.0f} % of the fits",
            number=0 if term.weight >= 0 else 1,
        )
        for one in prior.contributions
        for term in one.terms
    ][:_MOST_BARS]
    axis = linear_axis(
        [row.value or 0.0 for row in rows],
        f"change of {target_title(prior)} for one standard deviation",
        from_zero=True,
    )
    return RowChart("Weights of the final model", f"{len(rows)} weights.", axis, tuple(rows), is_bars=True)


@cache
def _template() -> Template:
    environment = page_environment()
    environment.filters["number"] = number_text
    environment.filters["r"] = r_text
    environment.filters["interval"] = interval_text
    environment.filters["weights"] = weights_text
    return environment.get_template(_TEMPLATE)
