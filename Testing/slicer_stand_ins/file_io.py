"""The files behind slicer.util's load... and save...: done by the real storage nodes and logics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from vtkmodules.vtkCommonCore import vtkCommand, vtkStringArray

_TYPES_BY_ENDING = {
    "SegmentationFile": (".seg.nrrd", ".seg.nhdr", ".seg.vtm"),
    "MarkupsFile": (".mrk.json", ".fcsv"),
    "TransformFile": (".h5", ".tfm", ".mat"),
    "TableFile": (".csv", ".tsv"),
    "ModelFile": (".stl", ".vtk", ".vtp", ".obj", ".ply"),
    "SceneFile": (".mrml", ".mrb"),
    "TextFile": (".txt", ".json", ".xml"),
    "VolumeFile": (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm", ".tif", ".png", ".jpg"),
}
_NODE_CLASSES = {
    "TransformFile": "vtkMRMLTransformNode",
    "TableFile": "vtkMRMLTableNode",
    "ModelFile": "vtkMRMLModelNode",
    "TextFile": "vtkMRMLTextNode",
}
_VOLUME_OPTIONS = {"labelmap": 1, "center": 2, "singleFile": 4, "autoWindowLevel": 8, "discardOrientation": 16}


class CoreIOManager:
    """What slicer.util calls of qSlicerCoreIOManager."""

    def fileType(self, file_name: str) -> str:
        name = str(file_name).lower()
        return next((kind for kind, endings in _TYPES_BY_ENDING.items() if name.endswith(endings)), "VolumeFile")

    def loadNodes(self, file_type: str, properties: dict, loaded: Any = None, messages: Any = None) -> bool:
        path = Path(properties["fileName"])
        if not path.is_file():
            _complain(messages, f"no such file: {path}")
            return False
        if file_type == "SceneFile":
            return _load_scene(path, clear=properties.get("clear", False))
        node = self._load(file_type, path, properties, messages)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def saveNodes(self, file_type: str, properties: dict, messages: Any = None) -> bool:
        path = Path(properties["fileName"])
        if file_type == "SceneFile":
            return _save_scene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(str(path))
        return _write(node, node.GetStorageNode(), path, properties)

    def exportNodes(
        self, node_ids: list[str], file_names: list[str], properties: dict, harden: bool, messages: Any = None
    ) -> bool:
        if harden:
            message = "no stand-in for exporting in world coordinates"
            raise NotImplementedError(message)
        nodes = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in node_ids]
        return all(
            _write(node, _storage(node), Path(name), properties) for node, name in zip(nodes, file_names, strict=True)
        )

    def fileWriterFileType(self, node: Any) -> str:
        return node.GetClassName()

    def fileWriterExtensions(self, node: Any) -> list[str]:
        types = _storage(node).GetSupportedWriteFileTypes()
        return [types.GetValue(index) for index in range(types.GetNumberOfValues())]

    def extractKnownExtension(self, file_name: str, node: Any) -> str:
        return _storage(node).GetSupportedFileExtension(file_name) or Path(file_name).suffix

    def _load(self, file_type: str, path: Path, properties: dict, messages: Any) -> Any:
        name = properties.get("name") or path.name.partition(".")[0]
        if file_type == "VolumeFile":
            return _load_volume(path, name, properties)
        if file_type == "SegmentationFile":
            return slicer.modules.segmentations.logic().LoadSegmentationFromFile(str(path), True, name)
        if file_type == "MarkupsFile":
            ids = slicer.modules.markups.logic().LoadMarkups(str(path), name, messages)
            return slicer.mrmlScene.GetNodeByID(ids.split(",")[0]) if ids else None
        if file_type not in _NODE_CLASSES:
            message = f"no stand-in for loading a {file_type}"
            raise NotImplementedError(message)
        return _load_by_storage_node(_NODE_CLASSES[file_type], path, name)


def _load_volume(path: Path, name: str, properties: dict) -> Any:
    options = sum(bit for key, bit in _VOLUME_OPTIONS.items() if properties.get(key))
    files = vtkStringArray()
    for each in properties.get("fileNames") or []:
        files.InsertNextValue(str(each))
    listed = files if files.GetNumberOfValues() else None
    return slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, options, listed)


def _load_by_storage_node(kind: str, path: Path, name: str) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    node.AddDefaultStorageNode(str(path))
    if not node.GetStorageNode().ReadData(node):
        slicer.mrmlScene.RemoveNode(node)
        return None
    if hasattr(node, "CreateDefaultDisplayNodes"):
        node.CreateDefaultDisplayNodes()
    return node


def _load_scene(path: Path, *, clear: bool) -> bool:
    scene = slicer.mrmlScene
    if path.suffix == ".mrb":
        return bool(scene.ReadFromMRB(str(path.resolve()), clear))
    scene.SetURL(str(path.resolve()))
    return bool(scene.Connect() if clear else scene.Import())


def _save_scene(path: Path) -> bool:
    """A scene file without data, or a bundle; the third form, a folder, has no stand-in."""
    if path.suffix not in (".mrml", ".mrb"):
        message = "no stand-in for saving a scene as a folder"
        raise NotImplementedError(message)
    scene, target = slicer.mrmlScene, path.resolve()
    if path.suffix == ".mrb":
        return bool(scene.WriteToMRB(str(target), None))
    scene.SetURL(str(target))
    scene.SetRootDirectory(str(target.parent))
    return bool(scene.Commit())


def _storage(node: Any) -> Any:
    """A storage node for this call alone."""
    storage = node.CreateDefaultStorageNode()
    storage.UnRegister(None)
    storage.SetScene(slicer.mrmlScene)
    return storage


def _write(node: Any, storage: Any, path: Path, properties: dict) -> bool:
    storage.SetFileName(str(path))
    if "useCompression" in properties:
        storage.SetUseCompression(int(properties["useCompression"]))
    return bool(storage.WriteData(node))


def _complain(messages: Any, text: str) -> None:
    if messages is not None:
        messages.AddMessage(vtkCommand.ErrorEvent, text)
