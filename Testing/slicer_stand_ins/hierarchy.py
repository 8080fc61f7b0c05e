"""Items of the subject hierarchy: desktop Slicer's plugins make one for each data node, the bare core none."""

from __future__ import annotations

from typing import Any

import slicer
from vtkmodules.vtkCommonCore import VTK_OBJECT

_DATA_NODES = ("vtkMRMLDisplayableNode", "vtkMRMLTableNode", "vtkMRMLTextNode")
_SPECIAL_NODES = ("vtkMRMLAbstractViewNode", "vtkMRMLSliceNode", "vtkMRMLCameraNode")


class HierarchyItems:
    """Watches a scene for as long as it is referenced."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        events = slicer.vtkMRMLScene
        scene.AddObserver(events.NodeAddedEvent, _with_node(self._on_added))
        scene.AddObserver(events.NodeAboutToBeRemovedEvent, _with_node(self._on_removed))
        # Items of a loaded scene come with its own hierarchy; what is not in it follows.
        for event in (events.EndImportEvent, events.EndBatchProcessEvent):
            scene.AddObserver(event, lambda *_: self._complete())
        scene.AddObserver(events.EndCloseEvent, lambda *_: self._complete())

    def _on_added(self, node: Any) -> None:
        if not self._scene.IsImporting() and _belongs_in_hierarchy(node):
            self._add(node)

    def _on_removed(self, node: Any) -> None:
        if self._scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
            return
        hierarchy = self._hierarchy()
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)

    def _complete(self) -> None:
        self._hierarchy()
        if self._scene.IsClosing() or self._scene.IsImporting():
            return
        for index in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(index)
            if _belongs_in_hierarchy(node):
                self._add(node)

    def _add(self, node: Any) -> None:
        hierarchy = self._hierarchy()
        if not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    def _hierarchy(self) -> Any:
        return slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(self._scene)


def _belongs_in_hierarchy(node: Any) -> bool:
    if node is None or node.GetHideFromEditors() or not node.GetSaveWithScene():
        return False
    return any(node.IsA(kind) for kind in _DATA_NODES) and not any(node.IsA(kind) for kind in _SPECIAL_NODES)


def _with_node(action: Any) -> Any:
    """An observer that gets the node which the event is about."""

    def call(caller: Any, event: str, node: Any) -> None:
        action(node)

    call.CallDataType = VTK_OBJECT
    return call
