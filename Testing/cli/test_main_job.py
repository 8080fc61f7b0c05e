"""The main job from the command line on the phantom, with the real default model."""

from __future__ import annotations

import csv
import html.parser
import json

import nibabel as nib
import numpy as np
import pytest
from cli_runs import NETWORK_FILES, RESULT_FILES, cli
from PIL import Image

pytestmark = pytest.mark.weights


def test_the_result_folder_is_complete_and_nothing_else_is_left_beside_it(finished):
    out, _events = finished
    assert {file.name for file in out.iterdir()} == NETWORK_FILES
    assert [item.name for item in out.parent.iterdir()] == [out.name]


def test_label_maps_lie_on_the_grid_of_the_ct(finished, phantom):
    out, _events = finished
    ct = nib.load(phantom / "ct.nii.gz")
    for name, dtype in (("segmentation", np.uint8), ("lesions", np.uint16)):
        image = nib.load(out / f"{name}.nii.gz")
        assert image.shape == ct.shape
        assert image.get_data_dtype() == dtype
        assert np.abs(image.affine - ct.affine).max() < 1e-5


def test_liver_and_larger_tumors_of_the_phantom_are_found(finished, phantom):
    out, _events = finished
    truth = phantom / "segmentation.nii.gz"
    done = cli("evaluate", out, "--liver", truth, "--tumor", phantom / "lesions.nii.gz", "--progress", "json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["classes"]["liver"]["dice"] >= 0.85
    large = [lesion for lesion in facts["reference_lesions"] if lesion["volume_ml"] >= 4]
    assert len(large) >= 3
    assert all(lesion["covered"] > 0.1 for lesion in large), large


def test_volumes_in_the_json_are_those_of_the_label_map(finished):
    out, _events = finished
    image = nib.load(out / "segmentation.nii.gz")
    voxels, ml = np.asarray(image.dataobj), abs(np.linalg.det(image.affine[:3, :3])) / 1000
    measured = json.loads((out / "measurements.json").read_text())
    assert measured["schema"] == 1
    assert measured["liver"]["volume_ml"] == pytest.approx((voxels > 0).sum() * ml, rel=1e-6)
    assert measured["tumor"]["volume_ml"] == pytest.approx((voxels == 3).sum() * ml, rel=1e-6)
    assert measured["vessel"]["volume_ml"] == pytest.approx(np.isin(voxels, (2, 4, 5)).sum() * ml, rel=1e-6)


def test_lesion_ids_sizes_and_the_table_agree(finished):
    out, _events = finished
    measured = json.loads((out / "measurements.json").read_text())
    image = nib.load(out / "lesions.nii.gz")
    ids, ml = np.asarray(image.dataobj), abs(np.linalg.det(image.affine[:3, :3])) / 1000
    assert [lesion["id"] for lesion in measured["lesions"]] == list(range(1, ids.max() + 1))
    for lesion in measured["lesions"]:
        assert lesion["volume_ml"] == pytest.approx((ids == lesion["id"]).sum() * ml, rel=1e-6)
        ends = np.array(lesion["long_axis_ras_mm"])
        assert lesion["long_axis_mm"] == pytest.approx(np.linalg.norm(ends[1] - ends[0]), abs=1e-6)
    with (out / "measurements.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 1 + len(measured["lesions"])


def test_the_record_says_what_made_the_numbers(finished):
    out, _events = finished
    run = json.loads((out / "run.json").read_text())
    assert run["model"]["id"] == "combined"
    assert run["model"]["license"] == "Apache-2.0; CC-BY-NC-4.0"
    assert {network["network"] for network in run["model"]["networks"]} == {"liver", "lesion", "default"}
    assert len(run["source"]["sha256"]) == 64
    assert run["settings"]["min_lesion_ml"] == 0.1
    assert {"read", "liver", "tumors", "vessels", "measure", "scene", "report"} <= set(run["timings_s"])
    assert run["peak_memory_mib"] > 100
    assert run["versions"]["openvino"]


def test_report_is_self_contained_and_says_research_only(finished):
    class Resources(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attrs):
            self.found += [
                value for name, value in attrs if name in ("src", "data") or (tag == "link" and name == "href")
            ]

    out, _events = finished
    text = (out / "report.html").read_text()
    resources = Resources()
    resources.feed(text)
    assert resources.found
    assert all(value.startswith("data:") for value in resources.found)
    assert "research use only" in text.lower()


def test_overview_is_a_picture_with_outlines_in_the_labels_colors(finished):
    out, _events = finished
    with Image.open(out / "overview.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for color in ((221, 130, 101), (0, 151, 206), (145, 216, 51)):
        assert (np.abs(pixels.astype(int) - color).max(axis=1) <= 3).sum() > 100


def test_progress_rises_to_the_end_and_ends_with_the_result(finished):
    out, events = finished
    fractions = [event["fraction"] for event in events if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] > 0.9
    assert events[-1]["event"] == "result"
    assert events[-1]["folder"] == str(out)
    assert events[-1]["measurements"]["schema"] == 1


def without_confidence(lesions):
    """What masks alone can tell: the networks' answers are not measured again."""
    return [
        lesion | {"confidence": None, "flags": [flag for flag in lesion["flags"] if flag != "doubtful-lesion"]}
        for lesion in lesions
    ]


def test_measuring_the_written_segmentation_gives_the_same_numbers(finished, phantom, tmp_path):
    out, _events = finished
    for name in ("segmentation.seg.nrrd", "segmentation.nii.gz"):
        again = tmp_path / name
        done = cli("measure", phantom / "ct.nii.gz", out / name, "-o", again, "--progress", "none")
        assert done.returncode == 0, done.stderr
        first, second = (json.loads((folder / "measurements.json").read_text()) for folder in (out, again))
        assert second["liver"] == first["liver"]
        assert second["lesions"] == without_confidence(first["lesions"])
        assert all(0 < lesion["confidence"] < 1 for lesion in first["lesions"])
        assert (first["quality"] is None, second["quality"]) == (False, None)
        assert {file.name for file in again.iterdir()} == RESULT_FILES


def test_a_second_run_replaces_the_first_result(phantom, finished, tmp_path):
    out = tmp_path / "out"
    for _run in range(2):
        done = cli("measure", phantom / "ct.nii.gz", phantom / "segmentation.nii.gz", "-o", out, "--progress", "none")
        assert done.returncode == 0, done.stderr
    assert {file.name for file in out.iterdir()} == RESULT_FILES


def test_contents_data_leaves_out_what_is_for_people_and_measures_the_same(finished, phantom, tmp_path):
    out, _events = finished
    done = cli(
        "measure", phantom / "ct.nii.gz", out / "segmentation.nii.gz", "-o", tmp_path / "data", "--contents", "data"
    )
    assert done.returncode == 0, done.stderr
    assert f"result: {tmp_path / 'data'}" in done.stdout
    for_people = {"scene.mrb", "report.html", "overview.png", "summary.txt"}
    assert {file.name for file in (tmp_path / "data").iterdir()} == RESULT_FILES - for_people
    first, second = (json.loads((folder / "measurements.json").read_text()) for folder in (out, tmp_path / "data"))
    assert second["lesions"] == without_confidence(first["lesions"])
