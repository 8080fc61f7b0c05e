"""Pictures of what a user would see: slice views of a scene and widgets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import slicer
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper, vtkMapper, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from LiverTumorSegLib.mrml.picture import Picture, check_opengl, offscreen_window, pixels_of

_VIEW = "LiverTumorSegSlicePicture"
_MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D", "vtkMRMLMarkupsDisplayableManager")


def slice_picture(
    scene: Any,
    application_logic: Any,
    orientation: Literal["Axial", "Coronal", "Sagittal"],
    point_ras: tuple[float, float, float],
    field_of_view_mm: float,
    size_px: tuple[int, int],
    volume_node: Any = None,
) -> Picture:
    """The slice through a point, which is in the middle: the volume, outlines of segmentations, lines.

    Radiological: the patient's right is on the left of axial and coronal pictures, the face on the left of sagittal
    ones. field_of_view_mm: the width of the picture. The scene is left without a further node.
    """
    window = offscreen_window(size_px)
    check_opengl(window)
    with _temporary_slice(scene, application_logic) as logic, _polygon_offset():
        _aim(logic.GetSliceNode(), orientation, point_ras, field_of_view_mm, size_px)
        renderer = _renderer(window)
        if volume_node is not None:
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume_node.GetID())
            logic.UpdatePipeline()
            renderer.AddViewProp(_image_actor(logic))
        group = _displayable_managers(renderer, application_logic)
        group.SetMRMLDisplayableNode(logic.GetSliceNode())
        window.Render()
        picture = pixels_of(window)
        group.SetMRMLDisplayableNode(None)
    window.Finalize()
    return picture


def widget_picture(widget: Any, path: Path) -> None:
    """A widget as a PNG, laid out in the size that it has."""
    from PySide6.QtWidgets import QApplication

    widget.ensurePolished()
    QApplication.processEvents()
    if not widget.grab().save(str(path)):
        message = f"could not write {path}"
        raise OSError(message)


@contextmanager
def _temporary_slice(scene: Any, application_logic: Any) -> Iterator[Any]:
    """A slice logic that the displayable managers find through the application's logic."""
    before = {node.GetID() for node in _nodes(scene)}
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application_logic)
    logic.SetMRMLScene(scene)
    logic.AddSliceNode(_VIEW)
    application_logic.GetSliceLogics().AddItem(logic)
    try:
        yield logic
    finally:
        application_logic.GetSliceLogics().RemoveItem(logic)
        logic.SetSliceNode(None)
        logic.SetMRMLScene(None)
        for node in reversed(_nodes(scene)):
            if node.GetID() not in before:
                scene.RemoveNode(node)


@contextmanager
def _polygon_offset() -> Iterator[None]:
    """A setting of the whole process, which desktop Slicer makes at start-up; markups warn without it."""
    before = vtkMapper.GetResolveCoincidentTopology()
    vtkMapper.SetResolveCoincidentTopologyToPolygonOffset()
    try:
        yield
    finally:
        vtkMapper.SetResolveCoincidentTopology(before)


def _nodes(scene: Any) -> list[Any]:
    return [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]


def _aim(
    slice_node: Any,
    orientation: str,
    point_ras: tuple[float, float, float],
    field_of_view_mm: float,
    size_px: tuple[int, int],
) -> None:
    width, height = size_px
    slice_node.SetOrientation(orientation)
    slice_node.SetDimensions(width, height, 1)
    slice_node.SetFieldOfView(field_of_view_mm, field_of_view_mm * height / width, 1)
    to_ras = slice_node.GetSliceToRAS()
    for row, coordinate in enumerate(point_ras):
        to_ras.SetElement(row, 3, coordinate)
    slice_node.UpdateMatrices()


def _renderer(window: vtkRenderWindow) -> vtkRenderer:
    renderer = vtkRenderer()
    renderer.GetActiveCamera().ParallelProjectionOn()
    window.AddRenderer(renderer)
    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    return renderer


def _image_actor(logic: Any) -> vtkActor2D:
    """The blended image, already in colors: the mapper must not change them. Below all that is drawn on it."""
    mapper = vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    mapper.SetInputConnection(logic.GetImageDataConnection())
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.SetLayerNumber(0)
    actor.GetProperty().SetDisplayLocationToBackground()
    return actor


def _displayable_managers(renderer: vtkRenderer, application_logic: Any) -> Any:
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.SetRenderer(renderer)
    for kind in _MANAGERS:
        manager = getattr(slicer, kind)()
        manager.SetMRMLApplicationLogic(application_logic)
        group.AddDisplayableManager(manager)
    return group
