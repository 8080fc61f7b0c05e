"""The choices at the top of the module: shown from the parameter node, and kept in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ctk
from slicer.i18n import tr as _

from LiverTumorSegLib.registry import COMBINED, MODELS, ModelSpec
from LiverTumorSegLib.settings import Contour, Device, Division, Engine, Precision, Quality
from LiverTumorSegModule.parameters import Parameters

_AUTOMATIC = "auto"


class InputPanel:
    """on_change: called whenever something was chosen."""

    def __init__(self, ui: Any, on_change: Callable[[], None]) -> None:
        self._ui = ui
        self._on_change = on_change
        self._parameters: Parameters | None = None
        self._showing = False
        self._combos = {
            "model": ui.modelSelector,
            "quality": ui.qualitySelector,
            "device": ui.deviceSelector,
            "engine": ui.engineSelector,
            "precision": ui.precisionSelector,
            "contour": ui.contourSelector,
            "anatomy": ui.anatomySelector,
        }
        for name, choices in _choices().items():
            for title, value in choices:
                self._combos[name].addItem(title, value)
        ui.offlineFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self._connect()

    def show(self, parameters: Parameters | None) -> None:
        """Show what a parameter node holds; None while there is none (the scene is being closed)."""
        self._parameters = parameters
        if parameters is None:
            return
        self._showing = True
        try:
            self._ui.inputSelector.setCurrentNode(parameters.input_volume)
            for name, combo in self._combos.items():
                combo.setCurrentIndex(max(0, combo.findData(parameters.get(name))))
            self._ui.threadsSpinBox.value = int(parameters.get("threads"))
            self._ui.minLesionSpinBox.value = float(parameters.get("minLesionMl"))
            self._ui.offlineCheckBox.checked = parameters.offline
            self._ui.offlineFolderEdit.currentPath = parameters.get("offlineFolder")
        finally:
            self._showing = False

    def describe_model(self) -> None:
        """One line on the chosen model: where it is, or what a first run will fetch."""
        self._ui.modelStatusLabel.text = _model_in_words(self._parameters)

    def enable(self, enabled: bool) -> None:
        """Choices of a run cannot be changed while it runs."""
        for widget in (*self._combos.values(), self._ui.threadsSpinBox, self._ui.minLesionSpinBox):
            widget.enabled = enabled
        for widget in (self._ui.offlineCheckBox, self._ui.offlineFolderEdit):
            widget.enabled = enabled

    def _connect(self) -> None:
        self._ui.inputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._on_input)
        for name, combo in self._combos.items():
            combo.connect("currentIndexChanged(int)", lambda index, n=name, c=combo: self._keep(n, c.itemData(index)))
        self._ui.threadsSpinBox.connect("valueChanged(int)", lambda value: self._keep("threads", str(value)))
        self._ui.minLesionSpinBox.connect("valueChanged(double)", lambda value: self._keep("minLesionMl", f"{value:g}"))
        self._ui.offlineCheckBox.connect("toggled(bool)", lambda on: self._keep("offline", "true" if on else "false"))
        self._ui.offlineFolderEdit.connect(
            "currentPathChanged(QString)", lambda path: self._keep("offlineFolder", str(path))
        )

    def _keep(self, name: str, value: str) -> None:
        if self._parameters is not None and not self._showing:
            self._parameters.set(name, str(value))
            self._on_change()

    def _on_input(self, node: Any) -> None:
        if self._parameters is not None and not self._showing:
            self._parameters.input_volume = node
            self._on_change()


def _choices() -> dict[str, list[tuple[str, str]]]:
    """By parameter: title and value of each choice, the usual one first."""
    return {
        "model": [(_("Automatic"), _AUTOMATIC), *((spec.title, spec.id) for spec in MODELS)],
        "quality": [
            (_("Standard"), str(Quality.STANDARD)),
            (_("Fast"), str(Quality.FAST)),
            (_("Best: several looks"), str(Quality.BEST)),
        ],
        "device": [
            (_("Automatic"), str(Device.AUTO)),
            (_("Processor (CPU)"), str(Device.CPU)),
            (_("NVIDIA GPU (CUDA)"), str(Device.CUDA)),
            (_("Apple GPU (MPS)"), str(Device.MPS)),
        ],
        "engine": [
            (_("Automatic"), str(Engine.AUTO)),
            ("OpenVINO", str(Engine.OPENVINO)),
            ("PyTorch", str(Engine.TORCH)),
        ],
        "precision": [
            (_("Automatic"), str(Precision.AUTO)),
            (_("32 bit (fp32)"), str(Precision.FP32)),
            (_("16 bit (bf16)"), str(Precision.BF16)),
        ],
        "contour": [
            (_("Automatic"), str(Contour.AUTO)),
            (_("As found"), str(Contour.OFF)),
            (_("Chan-Vese"), str(Contour.CHAN_VESE)),
            (_("Chan-Vese as published"), str(Contour.REFERENCE)),
        ],
        "anatomy": [
            (_("I to VIII"), str(Division.ON)),
            (_("With IVa and IVb"), str(Division.IVAB)),
            (_("None"), str(Division.OFF)),
        ],
    }


def chosen_model(parameters: Parameters) -> ModelSpec:
    """What a run will use if all goes well: automatic means all networks together."""
    wanted = parameters.get("model")
    return next((spec for spec in MODELS if spec.id == wanted), COMBINED)


def missing_models(spec: ModelSpec) -> list[ModelSpec]:
    """What a run would have to fetch."""
    from LiverTumorSegLib.io.stage_models import missing_for_a_run

    return missing_for_a_run(spec)


def _model_in_words(parameters: Parameters | None) -> str:
    if parameters is None:
        return ""
    spec = chosen_model(parameters)
    if not spec.has_networks:
        return _("Rough outlines without a network: for a first look only.")
    missing = missing_models(spec)
    if not missing:
        return _("Networks are present ({license}).").format(license=spec.license)
    if parameters.offline and parameters.offline_folder is None:
        if spec is COMBINED:
            return _("Not all networks are present: offline, the built-in one alone will be used; it is less accurate.")
        return _("Networks are not present, and offline they cannot be fetched.")
    return _("Networks will be fetched once, after asking: {size:.0f} MiB, {license}.").format(
        size=sum(one.download_mib for one in missing), license=", ".join(one.license for one in missing)
    )
