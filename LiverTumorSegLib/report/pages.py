"""What all pages have in common: where their templates are, and how numbers are written."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def page_environment() -> Environment:
    """Whatever a template shows is escaped; a name that it does not know is an error. Filter ``one``: to 0.1."""
    environment = Environment(
        loader=PackageLoader("LiverTumorSegLib.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["one"] = lambda value: f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
    return environment
