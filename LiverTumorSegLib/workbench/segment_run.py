"""One run on one CT of the scene: the volume goes out to a child process, a result comes in. Polled, not waited for."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.child.job import SILENCE_S, CommandJob, Failure, JobState
from LiverTumorSegLib.child.words import words_from
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.progress import ProgressEvent
from LiverTumorSegLib.registry import COMBINED, MODELS
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.volume import Volume
from LiverTumorSegLib.workbench.export import file_name
from LiverTumorSegLib.workbench.translation import _

RESULT_FOLDER = "result"
_LONGEST_NAME = 50
_AS_THEY_ARE = (np.uint8, np.int16, np.uint16, np.int32, np.float32)
_FETCH_SHARE, _RUN_SHARE = 0.05, 0.95
"""Where in the progress bar a fetch and the run end; the rest is import and surfaces."""


@dataclass(frozen=True)
class RunOptions:
    """How a run is made, besides the settings of the segmentation.

    offline: never download. models_folder: where a published model's wheel lies that was carried over. python: how to
    start it. silence_s: how long it may give no sign of life. surfaces: whether the segmentation gets Slicer's own 3D
    surfaces.
    """

    python: Sequence[str]
    temporary_folder: Path
    offline: bool = False
    models_folder: Path | None = None
    silence_s: float = SILENCE_S
    surfaces: bool = True


class SegmentRun:
    """Start it, poll it until ``state`` is final. What it adds to the scene it adds at once, at the end.

    seconds: by stage (write, start, run, import, surfaces). on_result: called as soon as the result is in the scene;
    surfaces follow, one per poll, so that the application stays alive in between.
    """

    def __init__(
        self, volume_node: Any, settings: SegmentSettings, options: RunOptions, on_result: Callable[[Any], None]
    ) -> None:
        self.state = JobState.RUNNING
        self.title = volume_node.GetName()
        self.failure: Failure | None = None
        self.result: Any | None = None
        self.warnings: list[str] = []
        self.seconds: dict[str, float] = {}
        self._scene = volume_node.GetScene()
        # Itself, not its id: in a scene that was closed meanwhile, another patient's CT has the same.
        self._volume_node = volume_node
        self._settings = settings
        self._options = options
        self._on_result = on_result
        self._folder: Path | None = None
        self._jobs: list[CommandJob] = []
        self._surfaces: Iterator[str] | None = None
        self._started = 0.0
        self._fetch_share = 0.0
        self._last_log = ""

    @property
    def progress(self) -> ProgressEvent:
        """Of the whole run, 0 to 1, with a line for the person who waits."""
        if self._surfaces is not None:
            return ProgressEvent("surfaces", _RUN_SHARE, _("Making 3D surfaces"))
        if not self._jobs:
            return ProgressEvent("write", 0.0, _("Writing the CT"))
        event = self._jobs[0].progress
        start, stop = (0.0, _FETCH_SHARE) if len(self._jobs) > 1 else (self._fetch_share, _RUN_SHARE)
        return replace(event, fraction=start + (stop - start) * event.fraction)

    @property
    def cancelled(self) -> bool:
        return self.state is JobState.CANCELLED

    @property
    def log(self) -> str:
        """What the child has printed besides its answers."""
        return self._jobs[0].log if self._jobs else self._last_log

    def start(self) -> None:
        """Write the CT and start the child. Raises InputError where the volume cannot be used; nothing is left then."""
        self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-", dir=self._options.temporary_folder))
        try:
            with self._stage("write"):
                self._write_ct()
        except BaseException:
            self._tidy_up()
            raise
        self._jobs = [self._segment_job(self._folder)]
        if self._options.models_folder is not None and self._needs_networks():
            self._jobs.insert(0, self._fetch_job(self._options.models_folder))
            self._fetch_share = _FETCH_SHARE
        self._started = time.perf_counter()
        self._jobs[0].start()

    def poll(self) -> bool:
        """One step; whether the run goes on."""
        if self.state is not JobState.RUNNING:
            return False
        if self._surfaces is not None:
            self._make_surface()
        else:
            self._listen(self._jobs[0])
        return self.state is JobState.RUNNING

    def cancel(self) -> None:
        """Stop the child with all its children; polling sees the run cancelled. The scene is as it was.

        Once the result is in the scene there is nothing left to cancel.
        """
        if self.state is JobState.RUNNING and self._jobs:
            self._jobs[0].cancel()

    def kill(self) -> None:
        """The same at once, for a scene or an application that is being closed."""
        if self.state is JobState.RUNNING:
            if self._jobs:
                self._jobs[0].kill()
            self._finish(JobState.CANCELLED)

    @property
    def _ct_file(self) -> str:
        """The child's messages name its input by this file."""
        return f"{file_name(self.title)[:_LONGEST_NAME]}.nii"

    def _write_ct(self) -> None:
        from LiverTumorSegLib.io.nifti import write_nifti
        from LiverTumorSegLib.mrml.volume_node import view_of

        ct = view_of(self._volume())
        array = ct.array if ct.array.dtype in _AS_THEY_ARE else ct.array.astype(np.float32)
        write_nifti(self._file(self._ct_file), ct.with_array(array))

    def _needs_networks(self) -> bool:
        from LiverTumorSegLib.io.stage_models import missing_for_a_run

        spec = next((spec for spec in MODELS if spec.id == self._settings.model), COMBINED)
        return bool(missing_for_a_run(spec))

    def _segment_job(self, folder: Path) -> CommandJob:
        words = ["segment", folder / self._ct_file, "-o", folder / RESULT_FOLDER, "--contents", "data"]
        offline = ["--offline"] if self._options.offline else []
        return self._job([*words, *words_from(self._settings), *offline], "segment")

    def _fetch_job(self, source: Path) -> CommandJob:
        return self._job(["models", "fetch", COMBINED.id, "--from", source], "fetch")

    def _job(self, words: Sequence[object], name: str) -> CommandJob:
        folder = self._file(name)
        folder.mkdir()
        return CommandJob(words, folder, python=self._options.python, silence_s=self._options.silence_s)

    def _listen(self, job: CommandJob) -> None:
        running = job.poll()
        if "start" not in self.seconds and (job.progress.stage != "start" or not running):
            self.seconds["start"] = time.perf_counter() - self._started
        if running:
            return
        if job.state is JobState.CANCELLED:
            self._finish(JobState.CANCELLED)
        elif job.failure is not None:
            self._fail(job.failure)
        elif len(self._jobs) > 1:
            self._jobs.pop(0)
            self._jobs[0].start()
        else:
            self.seconds["run"] = time.perf_counter() - self._started - self.seconds["start"]
            self._import(job)

    def _import(self, job: CommandJob) -> None:
        try:
            with self._stage("import"):
                self._add_result(job)
        except InputError as error:
            self._fail(Failure(str(error), job.log))
            return
        except BaseException as error:
            # Whoever polls gets the error now, and a run that has failed the next time; not this again and again.
            self._fail(
                Failure(_("The result could not be brought into the scene ({reason}).").format(reason=error), job.log)
            )
            raise
        self.warnings = [str(warning) for warning in job.facts.get("warnings", [])]
        self._on_result(self.result)

    def _add_result(self, job: CommandJob) -> None:
        from LiverTumorSegLib.case import shown_in
        from LiverTumorSegLib.mrml.result_nodes import add_result
        from LiverTumorSegLib.mrml.surfaces import surfaces_one_by_one
        from LiverTumorSegLib.mrml.views import focus_of, show_result

        volume_node = self._volume()
        segmentation, measurements, run = self._read_result(job)
        segments, cava = self._read_others()
        self.result = add_result(
            self._scene, volume_node, segmentation, shown_in(segmentation), measurements, run, segments, cava
        )
        show_result(self._scene, volume_node, focus_of(segmentation, measurements.lesions))
        self._surfaces = surfaces_one_by_one(self.result.segmentation) if self._options.surfaces else iter(())

    def _read_others(self) -> tuple[Volume | None, Volume | None]:
        """Couinaud segments and vena cava, where there are any."""
        from LiverTumorSegLib.io.results import read_segments_of, read_vena_cava_of

        folder = self._file(RESULT_FOLDER)
        return read_segments_of(folder), read_vena_cava_of(folder)

    def _read_result(self, job: CommandJob) -> tuple[Volume, Measurements, dict[str, Any]]:
        """Label map, numbers and run record. Raises InputError where the child has left something else."""
        from LiverTumorSegLib.io.results import RUN, read_segmentation_of
        from LiverTumorSegLib.io.text_files import read_json

        folder = self._file(RESULT_FOLDER)
        try:
            segmentation = read_segmentation_of(folder)
            measurements = Measurements.from_json(job.facts["measurements"])
            return segmentation, measurements, read_json(folder / RUN) | {"volume": self.title}
        except (InputError, OSError, ValueError, KeyError) as error:
            raise InputError(
                found=f"The result for {self.title} cannot be read ({getattr(error, 'found', error)})",
                expected="label map, measurements and run record in the temporary folder",
                remedy="Segment again; the log says what was printed",
            ) from error

    def _make_surface(self) -> None:
        """Of the next segment, unless somebody has taken the result out of the scene meanwhile."""
        gone = self.result is None or self.result.scene is None
        with self._stage("surfaces"):
            if not gone and self._surfaces is not None and next(self._surfaces, None) is not None:
                return
        self._finish(JobState.DONE)

    def _volume(self) -> Any:
        """The CT; raises InputError if somebody has removed it."""
        node = self._volume_node
        if node.GetScene() is not self._scene:
            raise InputError(
                found=f"{self.title} is no longer in the scene",
                expected="the CT to stay until its result is there",
                remedy="Load it again and segment it again",
            )
        return node

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._finish(JobState.FAILED)

    def _finish(self, state: JobState) -> None:
        self.state = state
        self._last_log = self.log
        self._jobs = []
        self._tidy_up()

    def _tidy_up(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        if self._folder is None:
            message = "a run that was not started"
            raise ValueError(message)
        return self._folder / name

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
