"""From a follow-up in a scene to a run, and from the run's numbers back into the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from LiverTumorSegLib.workbench.follow_up_run import FollowUpRun
from LiverTumorSegLib.workbench.follow_up_visits import VisitFiles
from LiverTumorSegLib.workbench.follow_up_wish import TrackWish, sources_of


def run_of(
    follow_up: Any,
    files: VisitFiles,
    python: Sequence[str],
    *,
    output: Path | None = None,
    other_patient: bool = False,
) -> FollowUpRun:
    """A run on what is chosen now, not started yet; its numbers go into the scene when they come.

    What was changed while it ran leaves the numbers outdated. Raises InputError for a visit that cannot be used.
    """
    wish = TrackWish(follow_up.corrections, follow_up.baseline, output, other_patient, follow_up.timeline)
    changes = follow_up.changes
    return FollowUpRun(sources_of(follow_up), wish, files, python, lambda run: take_numbers(follow_up, run, changes))


def take_numbers(follow_up: Any, run: FollowUpRun, changes: int) -> None:
    """Show a run's numbers; changes: how often something had been changed when it began."""
    from LiverTumorSegLib.mrml.followup_nodes import keep_keys, mark_follow_up_outdated, show_timeline

    if follow_up.scene is None or run.timeline is None:
        return
    changed = follow_up.changes != changes
    keep_keys(follow_up, run.keys)
    if not changed:
        follow_up.keep_corrections(replace(follow_up.corrections, baseline=run.corrections.baseline))
    show_timeline(follow_up, run.timeline)
    if changed:
        mark_follow_up_outdated(follow_up)


def mask_changed(result: Any) -> None:
    """The mask of a result is another one: a follow-up that it is a visit of is outdated."""
    from LiverTumorSegLib.mrml.followup import follow_up_in
    from LiverTumorSegLib.mrml.followup_nodes import mark_follow_up_outdated

    follow_up = follow_up_in(result.scene)
    if follow_up is None or follow_up.is_outdated or follow_up.timeline is None:
        return
    if any(entry.is_used and follow_up.segmentation_of(entry) is result.segmentation for entry in follow_up.entries):
        mark_follow_up_outdated(follow_up)
