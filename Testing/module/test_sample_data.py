"""The phantom as sample data: made by the command line in a child process, loaded as a CT."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import slicer
from LiverTumorSegModule import sample_data
from LiverTumorSegModule.sample_data import SAMPLE_NAME, load_phantom, register_sample_data

from LiverTumorSegLib.mrml.volume_node import view_of

PYTHON = (sys.executable,)
COARSE = ("--spacing", 6, 6, 8)


@pytest.fixture
def sources(monkeypatch):
    """What was registered with Slicer's Sample Data module, which is not part of its bare core.

    As there, a source that says nothing of files is an error, one without files is none.
    """
    registered: list[dict] = []

    class SampleDataLogic:
        @staticmethod
        def registerCustomSampleDataSource(*, uris=None, fileNames=None, nodeNames=None, **others):  # noqa: N802, N803
            assert len(uris) == len(fileNames) == len(nodeNames)
            registered.append({"uris": uris, **others})

    module = ModuleType("SampleData")
    module.SampleDataLogic = SampleDataLogic
    monkeypatch.setitem(sys.modules, "SampleData", module)
    return registered


def volumes() -> list:
    return list(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))


def test_the_phantom_is_one_ct_in_a_liver_window_and_no_file_is_left(scene, temporary):
    node = load_phantom(PYTHON, temporary, ("--spacing", 3, 3, 5))
    assert volumes() == [node]
    assert node.GetName() == "Phantom"
    assert node.GetSpacing() == pytest.approx((3, 3, 5))
    assert (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()) == (350, 60)
    assert list(temporary.iterdir()) == []
    assert node.GetStorageNode() is None


def test_the_phantoms_voxels_are_hu_of_air_around_tissue(scene, temporary):
    array = view_of(load_phantom(PYTHON, temporary, (*COARSE, "--noise", 0))).array
    assert array.dtype == np.int16
    assert array[0, 0, 0] == -1000
    assert 30 < array[tuple(length // 2 for length in array.shape)] < 1500


def test_slice_views_turn_to_the_phantom(scene, temporary):
    view = scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    node = load_phantom(PYTHON, temporary, COARSE)
    assert view.GetBackgroundVolumeID() == node.GetID()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--noise", -5), r"noise of -5\.0 HU\. Expected 0 to 200 HU\."),
        (("--spacing", 3, 0, 5), "spacing"),
        (("--seed", "many"), "--seed"),
    ],
    ids=["noise", "spacing", "no number"],
)
def test_an_absurd_option_is_an_error_in_the_commands_words_and_leaves_nothing(scene, temporary, options, words):
    before = scene.GetNumberOfNodes()
    with pytest.raises(RuntimeError, match=words):
        load_phantom(PYTHON, temporary, options)
    assert scene.GetNumberOfNodes() == before
    assert list(temporary.iterdir()) == []


def test_a_python_that_cannot_be_started_is_an_error_that_names_it(scene, temporary):
    with pytest.raises(RuntimeError, match="no-such-python could not be started"):
        load_phantom(("no-such-python",), temporary)
    assert list(temporary.iterdir()) == []


def test_the_sample_data_module_lists_the_phantom_once_slicer_has_started(sources):
    register_sample_data()
    (source,) = sources
    assert (source["category"], source["sampleName"]) == ("Liver Tumor Seg", SAMPLE_NAME)
    assert Path(source["thumbnailFileName"]).is_file()
    assert source["uris"] == []


def test_a_click_on_the_sample_loads_the_phantom(scene, sources, temporary, monkeypatch):
    monkeypatch.setattr(slicer.app, "temporaryPath", str(temporary))
    monkeypatch.setattr(sample_data, "load_phantom", lambda *where: load_phantom(*where, COARSE))
    register_sample_data()
    node = sources[0]["customDownloader"](object())
    assert volumes() == [node]
    assert node.GetSpacing() == pytest.approx((6, 6, 8))
    assert list(temporary.iterdir()) == []


def test_a_click_where_nothing_can_be_made_shows_an_error_and_loads_nothing(scene, sources, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda message, **_options: shown.append(message))
    monkeypatch.setattr(slicer.app, "testingEnabled", lambda: False)  # in tests, Slicer lets errors through
    monkeypatch.setattr(slicer.app, "temporaryPath", str(tmp_path / "missing"))
    register_sample_data()
    with pytest.raises(FileNotFoundError):  # Slicer shows it and lets it go on to the Python console
        sources[0]["customDownloader"](object())
    assert shown[0].startswith("The phantom could not be made.")
    assert volumes() == []
