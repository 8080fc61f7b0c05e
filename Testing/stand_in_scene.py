"""A form, a volume, a segmentation and a table for the tests of the stand-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from mrml_case import SHAPE, oblique_affine

BOX = (slice(5, 12), slice(8, 20), slice(6, 15))
# Right-handed: Slicer turns the slices of a left-handed volume around when it reads the file.
AFFINE = oblique_affine() @ np.diag([1.0, -1.0, 1.0, 1.0])
FORM = """<ui version="4.0"><class>Form</class>
<widget class="qMRMLWidget" name="Form"><layout class="QVBoxLayout" name="column">
<item><widget class="ctkCollapsibleButton" name="section"><property name="text"><string>Input</string></property>
 <layout class="QFormLayout" name="fields">
 <item row="0" column="0"><widget class="QLabel" name="label"><property name="text"><string>CT:</string></property>
 </widget></item>
 <item row="0" column="1"><widget class="qMRMLNodeComboBox" name="ct">
  <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
  <property name="noneEnabled"><bool>true</bool></property>
 </widget></item></layout></widget></item>
<item><widget class="QPushButton" name="apply"><property name="text"><string>Apply</string></property></widget></item>
<item><widget class="qMRMLSegmentEditorWidget" name="editor"/></item>
</layout></widget>
<customwidgets>
<customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><container>1</container></customwidget>
<customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget>
<customwidget><class>qMRMLSegmentEditorWidget</class><extends>QWidget</extends></customwidget>
<customwidget><class>qMRMLWidget</class><extends>QWidget</extends><container>1</container></customwidget>
</customwidgets>
<connections><connection><sender>Form</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>ct</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


@pytest.fixture
def load_form(tmp_path: Path) -> Any:
    """From the text of a .ui file to its widgets."""

    def load(text: str) -> Any:
        path = tmp_path / "Form.ui"
        path.write_text(text)
        return slicer.util.loadUI(str(path))

    return load


@pytest.fixture
def volume(scene: Any) -> Any:
    """A ramp on an oblique, anisotropic grid."""
    i, _, k = np.indices(SHAPE)
    return slicer.util.addVolumeFromArray((8 * i + 3 * k).astype(np.int16).transpose(), AFFINE, "CT")


@pytest.fixture
def segmentation(volume: Any) -> Any:
    """A red box on an oblique grid."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Liver")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("box", "Box", (1, 0, 0))
    mask = np.zeros(SHAPE, np.uint8)
    mask[BOX] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask.transpose(), node, "box", volume)
    return node


def add_table(name: str = "Volumes") -> Any:
    """Two rows of two columns."""
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    table.SetUseColumnTitleAsColumnHeader(True)
    for column in ("Name", "Milliliters"):
        table.AddColumn().SetName(column)
    for row, cells in enumerate((("Liver", "1500"), ("Tumor", "12"))):
        table.AddEmptyRow()
        for column, cell in enumerate(cells):
            table.SetCellText(row, column, cell)
    return table


def add_text(name: str, **attributes: str) -> Any:
    """A text node with attributes."""
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLTextNode")
    node.UnRegister(None)
    node.SetName(name)
    for key, value in attributes.items():
        node.SetAttribute(key, value)
    return slicer.mrmlScene.AddNode(node)


class Recorder:
    """A slot that remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, *arguments: Any) -> None:
        self.calls.append(arguments[0] if len(arguments) == 1 else arguments)
