"""The gateway's own pages: one file each, without script, font or picture."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(template: str, **facts: str) -> str:
    """The page as text; facts are escaped."""
    return _templates().get_template(template).render(**facts)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("LiverTumorSegLib.web.gateway", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
