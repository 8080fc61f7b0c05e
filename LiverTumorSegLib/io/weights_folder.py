"""Where the cache of network weights lies, and what to say when it cannot be used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.registry import ModelSpec, WeightsFile

CACHE_VARIABLE = "LIVERTUMORSEG_CACHE"
CARD, LICENSE = "card.json", "LICENSE.txt"


def cache_folder() -> Path:
    """$LIVERTUMORSEG_CACHE, or a folder of this program in the user's cache, by the platform's convention."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "LiverTumorSeg" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "LiverTumorSeg"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "livertumorseg"


def model_folder(spec: ModelSpec) -> Path:
    """Where a model is, or would be; another version of its package has another folder."""
    if spec.folder:
        return spec.folder
    return cache_folder() / f"{spec.id}-{(spec.package_sha256 or 'built-in')[:12]}"


def is_present(spec: ModelSpec) -> bool:
    """Whether all files of a model are there (their content is checked by ``load`` and ``verify``)."""
    names = [card_name(spec), *map(file_name, spec.files)] if spec.files else []
    try:
        return all((model_folder(spec) / name).is_file() for name in names) and all(map(is_present, spec.parts))
    except PermissionError:  # a folder that may not be looked into
        return False


def missing(spec: ModelSpec) -> list[ModelSpec]:
    """What of a model would have to be downloaded."""
    return [one for one in spec.fetched if not is_present(one)]


def card_name(spec: ModelSpec) -> str:
    """Of the card beside a model's weights."""
    return f"{spec.files[0].name}.json" if spec.folder else CARD


def file_name(file: WeightsFile) -> str:
    """Of a network's weights in the model's folder."""
    return f"{file.name}.safetensors"


@contextmanager
def cache_errors(spec: ModelSpec) -> Iterator[None]:
    """Failures of the file system inside become a ModelUnavailableError."""
    try:
        yield
    except OSError as error:
        raise cache_unusable(spec, f"{error.strerror or error} ({error.filename})") from error


def cache_unusable(spec: ModelSpec, why: str) -> ModelUnavailableError:
    """The error for a cache that cannot be read or written."""
    return ModelUnavailableError(
        found=f"the model cache {cache_folder()} cannot be used: {why}",
        expected=f"a folder that this user can write to, with room for {spec.title}",
        remedy=f"Free space or change its rights, or set {CACHE_VARIABLE} to another folder",
    )


def absent(spec: ModelSpec) -> ModelUnavailableError:
    """The error for a model that was not fetched."""
    return ModelUnavailableError(
        found=f"the networks {spec.id} are not in {cache_folder()}",
        expected=f"{spec.title}, a download of {spec.download_mib:.0f} MiB, licence {spec.license}",
        remedy=f"Run: livertumorseg models fetch {spec.id}",
    )


def damaged(spec: ModelSpec, path: Path, found: str, expected: str) -> ModelUnavailableError:
    """The error for a file whose hash is not the recorded or pinned one."""
    return ModelUnavailableError(
        found=f"{path.name} in {path.parent} is {found[:16]}",
        expected=f"{expected[:16]} (sha256, first digits), as it was fetched",
        remedy=f"The file is damaged; run: livertumorseg models fetch {spec.id}",
    )
