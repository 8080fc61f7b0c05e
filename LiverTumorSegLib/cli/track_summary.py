"""A follow-up as the terminal shows it, and as facts for programs."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.cli.track_output import Done
from LiverTumorSegLib.report.followup_words import confirmed_text, percent_text, size_mm, state_text
from LiverTumorSegLib.timeline import Assessment, Criterion, FollowUp, Sighting, TrackedLesion

ROWS = 15
"""Lesions of the table; all are in the report."""
_PLAIN = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"})
_NONE = "-"


def track_facts(done: Done) -> dict[str, Any]:
    """For --progress json: where the report is, and all of followup.json. report: None where there is no page."""
    return {
        "folder": str(done.folder),
        "report": None if done.page is None else str(done.page),
        "followup": done.timeline.to_json(),
        "warnings": list(done.timeline.warnings),
        "timings_s": done.run.timings_s,
    }


def track_summary(done: Done) -> str:
    """Visits with their responses, lesions with states and diameters, log and warnings, and where the report is."""
    timeline = done.timeline
    lines = [*_visits(timeline), "", *_lesions(timeline)]
    if timeline.log:
        lines += ["", *timeline.log]
    if timeline.warnings:
        lines += ["", *(f"Warning: {warning}" for warning in timeline.warnings)]
    place = f"report: {done.page}" if done.page is not None else f"result: {done.folder}"
    return "\n".join([*lines, "", f"{done.run.timings_s['total']:.1f} s; {place}"]).translate(_PLAIN)


def _visits(timeline: FollowUp) -> list[str]:
    row = timeline.assessments[Criterion.RECIST]
    head = f"{'visit':>5}  {'date':10s} {'phase':14s} {'sum mm':>7} {'baseline':>9} {'nadir':>9}  {Criterion.RECIST}"
    lines = [head]
    for number, (visit, one) in enumerate(zip(timeline.visits, row, strict=True)):
        total = _NONE if one.total is None else f"{one.total:.1f}"
        changes = f"{percent_text(one.percent_from_baseline):>9} {percent_text(one.percent_from_nadir):>9}"
        date, phase = visit.date or _NONE, visit.phase or _NONE
        lines.append(f"{number + 1:5d}  {date:10s} {phase:14s} {total:>7} {changes}  {_why(one)}".rstrip())
    return lines


def _why(one: Assessment) -> str:
    later = confirmed_text(one)
    return f"{one.reason} ({later})" if later else one.reason


def _lesions(timeline: FollowUp) -> list[str]:
    if not timeline.lesions:
        return ["No lesion at any visit."]
    columns = "".join(f" {f'visit {number + 1}':>20}" for number in range(len(timeline.visits)))
    head = f"{'lesion':6} {'role':11} {'segment':8}{columns}   (longest diameter in mm)"
    more = [f"and {len(timeline.lesions) - ROWS} more in the report"] if len(timeline.lesions) > ROWS else []
    return [head, *(_lesion(lesion) for lesion in timeline.lesions[:ROWS]), *more]


def _lesion(lesion: TrackedLesion) -> str:
    cells = "".join(f" {_seen(seen):>20}" for seen in lesion.sightings)
    return f"{lesion.id:6} {lesion.role:11} {lesion.segments or _NONE:8}{cells}"


def _seen(seen: Sighting) -> str:
    size = size_mm(seen)
    if not seen.parts and size is None:
        return str(state_text(seen)) if len(state_text(seen)) <= 20 else str(seen.state)
    return f"{seen.state} {_NONE if size is None else f'{size:.1f}'}{'*' * seen.by_reader}"
