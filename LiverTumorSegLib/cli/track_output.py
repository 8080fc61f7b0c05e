"""From studies to the finished follow-up; nothing half-made is left behind where it fails or is cancelled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from LiverTumorSegLib import __version__
from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.cli.track_choice import TrackChoice
from LiverTumorSegLib.cli.track_names import Names
from LiverTumorSegLib.cli.track_studies import CtShelf, VisitJob, read_examinations, segmented
from LiverTumorSegLib.cli.track_wishes import corrected
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.track import Tracked, follow_up
from LiverTumorSegLib.followup.visits import in_order
from LiverTumorSegLib.io.followup_files import (
    LESION_TABLE,
    PAGE,
    PICTURE,
    REPORT,
    REPORT_KIND,
    VISIT_TABLE,
    VISITS,
    broken_corrections,
    read_corrections,
    read_timeline,
    write_corrections,
    write_timeline,
)
from LiverTumorSegLib.io.followup_tables import lesions_table, visits_table
from LiverTumorSegLib.io.output_folder import output_folder
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import is_result, write_run
from LiverTumorSegLib.io.text_files import write_csv
from LiverTumorSegLib.progress import Progress, ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.publish import versions
from LiverTumorSegLib.report.followup_overview import followup_overview
from LiverTumorSegLib.report.followup_page import pictured_lesions, write_followup_page
from LiverTumorSegLib.report.followup_pictures import LesionPicture, lesion_pictures
from LiverTumorSegLib.settings import Contents
from LiverTumorSegLib.timeline import FollowUp
from LiverTumorSegLib.timing import peak_memory_mib

SEGMENTING = 0.8
"""Share of a run that is spent with CTs, where there are some to segment."""


@dataclass(frozen=True, eq=False)
class Done:
    """What was written. folder: of the report. page: None where only data were asked for."""

    timeline: FollowUp
    run: RunRecord
    folder: Path
    page: Path | None


def track_to_folder(out: Path, choice: TrackChoice, job: Job) -> Done:
    """Segment what is a CT, follow up, and write the report; then keep what the reader has put right.

    Raises InputError for studies that do not belong together, and for corrections that nothing is known by.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    old, earlier = _corrections(out), read_timeline(out)
    with _report_folder(out, job) as folder:
        examinations, shelf, progress = _examinations(out, choice, job)
        wanted = _wanted(old, choice, examinations, earlier)
        tracked = _tracked(examinations, wanted, choice, earlier, progress)
        timeline = _with_warnings(tracked.timeline, shelf.warnings)
        run = _record(choice, started, tracked.examinations)
        pictures = _pictures(tracked, choice, progress)
        with progress.stage("report", 0.9, 1.0, "Writing the report") as report:
            _write_data(folder, timeline)
            if choice.contents is Contents.ALL:
                _write_for_people(folder, timeline, _timed(run, progress), pictures, report)
            report(ProgressEvent("report", 1.0))
        run = _timed(run, progress)
        write_run(folder, run)
    if wanted != old:
        write_corrections(out, wanted.to_json())
    written = out / REPORT
    return Done(timeline, run, written, written / PAGE if choice.contents is Contents.ALL else None)


@contextmanager
def _report_folder(out: Path, job: Job) -> Iterator[Path]:
    """The report's temporary folder; should the process have to end at once, empty folders of ours go too."""
    made = [path for path in (out / VISITS, out, *out.absolute().parents) if not path.exists()]

    def clean_up(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        for path in made:
            with suppress(OSError):  # somebody has put something into it
                path.rmdir()

    with output_folder(out / REPORT, REPORT_KIND) as folder, job.cleaned_up_by(partial(clean_up, folder)):
        yield folder


def _corrections(out: Path) -> Corrections:
    """Raises InputError where the file is broken: it is the reader's, and stays as it is."""
    data = read_corrections(out)
    if data is None:
        return Corrections()
    try:
        return Corrections.from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken_corrections(out, f"{type(error).__name__}: {error}") from error


def _examinations(out: Path, choice: TrackChoice, job: Job) -> tuple[list[Examination], CtShelf, Progress]:
    """What is read or made of the studies, and the progress of what follows."""
    shelf = CtShelf()
    start = SEGMENTING if any(not is_result(path) for path in choice.studies) else 0.0
    progress = Progress(part_of(job.report, start, 1.0))
    with progress.clock.stage("segment"):
        folders = segmented(choice, out, shelf, VisitJob(job, 0.0, start))
    with progress.stage("read", 0.0, 0.25, "Reading") as report:
        for path in choice.cts:
            report(ProgressEvent("read", 0.0, path.name))
            shelf.add(path, read_study(path))
        return read_examinations(folders, shelf, report), shelf, progress


def _wanted(
    old: Corrections, choice: TrackChoice, examinations: list[Examination], earlier: FollowUp | None
) -> Corrections:
    if choice.wishes.are_none:
        return old
    ordered = in_order(examinations, choice.dates, choice.track)
    return corrected(old, choice.wishes, Names(ordered.examinations, earlier))


def _tracked(
    examinations: list[Examination],
    corrections: Corrections,
    choice: TrackChoice,
    earlier: FollowUp | None,
    progress: Progress,
) -> Tracked:
    with progress.stage("track", 0.25, 0.7, "Following lesions") as report:
        return follow_up(examinations, corrections, choice.track, choice.dates, earlier, report)


def _pictures(tracked: Tracked, choice: TrackChoice, progress: Progress) -> list[LesionPicture]:
    if choice.contents is Contents.DATA:
        return []
    with progress.stage("pictures", 0.7, 0.9, "Drawing pictures") as report:
        return lesion_pictures(tracked.examinations, pictured_lesions(tracked.timeline), report)


def _with_warnings(timeline: FollowUp, more: list[str]) -> FollowUp:
    return replace(timeline, warnings=tuple(dict.fromkeys((*timeline.warnings, *more))))


def _write_data(folder: Path, timeline: FollowUp) -> None:
    write_timeline(folder, timeline)
    write_csv(folder / VISIT_TABLE, visits_table(timeline))
    write_csv(folder / LESION_TABLE, lesions_table(timeline))


def _write_for_people(
    folder: Path, timeline: FollowUp, run: RunRecord, pictures: list[LesionPicture], report: ProgressCallback
) -> None:
    report(ProgressEvent("report", 0.1))
    followup_overview(timeline, pictures).save(folder / PICTURE, compress_level=4)
    report(ProgressEvent("report", 0.6))
    write_followup_page(folder / PAGE, timeline, run, pictures)


def _record(choice: TrackChoice, started: str, examinations: tuple[Examination, ...]) -> RunRecord:
    visits: list[dict[str, Any]] = [
        {"key": one.key, "result": one.result, "study": one.source.to_json()} for one in examinations
    ]
    return RunRecord(
        command="track",
        version=__version__,
        started=started,
        settings=choice.told,
        model={},
        source={"visits": visits},
        versions=versions(),
    )


def _timed(run: RunRecord, progress: Progress) -> RunRecord:
    timings = progress.clock.seconds() | {"total": progress.clock.total()}
    return replace(run, timings_s=timings, peak_memory_mib=round(peak_memory_mib()))
