"""The report of a follow-up as one file to take home; it does not say where on the server anything lies."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FILE_NAME = "follow-up.zip"
_PACKED_ALREADY = {".png"}


def pack_report(report: Path, target: Path, places: Sequence[Path]) -> Path:
    """All files of a report's folder as a zip; places: folders of the server that are left out of paths in them.

    Raises OSError.
    """
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(report.iterdir()):
            name = f"{target.stem}/{path.name}"
            if path.suffix == ".json":
                data = without_places(json.loads(path.read_text(encoding="utf-8")), places)
                archive.writestr(name, json.dumps(data, indent=1))
            elif path.suffix == ".csv":
                archive.writestr(name, without_places(path.read_text(encoding="utf-8"), places))
            else:
                how = zipfile.ZIP_STORED if path.suffix in _PACKED_ALREADY else zipfile.ZIP_DEFLATED
                archive.write(path, name, how)
    return target


def without_places(value: Any, places: Sequence[Path]) -> Any:
    """Text, or whatever JSON is made of, with paths as seen from those folders."""
    if isinstance(value, dict):
        return {key: without_places(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [without_places(item, places) for item in value]
    if isinstance(value, str):
        for place in places:
            value = value.replace(f"{place}/", "")
    return value
