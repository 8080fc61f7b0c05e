"""The work of ``evaluate``: from its words to the compared cases."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from LiverTumorSegLib.cli import evaluate_cases as cases_of
from LiverTumorSegLib.cli.evaluate_cases import PlannedCase
from LiverTumorSegLib.cli.evaluate_masks import read_prediction, read_reference
from LiverTumorSegLib.cli.evaluate_output import Evaluation
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.agreement import STRUCTURES, agreement
from LiverTumorSegLib.evaluation.case_strata import CaseSize
from LiverTumorSegLib.evaluation.summary import ComparedCase
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.measure.axial import axial_diameters
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Plan:
    """unpredicted: names of references without a prediction. is_single: one case was named, not a collection.

    strata: by which sizes the cases are divided.
    """

    cases: Sequence[PlannedCase]
    unpredicted: Sequence[str] = ()
    is_single: bool = False
    strata: Sequence[CaseSize] = ()


def planned(arguments: argparse.Namespace) -> Plan:
    """What the words of the command mean. Raises InputError as cases_of_table, cases_of_folders and check_files do."""
    plan = _plan(arguments)
    annotated = cases_of.structures_named(arguments.annotated) if arguments.annotated else None
    cases = [cases_of.with_defaults(case, arguments.role, annotated) for case in plan.cases]
    return replace(plan, cases=cases, strata=tuple(CaseSize(name) for name in arguments.strata or ()))


def evaluate(plan: Plan, report: ProgressCallback) -> Evaluation:
    """Compare all cases, one after the other; a single one without progress, as it takes seconds.

    Raises InputError, which names the case, where one cannot be compared.
    """
    if plan.is_single:
        compared, warnings = _compared(plan.cases[0])
        return Evaluation([compared], warnings, plan.unpredicted, plan.strata)
    all_compared, all_warnings = [], []
    for number, case in enumerate(plan.cases):
        told = f"Case {number + 1} of {len(plan.cases)}: {case.title}"
        report(ProgressEvent("evaluate", number / len(plan.cases), told))
        with _named(case):
            compared, warnings = _compared(case)
        all_compared.append(compared)
        all_warnings += [f"{case.title}: {warning}" for warning in warnings]
    return Evaluation(all_compared, all_warnings, plan.unpredicted, plan.strata)


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.cases:
        return Plan(cases_of.cases_of_table(arguments.cases))
    if _are_folders(arguments):
        cases, unpredicted = cases_of.cases_of_folders(arguments.result, arguments.reference)
        return Plan(cases, unpredicted)
    masks = {name: tuple(getattr(arguments, name)) for name in STRUCTURES if getattr(arguments, name)}
    name = arguments.result.resolve().name
    single = [PlannedCase(name, arguments.result, arguments.reference, masks)]
    cases_of.check_files(single)
    return Plan(single, is_single=True)


def _are_folders(arguments: argparse.Namespace) -> bool:
    both = (arguments.result, arguments.reference)
    return all(path is not None and cases_of.is_folder_of_cases(path) for path in both)


def _compared(case: PlannedCase) -> tuple[ComparedCase, tuple[str, ...]]:
    segmentation, notes = read_prediction(case.prediction)
    reference, more_notes = read_reference(case, segmentation)
    result = agreement(segmentation, reference, _longest_mm)
    files = "|".join(str(path) for path in case.reference_files)
    compared = ComparedCase(case.name, result, case.role, str(case.prediction), files, case.replication)
    return compared, notes + more_notes


def _longest_mm(lesion: Volume) -> float:
    """Longest axial diameter, as everywhere in this program."""
    return axial_diameters(lesion, slice_axis(lesion.affine)).long_axis_mm


@contextmanager
def _named(case: PlannedCase) -> Iterator[None]:
    """Says in which of many cases something is wrong."""
    try:
        yield
    except InputError as error:
        raise InputError(
            found=f"in case {case.title}: {error.found}", expected=error.expected, remedy=error.remedy
        ) from error
