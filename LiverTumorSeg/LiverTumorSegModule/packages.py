"""The Python packages that the library needs: which are missing, what they are, and installing them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from LiverTumorSegLib.child.ending import Ending
from LiverTumorSegLib.child.job import Failure
from LiverTumorSegLib.child.process import ChildProcess
from LiverTumorSegLib.progress import ProgressEvent
from LiverTumorSegModule.surroundings import name_of, required_packages

SLICERS_OWN = ("numpy", "scipy", "SimpleITK", "pydicom", "vtk", "requests", "highdicom")
"""Packages that Slicer brings and that no installation may change: other modules rely on them."""


@dataclass(frozen=True)
class PackageFacts:
    """What a person should know before it is installed. download_mb: of the wheel for Linux, others are similar."""

    download_mb: float
    license: str
    purpose: str


FACTS = {
    "openvino": PackageFacts(59, "Apache-2.0", "runs the networks on the CPU"),
    "pillow": PackageFacts(7, "MIT-CMU", "pictures of the report"),
    "h5py": PackageFacts(5, "BSD-3-Clause", "reads the published networks"),
    "connected-components-3d": PackageFacts(5, "LGPL-3.0-or-later", "finds lesions"),
    "nibabel": PackageFacts(3.3, "MIT", "NIfTI files"),
    "edt": PackageFacts(3, "LGPL-3.0-or-later", "distances"),
    "fill-voids": PackageFacts(1.5, "LGPL-3.0-or-later", "fills holes"),
    "safetensors": PackageFacts(0.5, "Apache-2.0", "stores the networks"),
    "psutil": PackageFacts(0.2, "BSD-3-Clause", "stops child processes"),
    "jinja2": PackageFacts(0.2, "BSD-3-Clause", "the report"),
    "jaxtyping": PackageFacts(0.1, "MIT", "names array shapes"),
    "pynrrd": PackageFacts(0.1, "MIT", "NRRD files"),
}
"""Those of the library's list that Slicer does not bring."""


def missing_packages() -> list[str]:
    """The requirements that this Python does not meet, as pip understands them."""
    importlib.invalidate_caches()
    return [requirement for requirement in required_packages() if not _is_met(requirement)]


def how_to_get_missing() -> str:
    """A sentence for the person who meets their absence; empty where none is missing."""
    return _("Packages are missing: press Segment, which installs them after asking.") if missing_packages() else ""


def in_words(requirements: Sequence[str]) -> str:
    """A list for the question before an installation: name, download in MB, licence, what it is for."""
    lines, total = [], 0.0
    for requirement in requirements:
        facts = FACTS.get(name_of(requirement))
        if facts is None:
            lines.append(f"  {requirement}")
            continue
        total += facts.download_mb
        lines.append(f"  {requirement}: {facts.download_mb:g} MB, {facts.license} ({facts.purpose})")
    return "\n".join(
        [
            *lines,
            _("About {total:.0f} MB in all, with the small packages that these need themselves.").format(total=total),
        ]
    )


class Installation:
    """pip in a child process (an Activity): the window stays alive, it can be stopped, what it prints is shown.

    wheels: a folder of wheels to install from, without any network. pip_options: more of them, for tests.
    """

    def __init__(
        self,
        requirements: Sequence[str],
        *,
        python: Sequence[str],
        temporary_folder: Path,
        wheels: Path | None = None,
        pip_options: Sequence[str] = (),
    ) -> None:
        self.title = _("Installing packages")
        self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-install-", dir=temporary_folder))
        constraints = self._folder / "constraints.txt"
        constraints.write_text("\n".join(_pins_of_slicers_own()), encoding="utf-8")
        offline = ["--no-index", "--find-links", str(wheels)] if wheels else []
        self._words = [
            *python, "-m", "pip", "install", "--no-input", "--only-binary", ":all:", "--progress-bar", "off",
            "--disable-pip-version-check",
            "--constraint", str(constraints), *offline, *pip_options, *requirements,
        ]  # fmt: skip
        self._child = ChildProcess(self._folder)
        self._last_log = ""

    @property
    def progress(self) -> ProgressEvent:
        """pip does not tell how far it is: what it does now, half way."""
        lines = [line for line in self.log.splitlines() if line.strip()]
        return ProgressEvent("install", 0.5, lines[-1][:100] if lines else self.title)

    @property
    def log(self) -> str:
        """What pip has printed."""
        return self._child.log or self._last_log

    @property
    def cancelled(self) -> bool:
        return self._child.end is not None and self._child.end.ending is Ending.KILLED

    @property
    def failure(self) -> Failure | None:
        """None if everything was installed."""
        end = self._child.end
        if end is None or end.exit_code == 0 or self.cancelled:
            return None
        return Failure(
            _("The packages were not installed. {reason}").format(reason=_reason_in(self.log) or end.message), self.log
        )

    def start(self) -> None:
        """Raises OSError if this Python cannot be started; nothing is left then."""
        scratch = str(self._folder)  # what a cancelled pip was working on goes with the folder
        try:
            self._child.start(self._words, environment=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch))
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def poll(self) -> bool:
        """Whether it is still running."""
        self._child.poll()
        if self._child.end is not None:
            self._last_log = self.log
            shutil.rmtree(self._folder, ignore_errors=True)
        return self._child.end is None

    def cancel(self) -> None:
        self._child.stop()

    def kill(self) -> None:
        self._child.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def torch_is_installed() -> bool:
    """Without importing it, which takes seconds."""
    return importlib.util.find_spec("torch") is not None


def _reason_in(log: str) -> str:
    """pip's first error names the package, the last one may be only an address of its manual.

    Empty where pip itself broke (a traceback): the reason is its last line then.
    """
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    return errors[0] if errors and errors[0] != "ERROR: Exception:" else ""


def _is_met(requirement: str) -> bool:
    try:
        from packaging.requirements import Requirement
    except ImportError:  # Slicer brings it, but nothing promises that it always will
        from pip._vendor.packaging.requirements import Requirement  # type: ignore[assignment]

    wanted = Requirement(requirement)
    try:
        return bool(wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True))
    except importlib.metadata.PackageNotFoundError:
        return False


def _pins_of_slicers_own() -> list[str]:
    pins = []
    for name in SLICERS_OWN:
        try:
            pins.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return pins
