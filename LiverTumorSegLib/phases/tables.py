"""phases.csv: one row for each phase."""

from __future__ import annotations

from LiverTumorSegLib.phases.comparison import Comparison

Row = list[str | float | None]
_HU = ("aorta", "portal_vein", "hepatic_vein", "vessel", "liver", "kidney", "cortex_medulla")


def phases_table(comparison: Comparison) -> tuple[list[str], list[Row]]:
    """Column names with units, and rows in the order of time; unrounded."""
    names = sorted({segment.name for phase in comparison.phases for segment in phase.segments})
    header = [
        *("phase", "confidence", "basis", "header_word", "series", "time", "liver_ml", "liver_deviation_percent"),
        *("verdict", "tumor_ml", "tumor_deviation_percent"),
        *(f"{name}_hu" for name in _HU),
        *(f"segment_{name}_ml" for name in names),
        *("left_out", "key"),
    ]
    return header, [_row(comparison, n, names) for n in range(len(comparison.phases))]


def _row(comparison: Comparison, n: int, names: list[str]) -> Row:
    phase = comparison.phases[n]
    found = phase.recognised
    volumes = {segment.name: segment.volume_ml for segment in phase.segments}
    return [
        *(comparison.titles[n], found.confidence, str(found.basis), found.header.word, phase.series, phase.time),
        *(phase.liver_ml, comparison.liver.percent[n], str(comparison.verdicts[n])),
        *(phase.tumor_ml, comparison.tumor.percent[n]),
        *(getattr(found.evidence, name) for name in _HU),
        *(volumes.get(name) for name in names),
        *(phase.left_out, phase.key),
    ]
