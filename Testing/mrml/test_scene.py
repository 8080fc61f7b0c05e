from __future__ import annotations

from pathlib import Path

from LiverTumorSegLib.mrml.scene import HeadlessScene


def test_two_scenes_in_one_process_do_not_share_nodes(vtk_errors):
    with HeadlessScene() as first, HeadlessScene() as second:
        first.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
        assert first.scene.GetFirstNodeByName("mine").GetScene() is first.scene
        assert second.scene.GetFirstNodeByName("mine") is None


def test_a_scene_knows_the_node_classes_and_colors_of_the_desktop(scene):
    for kind in ("ScalarVolume", "Segmentation", "MarkupsLine", "Table", "LinearTransform"):
        assert scene.AddNewNodeByClass(f"vtkMRML{kind}Node") is not None
    assert scene.GetNodeByID("vtkMRMLColorTableNodeGrey") is not None


def test_closing_leaves_neither_scene_nor_files_behind(vtk_errors):
    session = HeadlessScene()
    gone = []
    session.scene.AddObserver("DeleteEvent", lambda *_: gone.append(True))
    session.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "a node")
    folder = Path(session._folder.name)
    assert folder.is_dir()
    session.close()
    session.close()
    assert gone == [True]
    assert not folder.exists()
