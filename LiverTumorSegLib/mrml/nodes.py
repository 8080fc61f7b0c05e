"""Finding nodes of a scene."""

from __future__ import annotations

from typing import Any

import slicer


def nodes_of_class(scene: slicer.vtkMRMLScene, kind: str) -> list[Any]:
    """All nodes of a class, in the scene's order."""
    return [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]
