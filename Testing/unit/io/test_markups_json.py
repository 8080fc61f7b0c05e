"""Planes and points of 3D Slicer, in the frame that the file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from refusals import refused

from LiverTumorSegLib.io.markups_json import Markup, read_markups


def points_node(frame: str = "LPS", kind: str = "Curve", **fields) -> dict:
    positions = ((-10.0, 20.0, 30.0), (-11.0, -21.5, 31.0))
    return {
        "type": kind,
        "coordinateSystem": frame,
        "coordinateUnits": "mm",
        "controlPoints": [{"position": list(position), "positionStatus": "defined"} for position in positions],
    } | fields


def plane_node(frame: str = "LPS") -> dict:
    return {
        "type": "Plane",
        "coordinateSystem": frame,
        "coordinateUnits": "mm",
        "center": [-10.0, -20.0, 30.0],
        "normal": [0.0, -0.6, 0.8],
        "controlPoints": [],
    }


def file_of(folder: Path, *nodes: dict) -> Path:
    path = folder / "cut.mrk.json"
    path.write_text(json.dumps({"@schema": "markups-schema-v1.0.3.json#", "markups": list(nodes)}))
    return path


def test_points_in_lps_come_back_in_ras_and_those_in_ras_as_they_are(tmp_path):
    found = read_markups(file_of(tmp_path, points_node("LPS")))
    assert found == Markup("Curve", ((10.0, -20.0, 30.0), (11.0, 21.5, 31.0)))
    found = read_markups(file_of(tmp_path, points_node("RAS", "Fiducial")))
    assert found == Markup("Fiducial", ((-10.0, 20.0, 30.0), (-11.0, -21.5, 31.0)))


def test_a_plane_has_its_centre_and_its_normal_in_ras(tmp_path):
    assert read_markups(file_of(tmp_path, plane_node("LPS"))).plane_ras == ((10.0, 20.0, 30.0), (0.0, 0.6, 0.8))
    assert read_markups(file_of(tmp_path, plane_node("RAS"))).plane_ras == ((-10.0, -20.0, 30.0), (0.0, -0.6, 0.8))


def test_a_file_without_a_frame_is_in_lps_as_slicer_takes_it(tmp_path):
    node = points_node()
    del node["coordinateSystem"]
    assert read_markups(file_of(tmp_path, node)).points_ras[0] == (10.0, -20.0, 30.0)


def test_points_of_several_nodes_are_one_set_and_those_not_placed_are_left_out(tmp_path):
    preview = points_node("RAS")
    preview["controlPoints"][1]["positionStatus"] = "preview"
    found = read_markups(file_of(tmp_path, points_node("LPS"), preview))
    assert found.points_ras == ((10.0, -20.0, 30.0), (11.0, 21.5, 31.0), (-10.0, 20.0, 30.0))


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([], "0 nodes"),
        ([plane_node(), points_node()], "1 of them planes"),
        ([points_node(kind="ROI")], "a ROI"),
        ([points_node("IJK")], "in IJK"),
        ([points_node(coordinateUnits="cm")], "cm"),
        ([{"type": "Plane", "coordinateSystem": "LPS"}], "center"),
        ([points_node(controlPoints=[{"position": [1.0, 2.0]}])], "no markups file"),
        ([points_node(controlPoints=[{"position": ["a", "b", "c"]}])], "no markups file"),
    ],
)
def test_what_is_no_plane_and_no_points_is_refused(tmp_path, nodes, said):
    with refused("cut.mrk.json", said):
        read_markups(file_of(tmp_path, *nodes))


@pytest.mark.parametrize("content", [b"not json", b"[1, 2]", b"{}", b"\xff\xfe\x00", b'{"markups": 5}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "cut.mrk.json"
    path.write_bytes(content)
    with refused("cut.mrk.json"):
        read_markups(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with refused("nowhere.mrk.json"):
        read_markups(tmp_path / "nowhere.mrk.json")


def test_what_slicer_itself_writes_comes_back(tmp_path):
    slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel or 3D Slicer")
    scene = slicer.vtkMRMLScene()
    plane, curve = slicer.vtkMRMLMarkupsPlaneNode(), slicer.vtkMRMLMarkupsCurveNode()
    for node, storage, name in (
        (plane, slicer.vtkMRMLMarkupsPlaneJsonStorageNode(), "plane"),
        (curve, slicer.vtkMRMLMarkupsJsonStorageNode(), "curve"),
    ):
        scene.AddNode(node)
        if node is plane:
            node.SetCenter(10, 20, 30)
            node.SetNormal(0, 0.6, 0.8)
        else:
            for point in ((1, 2, 3), (4, 5, 7)):
                node.AddControlPoint(point)
        scene.AddNode(storage)
        storage.SetFileName(str(tmp_path / f"{name}.mrk.json"))
        assert storage.WriteData(node) == 1
    center, normal = read_markups(tmp_path / "plane.mrk.json").plane_ras
    assert (center, normal) == (pytest.approx((10, 20, 30)), pytest.approx((0, 0.6, 0.8)))
    assert read_markups(tmp_path / "curve.mrk.json").points_ras == ((1.0, 2.0, 3.0), (4.0, 5.0, 7.0))
