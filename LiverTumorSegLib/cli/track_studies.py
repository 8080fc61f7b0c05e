"""From paths to examinations: CTs are segmented first, results are read, and their CTs are found again."""

from __future__ import annotations

import os
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from LiverTumorSegLib.cli.kept_results import is_kept
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.cli.track_choice import TrackChoice
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.examination import KEY_DIGITS, Examination
from LiverTumorSegLib.io.followup_files import VISITS
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import is_result, read_case, read_tumor_probability_of
from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement
from LiverTumorSegLib.phases.recognise import contrast_phase, recognised
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

ROOM_BYTES = 2**30
"""CTs that are kept in memory; others are read again."""


@dataclass
class CtShelf:
    """The CTs of results, by the hash of their source; read when asked for, kept while there is room.

    places: where a reader says that CTs are, by hash. warnings: why a CT is not at hand.
    """

    places: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    room_bytes: int = ROOM_BYTES
    _kept: OrderedDict[str, Volume | None] = field(default_factory=OrderedDict)

    def add(self, path: Path, study: Study) -> None:
        """A CT that has just been read."""
        self.places[study.source.sha256] = path
        self._keep(study.source.sha256, study.ct)

    def ct(self, source: Source, segmentation: Volume) -> Volume | None:
        """The CT that a result was made from; None, with a warning, where it is not at hand."""
        if source.sha256 not in self._kept:
            self._keep(source.sha256, self._read(source, segmentation))
        self._kept.move_to_end(source.sha256)
        return self._kept[source.sha256]

    def _keep(self, sha256: str, ct: Volume | None) -> None:
        self._kept[sha256] = ct
        sizes = {name: kept.array.nbytes for name, kept in self._kept.items() if kept is not None}
        for name in [name for name in sizes if name != sha256]:
            if sum(sizes.values()) <= self.room_bytes:
                break
            sizes.pop(name)
            del self._kept[name]

    def _read(self, source: Source, segmentation: Volume) -> Volume | None:
        path = self.places.get(source.sha256, Path(source.path))
        name = Path(source.path).name or "of a result"
        if not source.sha256 or not source.path or not path.exists():
            self._warn(f"The CT {name} is not at hand: no look-back and no pictures of it. Give it with --ct.")
            return None
        try:
            study = read_study(path, series=_series(source, path))
        except InputError as error:
            self._warn(f"The CT {name} cannot be read again: {error}")
            return None
        if study.source.sha256 != source.sha256 or not study.ct.same_grid(segmentation):
            self._warn(f"The CT {name} has changed since its result was made, and is not shown.")
            return None
        return study.ct

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


class VisitJob(Job):
    """A job inside another one: its progress is a part of it, and what it has open is cleaned up with it."""

    def __init__(self, job: Job, start: float, stop: float) -> None:
        super().__init__(job.output)
        self._job, self._scaled = job, part_of(job.report, start, stop)

    def report(self, event: ProgressEvent) -> None:
        self._scaled(event)

    @contextmanager
    def cleaned_up_by(self, cleanup: Callable[[], None]) -> Iterator[None]:
        with self._job.cleaned_up_by(cleanup):
            yield


def segmented(choice: TrackChoice, out: Path, shelf: CtShelf, job: Job) -> list[Path]:
    """The result folder of every study, in the order given; CTs are segmented into ``out``, or were before."""
    cts = [path for path in choice.studies if not is_result(path)]
    folders: list[Path] = []
    for path in choice.studies:
        number = len([one for one in folders if one.parent == out / VISITS])
        part = VisitJob(job, number / max(1, len(cts)), (number + 1) / max(1, len(cts)))
        folders.append(path if is_result(path) else _result_of_ct(path, choice, out, shelf, part))
    return folders


def _result_of_ct(path: Path, choice: TrackChoice, out: Path, shelf: CtShelf, job: Job) -> Path:
    from LiverTumorSegLib.cli.model_choice import choose_model
    from LiverTumorSegLib.cli.segment_command import segment_to_folder

    job.report(ProgressEvent("read", 0.0, f"Reading {path.name}"))
    study = read_study(path)
    shelf.add(path, study)
    folder = out / VISITS / study.source.sha256[:KEY_DIGITS]
    spec, _ = choose_model(choice.segment, job.report, offline=choice.offline)
    if not is_kept(folder, study.source.sha256, choice.segment, spec):
        segment_to_folder(path, folder, choice.segment, job, offline=choice.offline, contents=choice.contents)
    return folder


def read_examinations(folders: Iterable[Path], shelf: CtShelf, report: ProgressCallback) -> list[Examination]:
    """Of finished results, in the order given. Raises InputError where one is not complete."""
    folders = list(folders)
    found = []
    for number, folder in enumerate(folders):
        report(ProgressEvent("read", number / len(folders), folder.name))
        found.append(_examination(folder, shelf))
    return found


def _examination(folder: Path, shelf: CtShelf) -> Examination:
    stored = read_case(folder)
    source = Source.from_json(stored.run.get("source") or {})
    segmentation = stored.segmentation.with_array(stored.segmentation.array.astype(np.uint8, copy=False))
    ct = partial(shelf.ct, source, segmentation)
    return Examination(
        segmentation=segmentation,
        lesions=stored.lesions.with_array(stored.lesions.array.astype(np.uint16, copy=False)),
        measurements=stored.measurements,
        source=source,
        result=os.path.abspath(folder),  # noqa: PTH100, links of a reader's folders stay as they are
        segments=None
        if stored.segments is None
        else stored.segments.with_array(stored.segments.array.astype(np.uint8, copy=False)),
        phase=_phase(ct(), segmentation, source),
        ct=ct,
        tumor_probability=partial(read_tumor_probability_of, folder),
    )


def _phase(ct: Volume | None, segmentation: Volume, source: Source) -> str:
    """From the image where it is at hand, else from the header's words; "" where neither says it."""
    seen = recognised(Enhancement(), source) if ct is None else contrast_phase(ct, segmentation, source)
    return "" if seen.phase is ContrastPhase.UNKNOWN else str(seen.phase)


def _series(source: Source, path: Path) -> str | None:
    """Which one of a folder or zip; single files are not asked."""
    has_several = path.is_dir() or zipfile.is_zipfile(path)
    return source.series_uid or None if has_several else None
