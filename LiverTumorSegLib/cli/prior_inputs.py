"""The table of patients and their target, from files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.cli.prior_choice import column_choice
from LiverTumorSegLib.clinical.columns import Column, Table
from LiverTumorSegLib.clinical.known_columns import id_column, plain_name
from LiverTumorSegLib.clinical.prior import TLVR
from LiverTumorSegLib.clinical.study import Target
from LiverTumorSegLib.clinical.table import RawTable, read_ids, read_table, read_target
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.ratio_files import mask_files, ratios_of_masks, tumor_ratio
from LiverTumorSegLib.io.spreadsheets import Sheet, read_sheet
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent

_RATIO_NAMES = ("tlvr", "ratio", "tumorliverratio", "tumorburden", "burden")
_RATIO_BOUNDS = (0.0, 1.0)
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class PriorInputs:
    """table: of those columns that predict. source: files and hashes, for the record."""

    table: Table
    target: Target
    source: dict[str, Any]
    warnings: tuple[str, ...] = ()


def prior_inputs(arguments: argparse.Namespace, report: ProgressCallback) -> PriorInputs:
    """Raises InputError for files and columns that cannot be used."""
    sheet = read_sheet(arguments.table, arguments.sheet)
    raw = RawTable(sheet.header, sheet.rows)
    table = read_table(raw, column_choice(arguments))
    source = table_source(sheet)
    if arguments.ratios is None and arguments.masks is None:
        target = _of_column(raw, arguments)
        return PriorInputs(table, target, source | {"target": {"column": arguments.target or arguments.tlvr}})
    if arguments.ratios is not None:
        ratios, origin = _of_table(arguments.ratios)
        warnings: tuple[str, ...] = ()
    else:
        ratios, warnings = _of_masks(arguments.masks, report)
        origin = {"masks": str(arguments.masks), "ratios": ratios}
    values, strangers = _aligned(table.ids, ratios)
    return PriorInputs(
        table, Target(TLVR, values, _RATIO_BOUNDS), source | {"target": origin}, warnings + _strangers(strangers)
    )


def table_source(sheet: Sheet) -> dict[str, Any]:
    """Of the clinical table, for the record."""
    return {
        "table": str(sheet.path),
        "name": sheet.path.name,
        "sheet": sheet.name,
        "sha256": sheet.sha256,
        "patients": len(sheet.rows),
        "columns": len(sheet.header),
    }


def _of_column(raw: RawTable, arguments: argparse.Namespace) -> Target:
    """A column called tlvr is one, whichever option names it."""
    column = read_target(raw, arguments.target or arguments.tlvr, arguments.missing)
    if arguments.tlvr is None and plain_name(column.name) != TLVR:
        return Target(column.name, column.values)
    return Target(TLVR, _checked_ratios(column.values, f"the column {column.name}"), _RATIO_BOUNDS)


def _of_table(path: Path) -> tuple[dict[str, float], dict[str, Any]]:
    """Case id -> ratio, of a file with a column of ids and one of ratios."""
    sheet = read_sheet(path)
    raw = RawTable(sheet.header, sheet.rows)
    ids = read_ids(raw, None)
    own = id_column(raw.header)
    others = [name for name in raw.header if name != own]
    named = next((name for name in others if plain_name(name) in _RATIO_NAMES), None)
    if named is None and len(others) != 1:
        raise InputError(
            found=f"the columns {', '.join(raw.header)} in {path.name}",
            expected="case and tlvr",
            remedy="Name the column with the ratios tlvr",
        )
    column: Column = read_target(raw, named or others[0])
    values = _checked_ratios(column.values, path.name)
    known = {case: float(value) for case, value in zip(ids, values, strict=True) if np.isfinite(value)}
    return known, {"ratios": str(path), "sha256": sheet.sha256, "column": column.name}


def _of_masks(folder: Path, report: ProgressCallback) -> tuple[dict[str, float], tuple[str, ...]]:
    """From a download of HCC-TACE-Seg, else from result folders and label maps."""
    from LiverTumorSegLib.training.data.hcc_tace import has_patients

    if folder.is_dir() and has_patients(folder):
        return _of_tace(folder, report)
    return ratios_of_masks(mask_files(folder), report)


def _of_tace(folder: Path, report: ProgressCallback) -> tuple[dict[str, float], tuple[str, ...]]:
    """The portal vein is liver, as in the paper; a patient whose files are damaged is told and has no ratio."""
    from LiverTumorSegLib.training.data.hcc_tace import hcc_tace_cohort

    cohort = hcc_tace_cohort(folder)
    warnings = [*(one.sentence() for one in cohort.excluded), *cohort.notes]
    ratios = {}
    for n, subject in enumerate(cohort.subjects):
        report(ProgressEvent("masks", n / len(cohort.subjects), f"Counting voxels of {subject.id}"))
        try:
            labels = subject.load().labels
        except InputError as error:
            warnings.append(f"{subject.id} counts as not known: {error.found}.")
            continue
        ratio = tumor_ratio(labels.with_array(np.where(labels.array <= TUMOR.value, labels.array, 0)))
        if ratio is not None:
            ratios[subject.id] = ratio
    return ratios, tuple(warnings)


def _aligned(ids: Sequence[str], ratios: Mapping[str, float]) -> tuple[np.ndarray, list[str]]:
    """Ratios in the table's order, NaN where there is none, and cases that the table lacks."""
    if not set(ids) & set(ratios):
        raise InputError(
            found=f"no case of the table has a ratio: {_listed(list(ids))} against {_listed(list(ratios)) or 'none'}",
            expected="the same case ids in both",
            remedy="Rename the files, or choose the column with the case ids (--id)",
        )
    values = np.array([ratios.get(case, np.nan) for case in ids], float)
    return values, [case for case in ratios if case not in set(ids)]


def _strangers(cases: list[str]) -> tuple[str, ...]:
    return (f"The table lacks {_listed(cases)}: their ratios are not used.",) if cases else ()


def _checked_ratios(values: np.ndarray, where: str) -> np.ndarray:
    known = values[np.isfinite(values)]
    if known.size and (known.min() < 0 or known.max() > 1):
        raise InputError(
            found=f"values from {known.min():g} to {known.max():g} in {where}",
            expected="ratios of tumor to liver from 0 to 1",
            remedy="Divide percent by 100; for any other quantity use --target",
        )
    return values


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
