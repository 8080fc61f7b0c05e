"""What has to be there before a run: packages, PyTorch where it is wanted, networks. Asks before it gets them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LiverTumorSegLib.settings import Device, Engine, SegmentSettings
from LiverTumorSegModule.input_panel import chosen_model, missing_models
from LiverTumorSegModule.packages import in_words, missing_packages, torch_is_installed
from LiverTumorSegModule.parameters import Parameters


class Preparation:
    """ask: a question -> whether the user agrees. install: requirements and a folder of wheels (None: the network).

    refuse: called with a sentence that says why there is no run.
    """

    def __init__(
        self,
        ask: Callable[[str], bool],
        install: Callable[[list[str], Path | None], None],
        refuse: Callable[[str], None],
    ) -> None:
        self._ask, self._install, self._refuse = ask, install, refuse

    def is_complete(self, parameters: Parameters, settings: SegmentSettings) -> bool:
        """Whether a run can begin now. If not, the user has been told why, or an installation has begun."""
        return (
            self._packages_are_there(parameters)
            and self._torch_is_there(parameters, settings)
            and self._model_is_there(parameters)
        )

    def _packages_are_there(self, parameters: Parameters) -> bool:
        missing = missing_packages()
        if not missing:
            return True
        wheels = parameters.offline_folder
        source = _("the folder {folder}").format(folder=wheels) if wheels else _("the Python Package Index")
        question = _(
            "Liver Tumor Seg needs these Python packages, once. They are installed into Slicer's own Python from"
            " {source}; packages that Slicer brings are not touched.\n\n{packages}\n\nInstall them now?"
        ).format(source=source, packages=in_words(missing))
        if parameters.offline and wheels is None:
            self._refuse(_("Packages are missing, and offline nothing is downloaded: set an offline folder."))
        elif self._ask(question):
            self._install(missing, wheels)
        else:
            self._refuse(_("Not segmented: the packages are not installed."))
        return False

    def _torch_is_there(self, parameters: Parameters, settings: SegmentSettings) -> bool:
        """Only for GPUs and for who asks for it; the PyTorch extension knows which build a computer needs."""
        wanted = settings.engine is Engine.TORCH or settings.device in (Device.CUDA, Device.MPS)
        if not wanted or torch_is_installed():
            return True
        if parameters.offline:
            self._refuse(_("PyTorch is missing, and offline nothing is downloaded: choose the CPU with OpenVINO."))
            return False
        try:
            import PyTorchUtils
        except ImportError:
            self._refuse(
                _(
                    "This device or engine needs PyTorch, and the PyTorch extension is not installed. Install it with"
                    " the Extensions Manager and restart Slicer, or choose the CPU with OpenVINO."
                )
            )
            return False
        return self._torch_was_installed(PyTorchUtils.PyTorchUtilsLogic())

    def _torch_was_installed(self, extension: Any) -> bool:
        """The extension asks for itself, shows what it does, and returns None to who declines."""
        try:
            torch = extension.installTorch(askConfirmation=True)
        except (subprocess.CalledProcessError, ImportError, RuntimeError) as error:
            self._refuse(_("Not segmented: PyTorch could not be installed ({reason}).").format(reason=error))
            return False
        if torch is None:
            self._refuse(_("Not segmented: PyTorch is not installed."))
        return torch is not None

    def _model_is_there(self, parameters: Parameters) -> bool:
        missing = missing_models(chosen_model(parameters))
        if not missing or parameters.offline or parameters.offline_folder:
            return True
        spec = missing[0]  # more than one package has never been needed
        question = _(
            "{title} are needed once: {size:.0f} MiB from {origin}, licence {license}. They stay on this computer, and"
            " no patient data leaves it.\n\nFetch them now?"
        ).format(title=spec.title, size=spec.download_mib, origin=spec.origin, license=spec.license)
        if self._ask(question):
            return True
        self._refuse(_("Not segmented: the networks are not fetched. The built-in network needs no download."))
        return False
