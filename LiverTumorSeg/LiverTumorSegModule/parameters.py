"""The module's choices, kept in its parameter node: saved with the scene, and back when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.settings import SegmentSettings

INPUT_ROLE, RESULT_ROLE = "InputVolume", "Result"

_USUAL = SegmentSettings()
DEFAULTS = {
    "model": _USUAL.model,
    "quality": str(_USUAL.quality),
    "device": str(_USUAL.device),
    "engine": str(_USUAL.engine),
    "precision": str(_USUAL.precision),
    "contour": str(_USUAL.contour),
    "anatomy": str(_USUAL.anatomy),
    "threads": str(_USUAL.threads),
    "minLesionMl": str(_USUAL.min_lesion_ml),
    "offline": "false",
    "offlineFolder": "",
}


class Parameters:
    """Typed access to a vtkMRMLScriptedModuleNode; what it does not hold has its usual value."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def get(self, name: str) -> str:
        """One of DEFAULTS."""
        usual = DEFAULTS[name]
        return str(self.node.GetParameter(name) or usual)

    def set(self, name: str, value: str) -> None:
        """Nothing is modified if it holds that value already."""
        if self.get(name) != value:
            self.node.SetParameter(name, value)

    @property
    def input_volume(self) -> Any | None:
        return self.node.GetNodeReference(INPUT_ROLE)

    @input_volume.setter
    def input_volume(self, node: Any | None) -> None:
        self.node.SetNodeReferenceID(INPUT_ROLE, node.GetID() if node else None)

    @property
    def result(self) -> Any | None:
        """The segmentation node whose numbers are shown."""
        return self.node.GetNodeReference(RESULT_ROLE)

    @result.setter
    def result(self, node: Any | None) -> None:
        self.node.SetNodeReferenceID(RESULT_ROLE, node.GetID() if node else None)

    @property
    def offline(self) -> bool:
        return self.get("offline") == "true"

    @property
    def offline_folder(self) -> Path | None:
        """Where wheels of packages and models lie that were carried over from another computer."""
        text = self.get("offlineFolder")
        return Path(text) if text else None

    def settings(self) -> SegmentSettings:
        """Raises InputError where choices contradict each other."""
        from LiverTumorSegLib.settings import Contour, Device, Division, Engine, Precision, Quality

        return SegmentSettings(
            model=self.get("model"),
            quality=Quality(self.get("quality")),
            device=Device(self.get("device")),
            engine=Engine(self.get("engine")),
            precision=Precision(self.get("precision")),
            contour=Contour(self.get("contour")),
            anatomy=Division(self.get("anatomy")),
            threads=int(self.get("threads")),
            min_lesion_ml=float(self.get("minLesionMl")),
        )
