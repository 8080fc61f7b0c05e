"""What the user calls the phases of an examination -> one CT or finished result after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom_list import ListedSeries, list_series
from LiverTumorSegLib.io.results import is_result

LEAST_EXTENT_MM = 100.0
"""A shorter series (bolus tracking, a planning slab) holds no liver."""


@dataclass(frozen=True)
class CtInput:
    """A CT to segment. series: which of a DICOM folder, None for its only one."""

    path: Path
    series: str | None = None

    @property
    def title(self) -> str:
        return self.path.name + ("" if self.series is None else f" {self.series}")


@dataclass(frozen=True)
class ResultInput:
    """A finished result folder."""

    path: Path

    @property
    def title(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Inputs:
    """warnings: what was left out."""

    phases: tuple[CtInput | ResultInput, ...]
    warnings: tuple[str, ...] = ()


def phase_inputs(studies: Sequence[Path], series: str | None = None) -> Inputs:
    """series: of DICOM folders and zips that hold several, as "2,3"; None takes all axial ones that may show a liver.

    Raises InputError for fewer than two phases, for a folder with several studies, and for a series that is not there.
    """
    found: list[CtInput | ResultInput] = []
    warnings: list[str] = []
    for path in studies:
        if is_result(path):
            found.append(ResultInput(path))
            continue
        listed = list_series(path) if path.is_dir() or is_zipfile(path) else ()
        if len(listed) < 2:
            found.append(CtInput(path))
        elif series is not None:
            found += [CtInput(path, word.strip()) for word in series.split(",") if word.strip()]
        else:
            chosen, more = _all_of(path, listed)
            found += [CtInput(path, one.selector) for one in chosen]
            warnings += more
    if len(found) < 2:
        raise InputError(
            found="one CT" if found else "no CT",
            expected="two or more phases of one examination",
            remedy="Give several CTs or result folders, or a DICOM folder that holds several series",
        )
    return Inputs(tuple(found), tuple(warnings))


def _all_of(path: Path, listed: Sequence[ListedSeries]) -> tuple[list[ListedSeries], list[str]]:
    """The series that may show a liver, and what was left out."""
    short = [one for one in listed if one.extent_mm < LEAST_EXTENT_MM]
    reformats = [one for one in listed if not one.is_axial and one not in short]
    chosen = [one for one in listed if one not in short and one not in reformats]
    warnings = [f"Left out of {path.name}: {one.summary} (shorter than {LEAST_EXTENT_MM:.0f} mm)." for one in short]
    warnings += [f"Left out of {path.name}: {one.summary} (not axial)." for one in reformats]
    if len({one.study_uid for one in chosen}) > 1:
        words = "; ".join(f"{one.selector[1:]}: {one.summary}" for one in chosen)
        raise InputError(
            found=f"{path} holds several studies ({words})",
            expected="one examination",
            remedy="Choose its series with --series, such as --series 2,3",
        )
    return chosen, warnings
