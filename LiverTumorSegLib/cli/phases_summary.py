"""A comparison of phases as the terminal shows it, and as facts for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.phases_output import PAGE, Done
from LiverTumorSegLib.phases.comparison import Comparison
from LiverTumorSegLib.phases.words import NONE, header_text, hu_text, signed_percent, sure_text, verdict_text


def phases_facts(done: Done) -> dict[str, Any]:
    """For --progress json: where the report is (None without a page), and all of phases.json."""
    page = done.folder / PAGE
    return {
        "folder": str(done.folder),
        "report": str(page) if page.is_file() else None,
        "phases": done.comparison.to_json(),
        "warnings": list(done.run.warnings),
        "timings_s": done.run.timings_s,
    }


def phases_summary(comparison: Comparison, folder: Path, run: RunRecord) -> str:
    """A row for each phase, the verdict, warnings, and where the report is."""
    head = (
        f"{'phase':18s} {'sure':>6} {'liver ml':>9} {'%':>6}  {'verdict':13s} {'tumor ml':>9}  "
        f"{'aorta':>5} {'portal':>6} {'hepatic':>7} {'liver':>5}  header"
    )
    lines = [head, *(_row(comparison, n) for n in range(len(comparison.phases)))]
    lines += [
        f"Left out: {title}: {phase.left_out}."
        for title, phase in zip(comparison.titles, comparison.phases, strict=True)
        if phase.left_out
    ]
    text = verdict_text(comparison)
    lines += ["", text[:1].upper() + text[1:], *(f"Warning: {warning}" for warning in comparison.warnings)]
    place = f"report: {folder / PAGE}" if (folder / PAGE).is_file() else f"result: {folder}"
    return "\n".join([*lines, "", f"{run.timings_s['total']:.1f} s; {place}"])


def _row(comparison: Comparison, n: int) -> str:
    phase = comparison.phases[n]
    found, seen = phase.recognised, phase.recognised.evidence
    portal = seen.portal_vein if seen.portal_vein is not None else seen.vessel
    sure = NONE if seen.liver is None else sure_text(found.confidence)
    return (
        f"{comparison.titles[n]:18s} {sure:>6} {phase.liver_ml:9.1f} "
        f"{signed_percent(comparison.liver.percent[n]):>6}  {comparison.verdicts[n]:13s} {phase.tumor_ml:9.1f}  "
        f"{hu_text(seen.aorta):>5} {hu_text(portal):>6} {hu_text(seen.hepatic_vein):>7} {hu_text(seen.liver):>5}  "
        f"{header_text(found)}"
    ).rstrip()
