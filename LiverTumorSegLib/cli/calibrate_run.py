"""The main job on cases whose truth is known; a line of features and truth for each, kept as soon as it is there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.case import Case
from LiverTumorSegLib.cli.calibrate_patients import KnownCase, PlannedCase
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.lesions import coverage
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.segmenters import Segmenter
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.pipelines import evidence_of, segment
from LiverTumorSegLib.progress import Progress, ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.uncertainty.judging import Features, find_features
from LiverTumorSegLib.uncertainty.records import Record
from LiverTumorSegLib.volume import Volume


class Listener:
    """A segmenter that remembers what it found last."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self.spec = segmenter.spec
        self.tumor_core, self.tumor_rim = segmenter.tumor_core, segmenter.tumor_rim
        self.last: Findings | None = None

    def liver(self, ct: Volume, report: ProgressCallback) -> Whole:
        self.last = None
        return self._segmenter.liver(ct, report)

    def findings(self, region: Volume, whole: Whole, report: ProgressCallback) -> Findings:
        self.last = self._segmenter.findings(region, whole, report)
        return self.last

    def describe(self) -> list[dict[str, Any]]:
        return self._segmenter.describe()


def record_cases(
    planned: Iterable[PlannedCase],
    total: int,
    segmenter: Segmenter,
    settings: SegmentSettings,
    log: Path,
    report: ProgressCallback,
) -> list[Record]:
    """Records of all planned cases, in their order; those in the log are not run again, new ones are added to it.

    log: a JSON line for each case; its folder exists. total: of the planned cases, for the progress. May raise
    CancelledError from the callback; what is done is kept.
    """
    done = {record.name: record for record in read_log(log)}
    records = []
    listener = Listener(segmenter)
    for number, plan in enumerate(planned):
        part = part_of(report, number / total, (number + 1) / total)
        part(ProgressEvent("calibrate", 0.0, f"Case {number + 1} of {total}: {plan.name}"))
        if plan.name not in done:
            done[plan.name] = _run(plan, listener, settings, part)
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[plan.name].to_json(), allow_nan=False) + "\n")
        records.append(done[plan.name])
    return records


def read_log(log: Path) -> list[Record]:
    """The records of a log, none where there is no file. A last line that a killed run left unfinished is cut off.

    Raises InputError for anything else.
    """
    if not log.exists():
        return []
    text = log.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        log.write_text(whole, encoding="utf-8")
    try:
        return [Record.from_json(json.loads(line)) for line in whole.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            found=f"{log} cannot be used ({error})",
            expected="cases recorded by this version",
            remedy="Choose another folder (-o)",
        ) from error


def record_of(name: str, patient: str, truth: LabelArray, case: Case, features: Features, *, synthetic: bool) -> Record:
    """A finished case beside its truth (values of MAIN_LABELS on the same grid)."""
    true_tumor = case.lesions.with_array(truth == TUMOR.value)
    hits = {row.id: row.hit for row in coverage(case.lesions, true_tumor)}
    return Record(
        name=name,
        patient=patient,
        is_synthetic=synthetic,
        features=features,
        true_lesions=tuple(hits[number + 1] for number in range(len(features.lesions))),
        liver_dice=dice(np.asarray(case.segmentation.array > 0), truth > 0),
    )


def _run(plan: PlannedCase, listener: Listener, settings: SegmentSettings, report: ProgressCallback) -> Record:
    known: KnownCase = plan.make()
    case = segment(known.study, settings, listener, Progress(report))
    features = Features((), None)
    if listener.last is not None:
        evidence = evidence_of(listener.last)
        features = find_features(case.measurements, case.segmentation, case.lesions, evidence)
    return record_of(plan.name, plan.patient, known.truth, case, features, synthetic=plan.is_synthetic)
