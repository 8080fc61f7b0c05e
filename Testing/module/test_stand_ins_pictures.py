"""Pictures of slices and widgets show what is there; skipped inside desktop Slicer, which needs none."""

from __future__ import annotations

import numpy as np
import pytest
import qt
import slicer
from scene_pictures import slice_picture, widget_picture
from stand_in_scene import AFFINE, BOX, FORM, load_form, segmentation, volume

if not getattr(qt, "IS_STAND_IN", False):
    pytest.skip("desktop Slicer has the real classes", allow_module_level=True)

__all__ = ["load_form", "segmentation", "volume"]


@pytest.mark.parametrize(
    ("orientation", "column_ras", "row_ras"),
    [
        ("Axial", (-1, 0, 0), (0, -1, 0)),
        ("Coronal", (-1, 0, 0), (0, 0, -1)),
        ("Sagittal", (0, -1, 0), (0, 0, -1)),
    ],
)
def test_a_slice_shows_the_segment_where_it_is(segmentation, volume, scene, orientation, column_ras, row_ras):
    center = (AFFINE @ (8.0, 13.5, 10.0, 1.0))[:3] + (3.0, 2.0, -4.0)
    nodes = scene.GetNumberOfNodes()
    picture = slice_picture(
        scene, slicer.app.applicationLogic(), orientation, tuple(center.tolist()), 50.0, (250, 200), volume
    ).astype(int)
    assert scene.GetNumberOfNodes() == nodes
    rows, columns = np.indices((200, 250)) + 0.5
    millimeters = np.stack([columns - 125, rows - 100], axis=-1) * 50.0 / 250
    points = center + millimeters @ np.array([column_ras, row_ras], float)
    index = (points - AFFINE[:3, 3]) @ np.linalg.inv(AFFINE[:3, :3]).T
    low = np.array([each.start for each in BOX]) - 0.5
    high = np.array([each.stop for each in BOX]) - 0.5
    depth = np.minimum(index - low, high - index).min(axis=-1)
    red = picture[..., 0] > picture[..., 1] + 40
    assert (depth > 0.5).sum() > 500
    assert red[depth > 0.5].all()
    assert not red[depth < -0.8].any()


def test_a_line_is_drawn_in_the_slice_that_it_lies_in(volume, scene):
    line = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Long axis")
    start = (AFFINE @ (16.0, 14.0, 11.0, 1.0))[:3]
    for point in (start, start + (15.0, 0.0, 0.0)):
        line.AddControlPoint(*point.tolist())
    line.GetDisplayNode().SetPropertiesLabelVisibility(False)
    line.GetDisplayNode().SetPointLabelsVisibility(False)
    pictures = [
        slice_picture(scene, slicer.app.applicationLogic(), "Axial", tuple(at.tolist()), 50.0, (200, 200)).astype(int)
        for at in (start, start + (0.0, 0.0, 6.0))
    ]
    drawn, elsewhere = (picture[..., 0] > picture[..., 1] + 40 for picture in pictures)
    # The patient's right is on the left: 7.5 mm of 50 from the middle is the line's own middle.
    assert drawn[95:106, 65:75].any()
    assert not drawn[95:106, 125:].any()
    assert not elsewhere.any()


def test_a_widget_is_photographed_with_readable_text(load_form, segmentation, scene, tmp_path):
    from PIL import Image

    form = load_form(FORM)
    ui = slicer.util.childWidgetVariables(form)
    ui.editor.setMRMLSegmentEditorNode(scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    form.setMRMLScene(scene)
    ui.editor.setMRMLScene(scene)
    ui.editor.setSegmentationNode(segmentation)
    form.resize(420, 480)
    widget_picture(form, tmp_path / "form.png")
    picture = np.asarray(Image.open(tmp_path / "form.png").convert("RGB")).astype(int)
    assert picture.shape[:2] == (480, 420)
    red = (picture[..., 0] > 240) & (picture[..., 1:].max(axis=-1) < 20)
    assert red.sum() > 300
    # Without fonts Qt draws boxes or nothing: the same words must differ from other words.
    words = {text: _label_pixels(text) for text in ("Hill", "Mill")}
    assert not np.array_equal(words["Hill"], words["Mill"])
    assert (words["Hill"] < 128).any()


def _label_pixels(text: str) -> np.ndarray:
    label = qt.QLabel(text)
    label.resize(80, 20)
    image = label.grab().toImage().convertToFormat(qt.QImage.Format_Grayscale8)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine()).copy()
