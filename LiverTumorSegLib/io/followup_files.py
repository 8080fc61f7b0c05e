"""The files of a follow-up: the reader's corrections, the visits' results, and the report that a run makes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.output_folder import OutputKind
from LiverTumorSegLib.io.results import RUN
from LiverTumorSegLib.io.text_files import write_json
from LiverTumorSegLib.timeline import FollowUp

CORRECTIONS, VISITS, REPORT = "corrections.json", "visits", "report"
"""What a follow-up's folder holds."""
TIMELINE, PAGE, PICTURE = "followup.json", "followup.html", "followup.png"
VISIT_TABLE, LESION_TABLE = "visits.csv", "lesions.csv"
REPORT_KIND = OutputKind(
    "an earlier follow-up report", RUN, frozenset({TIMELINE, PAGE, PICTURE, VISIT_TABLE, LESION_TABLE, RUN})
)


def write_timeline(folder: Path, timeline: FollowUp) -> None:
    """followup.json, schema 1. Raises ValueError if a number is NaN or infinite."""
    write_json(folder / TIMELINE, timeline.to_json())


def read_timeline(out: Path) -> FollowUp | None:
    """What the last run in a follow-up's folder has found; None where there was none.

    Raises InputError where it cannot be read: lesions would lose their names.
    """
    path = out / REPORT / TIMELINE
    if not path.is_file():
        return None
    try:
        return FollowUp.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            found=f"{path} cannot be used ({error})",
            expected="the follow-up that this program wrote there",
            remedy=f"Move {out / REPORT} elsewhere to begin anew; lesions may get other names",
        ) from error


def read_corrections(out: Path) -> dict[str, Any] | None:
    """The reader's corrections as JSON; None where there are none. Raises InputError where the file is broken."""
    path = out / CORRECTIONS
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise broken_corrections(out, str(error)) from error
    if not isinstance(data, dict):
        raise broken_corrections(out, "no JSON object")
    return data


def broken_corrections(out: Path, reason: str) -> InputError:
    """It is the reader's file: it is never overwritten where it cannot be understood."""
    return InputError(
        found=f"{out / CORRECTIONS} cannot be used ({reason})",
        expected="corrections as this program writes them (schema 1)",
        remedy="Put it right, or move it elsewhere to go on without these corrections",
    )


def write_corrections(out: Path, data: dict[str, Any]) -> None:
    """In one step: the file is the old one or the new one, never half of it."""
    part = out / f".{CORRECTIONS}.{os.getpid()}.partial"
    try:
        write_json(part, data)
        part.replace(out / CORRECTIONS)
    finally:
        part.unlink(missing_ok=True)
