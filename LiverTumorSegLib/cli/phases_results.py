"""A result for every phase: read from a finished folder, kept from an earlier run, or segmented now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from LiverTumorSegLib.cli.kept_results import is_kept
from LiverTumorSegLib.cli.model_choice import check_choice, choose_divider, choose_model
from LiverTumorSegLib.cli.phases_inputs import CtInput, ResultInput
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.inference.dividing import Divider
from LiverTumorSegLib.inference.segmenters import Segmenter, make_segmenter
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import RUN, read_case
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.pipelines import segment
from LiverTumorSegLib.progress import Progress, ProgressCallback, ignore_progress
from LiverTumorSegLib.publish import publishing
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import Contents, SegmentSettings
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

KEY_DIGITS = 12
"""Of a CT's hash, as the name of its folder."""


@dataclass(frozen=True, eq=False)
class PhaseResult:
    """folder: of the result. ct: None where a result's CT is not at hand. run: its record (run.json)."""

    folder: Path
    source: Source
    segmentation: Volume
    lesions: Volume
    measurements: Measurements
    run: dict[str, Any]
    ct: Volume | None = None

    @property
    def key(self) -> str:
        return self.source.sha256[:KEY_DIGITS] or self.folder.name


@dataclass(frozen=True)
class PhaseResults:
    """Makes them; the networks are got ready once, when the first CT needs them.

    kept: the folder below which results of CTs are kept. cts: CTs that results were made from, by hash.
    """

    kept: Path
    settings: SegmentSettings
    job: Job
    offline: bool = False
    cts: tuple[Path, ...] = ()

    def of(self, phase: CtInput | ResultInput, report: ProgressCallback = ignore_progress) -> PhaseResult:
        """Raises InputError for a CT that cannot be read and for a folder that is no complete result."""
        return self._read(phase) if isinstance(phase, ResultInput) else self._segmented(phase, report)

    def source_of(self, phase: CtInput | ResultInput) -> Source:
        """What a phase's CT says of itself, read without segmenting it."""
        if isinstance(phase, CtInput):
            return read_study(phase.path, series=phase.series).source
        return Source.from_json(read_json(phase.path / RUN).get("source") or {})

    @cached_property
    def _model(self) -> tuple[ModelSpec, tuple[str, ...]]:
        check_choice(self.settings)
        return choose_model(self.settings, self.job.report, offline=self.offline)

    @cached_property
    def _networks(self) -> tuple[Segmenter, Divider | None, tuple[str, ...]]:
        spec, warnings = self._model
        divider, more = choose_divider(self.settings)
        return make_segmenter(spec, self.settings), divider, warnings + more

    @cached_property
    def _given_cts(self) -> list[Study]:
        return [read_study(path) for path in self.cts]

    def _read(self, phase: ResultInput) -> PhaseResult:
        stored = read_case(phase.path)
        source = Source.from_json(stored.run.get("source") or {})
        ct = self._ct_of(source, stored.segmentation)
        return PhaseResult(phase.path, source, stored.segmentation, stored.lesions, stored.measurements, stored.run, ct)

    def _ct_of(self, source: Source, segmentation: Volume) -> Volume | None:
        """One that was given, or the one at the place that the result names, if it is the same still."""
        studies = [study for study in self._given_cts if study.source.sha256 == source.sha256]
        if not studies and source.path and source.sha256 and Path(source.path).exists():
            try:
                found = read_study(Path(source.path), series=source.series_uid if source.kind == "dicom" else None)
            except InputError:  # something else lies there now; the phase is then taken from the header
                return None
            studies = [found] if found.source.sha256 == source.sha256 else []
        return studies[0].ct if studies and studies[0].ct.same_grid(segmentation) else None

    def _segmented(self, phase: CtInput, report: ProgressCallback) -> PhaseResult:
        progress = Progress(report)
        with progress.stage("read", 0.0, 0.05, f"Reading {phase.title}"):
            study = read_study(phase.path, series=phase.series)
        folder = self.kept / study.source.sha256[:KEY_DIGITS]
        if is_kept(folder, study.source.sha256, self.settings, self._model[0]):
            stored = read_case(folder)
            measured, run = stored.measurements, stored.run
            return PhaseResult(folder, study.source, stored.segmentation, stored.lesions, measured, run, study.ct)
        segmenter, divider, warnings = self._networks
        with publishing(folder, progress, self.job.cleaned_up_by, Contents.DATA) as publisher:
            publisher.check_room(study)
            case = publisher.publish(segment(study, self.settings, segmenter, progress, warnings, divider))
        run = read_json(folder / RUN)
        return PhaseResult(folder, study.source, case.segmentation, case.lesions, case.measurements, run, study.ct)
