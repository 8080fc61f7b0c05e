"""One follow-up: visits go out as result folders, ``livertumorseg track`` runs as a child, its numbers come back.

Polled, without Qt. It reads the scene when a visit is written and changes nothing in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from LiverTumorSegLib.child.job import CommandJob, Failure, JobState
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.progress import ProgressEvent
from LiverTumorSegLib.timeline import FollowUp
from LiverTumorSegLib.workbench.follow_up_folder import copied, prepare
from LiverTumorSegLib.workbench.follow_up_visits import VisitFiles, facts_of, with_lines_of
from LiverTumorSegLib.workbench.follow_up_wish import TrackWish, VisitSource, check
from LiverTumorSegLib.workbench.translation import _

_WRITE_SHARE = 0.3
"""Of the progress bar, for writing and measuring all visits of the scene."""


class FollowUpRun:
    """An Activity. Afterwards: timeline (None where it failed), keys by the numbers of visits, corrections as they were
    used (the baseline by its key), report: the folder of the report, where one was wanted.

    on_numbers: called with the run once the numbers are there.
    """

    def __init__(
        self,
        visits: Sequence[VisitSource],
        wish: TrackWish,
        files: VisitFiles,
        python: Sequence[str],
        on_numbers: Callable[[FollowUpRun], None] = lambda _run: None,
    ) -> None:
        self.state = JobState.RUNNING
        self.title = _("Follow-up")
        self.failure: Failure | None = None
        self.timeline: FollowUp | None = None
        self.keys: dict[int, str] = {}
        self.corrections = wish.corrections
        self.warnings: list[str] = []
        self.report: Path | None = None
        self._visits, self._wish, self._files, self._python = tuple(visits), wish, files, tuple(python)
        self._on_numbers = on_numbers
        self._to_write: list[VisitSource] = []
        self._writing: VisitSource | None = None
        self._job: CommandJob | None = None
        self._out: Path | None = None
        self._log = ""

    @property
    def progress(self) -> ProgressEvent:
        """Of the whole run, 0 to 1, with a line for the person who waits."""
        if self._writing is not None and self._job is not None:
            total = max(1, sum(visit.result is not None for visit in self._visits))
            before = total - len(self._to_write) - 1
            fraction = _WRITE_SHARE * (before + self._job.progress.fraction) / total
            return ProgressEvent("visits", fraction, _("Measuring {name}").format(name=self._writing.title))
        if self._job is not None:
            event = self._job.progress
            return replace(event, fraction=_WRITE_SHARE + (1 - _WRITE_SHARE) * event.fraction)
        return ProgressEvent("visits", 0.0, _("Writing the visits"))

    @property
    def log(self) -> str:
        return "\n\n".join(part for part in (self._log, self._job.log if self._job else "") if part)

    @property
    def cancelled(self) -> bool:
        return self.state is JobState.CANCELLED

    def start(self) -> None:
        """Look at the visits and begin. Raises InputError where they cannot be followed; nothing is left then."""
        check(self._visits, self._wish)
        self._to_write = [
            visit for visit in self._visits if visit.result is not None and self._files.folder_of(visit.result) is None
        ]
        self._next()

    def poll(self) -> bool:
        """One step; whether it goes on."""
        if self.state is not JobState.RUNNING or self._job is None:
            return False
        if not self._job.poll():
            self._take(self._job)
        return self.state is JobState.RUNNING

    def cancel(self) -> None:
        """Stop the child with all its children; polling sees it. What was there before is as it was."""
        if self._job is not None:
            self._job.cancel()

    def kill(self) -> None:
        """The same at once."""
        if self._job is not None:
            self._job.kill()
        if self.state is JobState.RUNNING:
            self._finish(JobState.CANCELLED)

    def _next(self) -> None:
        if self._to_write:
            self._writing = self._to_write.pop(0)
            self._begin(self._files.writing(self._writing.result))
        else:
            self._writing = None
            self._begin(self._tracking())

    def _begin(self, job: CommandJob) -> None:
        if self._job is not None:
            self._log = self.log
        self._job = job
        job.start()

    def _take(self, job: CommandJob) -> None:
        if job.state is JobState.CANCELLED:
            self._finish(JobState.CANCELLED)
        elif job.failure is not None:
            self._fail(job.failure)
        elif self._writing is None:
            self._read(job)
        else:
            try:
                self._next()
            except (InputError, OSError) as error:
                self._fail(Failure(str(error), job.log))

    def _tracking(self) -> CommandJob:
        """The job that tracks all visits, once each has a result folder."""
        folders = {visit.number: self._folder_of(visit) for visit in self._visits}
        self.keys = {number: facts_of(folder).key for number, folder in folders.items()}
        self._check_keys()
        baseline = "" if self._wish.baseline is None else self.keys.get(self._wish.baseline, "")
        self.corrections = replace(self._wish.corrections, baseline=baseline)
        folder = self._files.new_folder()
        self._out = self._wish.output or folder / "follow-up"
        prepare(self._out, self._used_corrections(), self._wish.earlier)
        if self._wish.output is not None:
            folders |= self._kept_with(self._wish.output, folders)
        (folder / "job").mkdir()
        return CommandJob(self._words(list(folders.values()), self._out), folder / "job", python=self._python)

    def _words(self, folders: Sequence[Path], out: Path) -> list[object]:
        words: list[object] = ["track", *folders, "-o", out]
        if all(visit.date for visit in self._visits):
            words += ["--dates", ",".join(visit.date for visit in self._visits)]
        if self._wish.other_patient:
            words.append("--other-patient")
        return words if self._wish.output is not None else [*words, "--contents", "data"]

    def _kept_with(self, output: Path, folders: dict[int, Path]) -> dict[int, Path]:
        """Copies of what was made of the scene, beside the report: the originals go with the application."""
        ours = {visit.number for visit in self._visits if visit.result is not None}
        return {
            number: copied(folder, output, self.keys[number]) for number, folder in folders.items() if number in ours
        }

    def _folder_of(self, visit: VisitSource) -> Path:
        folder = visit.folder if visit.result is None else self._files.folder_of(visit.result)
        if folder is None:
            raise InputError(
                found=f"{visit.title or 'a visit'} was changed while it was being written",
                expected="masks that stay as they are until they are measured",
                remedy="Run the follow-up again",
            )
        return folder

    def _check_keys(self) -> None:
        """The same CT twice, of the scene and of a folder say, is no course in time."""
        titles: dict[str, str] = {}
        for visit in self._visits:
            key = self.keys[visit.number]
            if key in titles:
                raise InputError(
                    found=f"the same CT twice: {titles[key]} and {visit.title}",
                    expected="each examination once",
                    remedy="Take one of them out",
                )
            titles[key] = visit.title

    def _used_corrections(self) -> Corrections:
        """What the reader has put right, and what was dragged in the scene."""
        used = self.corrections
        for visit in self._visits:
            if visit.result is not None:
                used = with_lines_of(used, visit.result, self.keys[visit.number])
        return used

    def _read(self, job: CommandJob) -> None:
        from LiverTumorSegLib.io.followup_files import REPORT, read_timeline

        out = self._out or Path()
        try:
            self.timeline = read_timeline(out)
        except InputError as error:
            self._fail(Failure(_("The numbers cannot be read ({reason}).").format(reason=error), job.log))
            return
        self.warnings = list(job.warnings)
        if self._wish.output is not None:
            self.report = out / REPORT
        self._finish(JobState.DONE)
        self._on_numbers(self)

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._finish(JobState.FAILED)

    def _finish(self, state: JobState) -> None:
        self.state = state
        self._log = self.log
        self._job = None
        if self._out is not None and self._wish.output is None:
            shutil.rmtree(self._out.parent, ignore_errors=True)
