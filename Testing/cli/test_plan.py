"""``livertumorseg plan`` as users run it: the files, the refusals, a cancel."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_runs import ROOT, cli, command, events
from plan_cases import divided_case, write_result
from report_cases import inside

from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.seg_nrrd import read_seg_nrrd

ALWAYS = {"plan.json", "plan.html", "plan.png", "what_if.csv", "lesions.csv", "run.json"}
SEGMENTS = ("--resect", "III,IV,V,VI,VII,VIII")


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    write_nifti(folder / "ct.nii.gz", divided_case("oblique").study.ct)
    return write_result(folder / "result", divided_case("oblique"))


@pytest.fixture(scope="module")
def finished(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("plan") / "out"
    words = (*SEGMENTS, "--ct", result.parent / "ct.nii.gz", "--height", 170, "--weight", 70)
    done = cli("plan", result, "-o", out, *words, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return out, events(done)


def test_the_folder_holds_all_files_of_a_plan_and_nothing_else(finished):
    out, told = finished
    assert {item.name for item in out.iterdir()} == ALWAYS | {"resection.nii.gz", "resection.seg.nrrd"}
    assert [item.name for item in out.parent.iterdir()] == ["out"]
    assert told[-1]["event"] == "result"
    assert Path(told[-1]["report"]) == out / "plan.html"
    fractions = [event["fraction"] for event in told if event["event"] == "progress"]
    assert fractions == sorted(fractions)


def test_the_parts_lie_on_the_grid_of_the_result_and_add_up(finished, result):
    out, told = finished
    parts, segments = nib.load(out / "resection.nii.gz"), nib.load(result / "couinaud.nii.gz")
    np.testing.assert_allclose(parts.affine, segments.affine, atol=1e-4)
    values, segment = np.asarray(parts.dataobj), np.asarray(segments.dataobj)
    np.testing.assert_array_equal(values == 1, segment >= 3)
    np.testing.assert_array_equal(values == 2, (segment > 0) & (segment < 3))
    ml = abs(np.linalg.det(parts.affine[:3, :3])) / 1000
    resection = told[-1]["plan"]["resection"]
    assert resection["resected_ml"] == pytest.approx(int((values == 1).sum()) * ml, rel=1e-4)
    assert resection["remnant"]["flr_ml"] == pytest.approx(int((values == 2).sum()) * ml, rel=1e-4)


def test_slicer_gets_two_named_segments(finished):
    file = read_seg_nrrd(finished[0] / "resection.seg.nrrd")
    assert [(segment.id, segment.value, segment.code) for segment in file.segments] == [
        ("resected", 1, "10200004"),
        ("remnant", 2, "10200004"),
    ]
    assert file.mask(file.segments[0]).any()


def test_tables_and_json_agree(finished):
    out, _ = finished
    plan = json.loads((out / "plan.json").read_text())
    assert plan["schema"] == 1
    assert plan["patient"]["height_cm"] == 170
    with (out / "what_if.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["resection"] for row in rows] == [row["title"] for row in plan["what_if"]]
    assert float(rows[0]["flr_ml"]) == pytest.approx(plan["what_if"][0]["remnant"]["flr_ml"])
    with (out / "lesions.csv").open() as file:
        (lesion,) = csv.DictReader(file)
    assert float(lesion["capsule_distance_mm"]) == pytest.approx(plan["lesions"][0]["capsule"]["distance_mm"])


def test_the_record_says_which_result_was_planned_on(finished, result):
    record = json.loads((finished[0] / "run.json").read_text())
    assert record["command"] == "plan"
    assert record["source"]["result"] == str(result)
    assert len(record["source"]["sha256"]["couinaud.nii.gz"]) == 64
    assert record["source"]["run"]["command"] == "segment"
    assert record["settings"]["resect"] == SEGMENTS[1]
    assert record["versions"]["numpy"]
    assert record["timings_s"]["total"] > 0


def test_without_a_resection_there_are_relations_and_the_table_alone(result, tmp_path):
    done = cli("plan", result, "-o", tmp_path / "out", "--progress", "none")
    assert done.returncode == 0, done.stderr
    assert {item.name for item in (tmp_path / "out").iterdir()} == ALWAYS
    assert json.loads((tmp_path / "out" / "plan.json").read_text())["resection"] is None
    assert "usual resection" in done.stdout
    assert "mm" in done.stdout


def markups(folder: Path, *nodes: dict) -> Path:
    path = folder / "cut.mrk.json"
    path.write_text(json.dumps({"markups": [{"coordinateUnits": "mm", **node} for node in nodes]}))
    return path


def test_a_plane_on_the_command_line_and_one_from_slicer_cut_the_same(result, tmp_path):
    node = {"type": "Plane", "coordinateSystem": "LPS", "center": [-19.0, -8.0, 12.0], "normal": [-1.0, 0.0, 0.0]}
    ways = {
        "line": ("--plane", 19, 8, 12, 1, 0, 0, "--removes", 1),
        "file": ("--surface", markups(tmp_path, node), "--side", "along"),
    }
    told = []
    for name, words in ways.items():
        done = cli("plan", result, "-o", tmp_path / name, *words, "--progress", "none")
        assert done.returncode == 0, done.stderr
        told.append(json.loads((tmp_path / name / "plan.json").read_text())["resection"])
    assert told[0]["resected_ml"] == told[1]["resected_ml"]
    assert told[0]["lesions_removed"] == [1]
    # The liver from R 3 to 67, cut at R 19, to a voxel at the cut.
    assert told[0]["resected_ml"] / (told[0]["resected_ml"] + told[0]["remnant"]["flr_ml"]) == pytest.approx(
        0.75, abs=0.03
    )


def test_points_of_slicer_are_a_curved_surface(result, tmp_path):
    points = [(-19.0 - (a + s) / 50, -a, s) for a in (-30.0, 8.0, 46.0) for s in (-28.0, 12.0, 52.0)]
    node = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": [{"position": list(p)} for p in points]}
    file = markups(tmp_path, node)
    done = cli("plan", result, "-o", tmp_path / "out", "--surface", file, "--removes", 1, "--progress", "none")
    assert done.returncode == 0, done.stderr
    resection = json.loads((tmp_path / "out" / "plan.json").read_text())["resection"]
    assert resection["kind"] == "curved surface"
    assert resection["lesions_removed"] == [1]


def test_a_plan_replaces_an_earlier_plan_but_never_a_result(result, tmp_path):
    for _ in range(2):
        assert cli("plan", result, "-o", tmp_path / "out", "--progress", "none").returncode == 0
    before = {item.name: item.read_bytes() for item in result.iterdir()}
    done = cli("plan", result, "-o", result, "--progress", "none")
    assert done.returncode == 2
    assert {item.name: item.read_bytes() for item in result.iterdir()} == before


REFUSED = {
    "only one of height and weight": ("--height", 170),
    "a body surface": ("--height", 170, "--weight", 700),
    "without the side": ("--plane", 19, 8, 12, 1, 0, 0),
    "no plane or surface": (*SEGMENTS, "--removes", 1),
    "some of I, II": ("--resect", "IX"),
    "a direction": ("--plane", 19, 8, 12, 0, 0, 0, "--removes", 1),
    "ids of lesions": ("--plane", 19, 8, 12, 1, 0, 0, "--removes", "big"),
    "some of [1]": ("--plane", 19, 8, 12, 1, 0, 0, "--removes", 7),
    "a cut through the liver": ("--plane", 900, 8, 12, 1, 0, 0, "--side", "along"),
    "nowhere.mrk.json": ("--surface", "nowhere.mrk.json", "--removes", 1),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_makes_no_sense_is_one_line_with_exit_code_two(result, tmp_path, said):
    done = cli("plan", result, "-o", tmp_path / "out", *REFUSED[said], "--progress", "none")
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert said in line
    assert "Expected" in line
    assert list(tmp_path.iterdir()) == []


def test_a_result_without_segments_is_to_be_made_again_with_anatomy(tmp_path):
    folder = write_result(tmp_path / "result", replace(divided_case(), segments=None))
    done = cli("plan", folder, "-o", tmp_path / "out", "--progress", "none")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "couinaud.nii.gz" in line
    assert "--anatomy on" in line
    assert not (tmp_path / "out").exists()


def test_a_ct_or_a_cava_on_another_grid_is_refused(result, tmp_path):
    write_nifti(tmp_path / "ct.nii.gz", divided_case("upright").study.ct)
    for option in ("--ct", "--cava"):
        done = cli("plan", result, "-o", tmp_path / "out", option, tmp_path / "ct.nii.gz", "--progress", "none")
        assert done.returncode == 2
        assert "voxels of" in done.stderr
        assert not (tmp_path / "out").exists()


def test_the_distance_to_a_cava_that_is_given_is_told(result, tmp_path):
    """A tube behind the liver, whose back is at A -20: the lesion begins at A 6."""
    ct = divided_case("oblique").study.ct
    points = np.moveaxis(np.indices(ct.shape), 0, -1) @ ct.affine[:3, :3].T + ct.affine[:3, 3]
    cava = inside(((42.0, -28.0, 20.0), (6.0, 6.0, 40.0)), points)
    write_nifti(tmp_path / "cava.nii.gz", ct.with_array(cava.astype(np.uint8)))
    words = ("--cava", tmp_path / "cava.nii.gz", "--progress", "none")
    assert cli("plan", result, "-o", tmp_path / "out", *words).returncode == 0
    with (tmp_path / "out" / "lesions.csv").open() as file:
        (lesion,) = csv.DictReader(file)
    assert float(lesion["vena_cava_distance_mm"]) == pytest.approx(28, abs=2.5)


def test_two_ways_to_cut_at_once_are_refused(result, tmp_path):
    done = cli("plan", result, "-o", tmp_path / "out", *SEGMENTS, "--plane", 0, 0, 0, 1, 0, 0)
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["fields", "relations", "report"])
def test_a_cancel_leaves_nothing(result, tmp_path, stage, number):
    words = command("plan", result, "-o", tmp_path / "out", "--progress", "json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            if f'"stage": "{stage}"' in line:
                break
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert err.strip().endswith("Cancelled; nothing was written.")
    assert list(tmp_path.iterdir()) == []


def test_the_command_explains_itself_with_units():
    done = cli("plan", "--help")
    assert done.returncode == 0
    for words in ("(RAS, mm)", "in cm", "in kg", "(ml", "--resect", "V,VI,VII,VIII"):
        assert words in done.stdout
