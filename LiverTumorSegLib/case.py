"""Everything known about one finished examination: what every writer, report and front end takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from LiverTumorSegLib.labels import (
    LIVER,
    PARTS_OF_IV,
    SEGMENTATION_LABELS,
    TUMOR,
    VEINS,
    VESSEL,
    LabelSet,
    couinaud_labels_of,
)
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.volume import Volume


def shown_in(segmentation: Volume) -> LabelSet:
    """Labels of a map (values of SEGMENTATION_LABELS) that a reader wants to see: the main ones, and instead of vessels
    the veins, where they were told apart.
    """
    array = segmentation.array
    there = {label for label in (VESSEL, *VEINS) if bool((array == label.value).any())}
    apart = bool(there & set(VEINS))
    wanted = {LIVER, TUMOR, *(there if apart else (VESSEL,))}
    return LabelSet(tuple(label for label in SEGMENTATION_LABELS if label in wanted))


def couinaud_labels_in(segments: Volume) -> LabelSet:
    """The labels that share out the organ in a map of Couinaud segments: eight, or nine where IV is divided."""
    divided = any(bool((segments.array == part.value).any()) for part in PARTS_OF_IV)
    return couinaud_labels_of(iv_is_divided=divided)


@dataclass(frozen=True)
class RunRecord:
    """How a result came about: written as run.json, so that a number can always be traced.

    model: id, title, licence, origin, hashes of what made the masks ({} if a reader drew them). anatomy: the same of
    what divided the liver ({} if nothing did). vena_cava: in which share of the liver's slices it is clear ({} where it
    was not searched). timings_s: seconds by stage. postprocessing: what each step changed, in
    ml.
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
    anatomy: dict[str, Any] = field(default_factory=dict)
    vena_cava: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Case:
    """segmentation: uint8 on the CT's grid, values of ``labels``. lesions: uint16 ids of ``measurements.lesions``.

    segments: uint8, values of ALL_COUINAUD_LABELS inside the organ, 0 outside; None where nobody has divided it.
    vena_cava: uint8, 0 or 1, on the CT's grid, outside the organ; None where it was not searched or not found.
    tumor_probability: uint8, percent (0 to 100), on a grid of its own around the liver; None where no network has
    spoken.
    """

    study: Study
    segmentation: Volume
    lesions: Volume
    measurements: Measurements
    run: RunRecord
    labels: LabelSet = SEGMENTATION_LABELS
    segments: Volume | None = None
    vena_cava: Volume | None = None
    tumor_probability: Volume | None = None

    @cached_property
    def shown(self) -> LabelSet:
        """Those labels that a reader wants to see."""
        return shown_in(self.segmentation)
