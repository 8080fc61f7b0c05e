"""prior.json: written by ``livertumorseg prior``, read by training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json

PRIOR = "prior.json"
TLVR = "tlvr"
SCHEMA = 1


def read_prior(path: Path) -> dict[str, float]:
    """Case id -> predicted ratio of tumor to liver; of patients with an observed ratio, out of fold.

    path: prior.json, or the folder that holds it. Raises InputError for another target than tlvr, and for a file that
    is no prior.
    """
    path = path / PRIOR if path.is_dir() else path
    data = read_prior_data(path)
    if data.get("target") != TLVR:
        raise InputError(
            found=f"{path} predicts {data.get('target')!r}",
            expected=f"a prior of the ratio of tumor to liver ({TLVR!r})",
            remedy="Make one with: livertumorseg prior --tlvr COLUMN, --ratios FILE or --masks FOLDER",
        )
    return {str(case): _number(one, path) for case, one in data["predictions"].items()}


def read_prior_data(path: Path) -> dict[str, Any]:
    """All of prior.json. Raises InputError for a file that is no prior of schema 1."""
    path = path / PRIOR if path.is_dir() else path
    data = read_json(path)
    if data.get("schema") != SCHEMA or not isinstance(data.get("predictions"), dict):
        raise _no_prior(path, f"schema {data.get('schema')!r}")
    return data


def _number(one: Any, path: Path) -> float:
    value = one.get("predicted") if isinstance(one, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _no_prior(path, f"{value!r} as a prediction")
    return float(value)


def _no_prior(path: Path, reason: str) -> InputError:
    return InputError(
        found=f"{path} is no prior that can be used ({reason})",
        expected=f"{PRIOR} of schema {SCHEMA} as livertumorseg prior writes it",
        remedy="Make it again",
    )
