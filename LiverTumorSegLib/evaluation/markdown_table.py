"""Tables in Markdown whose columns are aligned, so that they can be read in a terminal too."""

from __future__ import annotations

from LiverTumorSegLib.evaluation.spread import Spread

ABSENT = "-"


def markdown_table(header: list[str], rows: list[list[str]], nothing: str = "No cases.") -> str:
    """nothing: what to say instead where there are no rows."""
    if not rows:
        return nothing
    widths = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header))]
    lines = [header, ["-" * max(3, width) for width in widths], *rows]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def mean_sd(spread: Spread | None) -> str:
    """0.778 ± 0.106; without a deviation where there is one value only, a dash where there is none."""
    if spread is None:
        return ABSENT
    return f"{spread.mean:.3f}" + ("" if spread.sd is None else f" ± {spread.sd:.3f}")
