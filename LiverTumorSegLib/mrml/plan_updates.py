"""A plan and its result: the liver that is planned on, and what goes when mask or choice have changed."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Box, LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, CAVA_LABELS
from LiverTumorSegLib.mrml.plan import Plan
from LiverTumorSegLib.mrml.plan_distances import remove_distances
from LiverTumorSegLib.mrml.plan_nodes import show_numbers, show_parts
from LiverTumorSegLib.mrml.plan_tables import fill_what_if
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.segmentation_labels import labelled_part_of, values_in
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.volume import Volume


def liver_of(result: Result) -> tuple[Volume, LabelArray, Box, LabelArray]:
    """The CT's grid, the labelled part of the mask, where it lies, and its segments; where the patient lies, as he is
    measured. Raises InputError for a result without CT or segments.
    """
    if result.volume is None or result.segments is None:
        raise InputError(
            found="a result without Couinaud segments or without its CT",
            expected="a liver that was divided",
            remedy="Segment the CT again",
        )
    grid = view_of(result.volume)
    labels, box = labelled_part_of(result.segmentation, grid)
    return grid, labels, box, np.asarray(values_in(result.segments, ALL_COUINAUD_LABELS, grid, box))


def cava_of(result: Result, grid: Volume) -> Volume | None:
    """Mask (0 or 1) of the vena cava on a grid; None where the result has none."""
    if result.vena_cava is None:
        return None
    i, j, k = (slice(0, n) for n in grid.shape)
    return grid.with_array(values_in(result.vena_cava, CAVA_LABELS, grid, (i, j, k)))


def mark_plan_outdated(plan: Plan) -> None:
    """The mask has changed: nothing of the plan may show what was planned on the old one."""
    blank_numbers(plan)
    blank_parts(plan)
    if plan.what_if:
        fill_what_if(plan.what_if, None)
    if plan.models:
        remove_distances(plan)


def blank_numbers(plan: Plan) -> None:
    """The numbers are those of something else."""
    if plan.numbers is not None:
        show_numbers(plan, None)


def blank_parts(plan: Plan) -> None:
    """Nothing is resected."""
    for _segment_id in show_parts(plan, None):
        pass
