"""Scene files."""

from __future__ import annotations

import contextlib
from pathlib import Path

import slicer

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.case_nodes import add_case
from LiverTumorSegLib.mrml.scene import HeadlessScene
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.views import add_default_views, focus_of


def write_scene_mrb(path: Path, case: Case) -> None:
    """A finished examination as one file that Slicer opens: CT, segmentation with surfaces, diameters, tables, views.

    Raises InputError if the file cannot be written; nothing half-written is left.
    """
    with HeadlessScene() as session:
        nodes = add_case(session.scene, case)
        create_surfaces(nodes.result.segmentation)
        add_default_views(session.scene, nodes.volume, focus_of(case.segmentation, case.measurements.lesions))
        save_mrb(session.scene, path)


def save_mrb(scene: slicer.vtkMRMLScene, path: Path) -> None:
    """Write a scene with all its data, compressed as Slicer does it.

    Raises InputError if that fails, a full disk for instance; nothing half-written is left.
    """
    messages = slicer.vtkMRMLMessageCollection()
    if not scene.WriteToMRB(str(path), None, messages):
        path.unlink(missing_ok=True)
        raise InputError(
            found=f"{path} could not be written{_reasons(messages)}",
            expected="a writable folder with room for the CT",
            remedy="Check permissions and free space",
        )


def load_mrb(scene: slicer.vtkMRMLScene, path: Path) -> None:
    """Add what a scene file holds to a scene. Raises InputError if it cannot be read."""
    messages = slicer.vtkMRMLMessageCollection()
    # Slicer unpacks in a temporary working directory, and stays there, deleted, if the file is no archive.
    with contextlib.chdir(Path.cwd()):
        was_read = scene.ReadFromMRB(str(path.resolve()), False, messages)
    if not was_read:
        raise InputError(
            found=f"{path} could not be read{_reasons(messages)}",
            expected="a scene bundle (.mrb) of 3D Slicer",
            remedy="Check the file, or write it again",
        )


def _reasons(messages: slicer.vtkMRMLMessageCollection) -> str:
    texts = [messages.GetNthMessageText(index).strip() for index in range(messages.GetNumberOfMessages())]
    return f" ({'; '.join(texts)})" if texts else ""
