"""Results of CTs that an earlier run of a command has kept, to be used again instead of segmenting anew."""

from __future__ import annotations

from pathlib import Path

from LiverTumorSegLib import __version__
from LiverTumorSegLib.io.results import RUN, is_result
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import SegmentSettings


def is_kept(folder: Path, sha256: str, settings: SegmentSettings, spec: ModelSpec) -> bool:
    """Whether a folder holds the result of a CT (by its hash) with these settings, this model with these weights and
    this version of the program, or masks of it that a reader has corrected.
    """
    if not is_result(folder):
        return False
    run = read_json(folder / RUN)
    if (run.get("source") or {}).get("sha256") != sha256:
        return False
    model = run.get("model") or {}
    is_same = run.get("settings") == settings.to_json() and model.get("id") == spec.id
    is_same = is_same and model.get("sha256") == spec.hashes
    return run.get("command") == "measure" or (is_same and run.get("version") == __version__)
