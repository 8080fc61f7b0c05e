"""Everything known about one finished examination: what every writer, report and front end takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from LiverTumorSegLib.labels import MAIN_LABELS, LabelSet
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class RunRecord:
    """How a result came about: written as run.json, so that a number can always be traced.

    model: id, title, licence, origin, hashes of what made the masks ({} if a reader drew them). timings_s: seconds by
    stage. postprocessing: what each step changed, in ml.
    """

    command: str
    version: str
    started: str
    settings: dict[str, Any]
    model: dict[str, Any]
    source: dict[str, Any]
    versions: dict[str, str] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    peak_memory_mib: float | None = None
    postprocessing: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """segmentation: uint8 on the CT's grid, values of ``labels``. lesions: uint16 ids of ``measurements.lesions``."""

    study: Study
    segmentation: Volume
    lesions: Volume
    measurements: Measurements
    run: RunRecord
    labels: LabelSet = MAIN_LABELS
