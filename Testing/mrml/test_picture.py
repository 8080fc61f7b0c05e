from __future__ import annotations

import numpy as np
import pytest
from mrml_case import case_on, tilted_affine
from PIL import Image

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.case_nodes import add_case
from LiverTumorSegLib.mrml.picture import render_3d, side_letter, write_png
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.views import add_default_views, focus_of

WIDTH, HEIGHT = 240, 180


@pytest.fixture
def picture(session) -> np.ndarray:
    """Of a case whose larger tumor lies to the patient's right (low i of a grid that runs to the left) and high."""
    case = case_on(tilted_affine())
    nodes = add_case(session.scene, case)
    create_surfaces(nodes.result.segmentation)
    return render_3d(
        session.scene,
        session.application_logic,
        focus_of(case.segmentation, case.measurements.lesions),
        (WIDTH, HEIGHT),
    ).astype(int)


def center_of(mask: np.ndarray) -> tuple[float, float]:
    """Row and column of the middle of a region of the picture."""
    assert mask.sum() > 30
    row, column = np.argwhere(mask).mean(axis=0)
    return float(row), float(column)


def test_the_picture_has_its_size_and_a_white_ground(picture):
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert (picture[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()


def test_head_is_up_and_the_patients_right_is_on_the_left_of_the_picture(picture):
    red, green, blue = np.moveaxis(picture, 2, 0)
    tumor = (green > red + 20) & (green > blue + 60)
    drawn = (picture.min(axis=2) < 240) & (np.abs(red - blue) > 10)
    (tumor_row, tumor_column), (row, column) = center_of(tumor), center_of(drawn)
    assert tumor_column < column - 10
    assert tumor_row < row - 5


def test_the_vessel_shows_through_the_translucent_liver(picture):
    red, green, blue = np.moveaxis(picture, 2, 0)
    assert ((blue > red + 30) & (blue > green)).sum() > 100
    assert ((red > blue + 15) & (red > 200)).sum() > 1500


def test_the_liver_fills_the_picture_and_is_not_cut_off(picture):
    red, _, blue = np.moveaxis(picture, 2, 0)
    rows, columns = np.nonzero(np.abs(red - blue) > 10)
    assert min(rows.min(), columns.min()) > 0
    assert rows.max() < HEIGHT - 1
    assert columns.max() < WIDTH - 1
    assert rows.max() - rows.min() > HEIGHT / 3


def test_a_picture_leaves_the_scene_as_it_was(session):
    case = case_on(tilted_affine())
    nodes = add_case(session.scene, case)
    add_default_views(session.scene, nodes.volume, focus_of(case.segmentation, case.measurements.lesions))
    before = session.scene.GetNumberOfNodes()
    for _ in range(2):
        render_3d(
            session.scene, session.application_logic, focus_of(case.segmentation, case.measurements.lesions), (64, 48)
        )
    assert session.scene.GetNumberOfNodes() == before
    assert session.scene.GetNumberOfNodesByClass("vtkMRMLCameraNode") == 1


@pytest.mark.parametrize(
    ("direction_ras", "letter"),
    [
        ((1, 0.2, 0), "R"),
        ((-1, 0, 0.4), "L"),
        ((0, 1, 0), "A"),
        ((0.3, -1, 0), "P"),
        ((0, 0, 1), "S"),
        ((0, 0.4, -1), "I"),
    ],
)
def test_letters_name_the_side_of_the_patient_that_a_direction_points_to(direction_ras, letter):
    assert side_letter(np.array(direction_ras)) == letter


def test_a_picture_is_written_as_it_is_and_an_unwritable_one_is_one_clear_line(tmp_path):
    picture = np.random.default_rng(2).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    write_png(tmp_path / "view.png", picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "view.png")), picture)
    with pytest.raises(InputError, match="could not be written"):
        write_png(tmp_path / "missing" / "view.png", picture)
