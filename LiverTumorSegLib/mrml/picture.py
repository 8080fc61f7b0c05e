"""The segmentation as a 3D picture, drawn off-screen by Slicer's own displayable managers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from jaxtyping import UInt8
from PIL import Image
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkTextActor, vtkWindowToImageFilter
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.nodes import nodes_of_class
from LiverTumorSegLib.mrml.requirements import OPENGL
from LiverTumorSegLib.mrml.views import Focus, look_from_front

Picture = UInt8[np.ndarray, "height width 3"]

_VIEW = "LiverTumorSegPicture"
_MAXIMUM_PEELS = 4
"""More changed no pixel of a liver with vessels and seven tumors."""


def render_3d(scene: slicer.vtkMRMLScene, application_logic: Any, focus: Focus, size_px: tuple[int, int]) -> Picture:
    """Everything visible in 3D but lines and tables, from in front; white ground, letters for the patient's sides.

    size_px: width and height. Segmentations get their surfaces (``surfaces``) beforehand; the scene is left as
    it was. Raises InputError where no software or hardware OpenGL is installed.
    """
    window = offscreen_window(size_px)
    check_opengl(window)
    renderer = _renderer(window)
    with _temporary_view(scene) as view:
        group = _displayable_managers(renderer, application_logic)
        group.SetMRMLDisplayableNode(view)
        camera = renderer.GetActiveCamera()
        look_from_front(camera, focus, aspect=size_px[0] / size_px[1])
        _add_letters(renderer, size_px)
        window.Render()
        picture = pixels_of(window)
        group.SetMRMLDisplayableNode(None)
    window.Finalize()
    return picture


def check_opengl(window: vtkRenderWindow) -> None:
    """Raises InputError where a window cannot be drawn into: VTK itself would warn and then crash."""
    if not window.SupportsOpenGL():
        raise InputError(
            found="no OpenGL 3.2 that draws off-screen",
            expected="a graphics driver or Mesa's software renderer",
            remedy=f"Install one, {OPENGL}",
        )


def offscreen_window(size_px: tuple[int, int]) -> vtkRenderWindow:
    """A window without a screen; size_px: width and height. ``check_opengl`` it before drawing."""
    if sys.platform.startswith("linux"):
        from vtkmodules.vtkRenderingOpenGL2 import vtkEGLRenderWindow

        window = vtkEGLRenderWindow()
    else:
        window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    # With multisampling on a software renderer, translucent surfaces disappear.
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(1)
    window.SetSize(*size_px)
    return window


def write_png(path: Path, picture: Picture) -> None:
    """Raises InputError if the file cannot be written; nothing half-written is left."""
    try:
        Image.fromarray(picture).save(path, compress_level=3)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise InputError(
            found=f"{path} could not be written ({error.strerror or error})",
            expected="a writable folder with room for a picture",
            remedy="Check permissions and free space",
        ) from error


def _renderer(window: vtkRenderWindow) -> vtkRenderer:
    renderer = vtkRenderer()
    renderer.SetUseDepthPeeling(1)
    renderer.SetMaximumNumberOfPeels(_MAXIMUM_PEELS)
    renderer.SetUseFXAA(True)
    window.AddRenderer(renderer)
    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    return renderer


def _displayable_managers(renderer: vtkRenderer, application_logic: Any) -> Any:
    """The camera's first: the others ask it for the camera and crash without one.

    Made one by one, not by the process' factory, which belongs to the application.
    """
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.SetRenderer(renderer)
    for kind in ("Camera", "View", "Model", "Segmentations"):
        suffix = "3D" if kind == "Segmentations" else ""
        manager = getattr(slicer, f"vtkMRML{kind}DisplayableManager{suffix}")()
        manager.SetMRMLApplicationLogic(application_logic)
        group.AddDisplayableManager(manager)
    return group


@contextmanager
def _temporary_view(scene: slicer.vtkMRMLScene) -> Iterator[Any]:
    """A white view of its own, removed afterwards with the camera that its manager adds."""
    cameras_before = {camera.GetID() for camera in nodes_of_class(scene, "vtkMRMLCameraNode")}
    view = slicer.vtkMRMLViewNode()
    view.SetLayoutName(_VIEW)
    view.SetBoxVisible(False)
    view.SetAxisLabelsVisible(False)
    view.SetBackgroundColor(1, 1, 1)
    view.SetBackgroundColor2(1, 1, 1)
    view.SetUseDepthPeeling(True)
    view = scene.AddNode(view)
    try:
        yield view
    finally:
        scene.RemoveNode(view)
        for camera in nodes_of_class(scene, "vtkMRMLCameraNode"):
            if camera.GetID() not in cameras_before:
                scene.RemoveNode(camera)


def _add_letters(renderer: vtkRenderer, size_px: tuple[int, int]) -> None:
    """The patient's side at each edge of the picture."""
    width, height = size_px
    inset = height // 24
    camera = renderer.GetActiveCamera()
    forward, up = np.array(camera.GetDirectionOfProjection()), np.array(camera.GetViewUp())
    right = np.cross(forward, up)
    for direction_ras, x, y in (
        (right, width - inset, height // 2),
        (-right, inset, height // 2),
        (up, width // 2, height - inset),
        (-up, width // 2, inset),
    ):
        renderer.AddViewProp(_letter(side_letter(direction_ras), x, y, height // 18))


def side_letter(direction_ras: np.ndarray) -> str:
    """The letter of the patient's side that a direction points to."""
    axis = int(np.argmax(np.abs(direction_ras)))
    return ("RL", "AP", "SI")[axis][0 if direction_ras[axis] > 0 else 1]


def _letter(text: str, x: int, y: int, size_px: int) -> vtkTextActor:
    actor = vtkTextActor()
    actor.SetInput(text)
    actor.SetPosition(x, y)
    style = actor.GetTextProperty()
    style.SetFontSize(size_px)
    style.SetColor(0.35, 0.35, 0.35)
    style.SetBold(True)
    style.SetJustificationToCentered()
    style.SetVerticalJustificationToCentered()
    return actor


def pixels_of(window: vtkRenderWindow) -> Picture:
    """What was drawn, first row at the top."""
    grabber = vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.SetInputBufferTypeToRGB()
    grabber.ReadFrontBufferOff()
    grabber.Update()
    image = grabber.GetOutput()
    width, height, _ = image.GetDimensions()
    rows = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)
    return np.ascontiguousarray(rows[::-1])
