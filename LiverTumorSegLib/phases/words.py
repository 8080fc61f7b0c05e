"""What was found of the phases, in the words of page and terminal."""

from __future__ import annotations

from LiverTumorSegLib.phases.comparison import PASS_PERCENT, WARN_PERCENT, Comparison, Verdict
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.phases.recognise import Basis, Recognised

NONE = "-"


def signed_percent(value: float | None) -> str:
    """To 0.1 %; a value that rounds to nothing has no sign."""
    if value is None:
        return NONE
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def hu_text(value: float | None) -> str:
    """To whole HU."""
    return NONE if value is None else f"{value:.0f}"


def sure_text(share: float) -> str:
    """A confidence or likelihood in whole percent; nothing is ever quite sure."""
    return "> 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")


def basis_text(found: Recognised) -> str:
    """How sure the phase is, and what says so."""
    if found.basis is Basis.IMAGE:
        return f"by the image, confidence {sure_text(found.confidence)}"
    if found.basis is Basis.HEADER:
        return "by the header alone; the image does not tell"
    return "neither the image nor the header tells"


def header_text(found: Recognised) -> str:
    """What the header names, with its own words; "" where it names nothing."""
    header = found.header
    if header.phase is ContrastPhase.UNKNOWN:
        return ""
    if header.text:
        return f"{header.phase} ({header.field}: {header.text!r})"
    return f"{header.phase} ({header.word} after the injection began)"


def verdict_text(comparison: Comparison) -> str:
    """The comparison of the liver's volumes in one sentence."""
    largest, spread = comparison.liver.largest_percent, comparison.liver.spread_percent
    if comparison.verdict is Verdict.NOT_EVALUABLE or largest is None or spread is None:
        return "The liver's volume cannot be compared: fewer than two phases show a whole liver."
    limits = {
        Verdict.PASS: f"at most {PASS_PERCENT:g} %",
        Verdict.WARN: f"more than {PASS_PERCENT:g} %, at most {WARN_PERCENT:g} %",
        Verdict.REVIEW: f"more than {WARN_PERCENT:g} %",
    }
    return (
        f"{comparison.verdict}: the liver's volume deviates by up to {largest:.1f} % from the mean of the phases "
        f"({limits[comparison.verdict]}); largest minus smallest {spread:.1f} %."
    )
