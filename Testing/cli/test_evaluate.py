"""``evaluate`` as users run it: one case, a table of cases, two folders; real files on an anisotropic, oblique grid."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_runs import cli
from PIL import Image

from LiverTumorSegLib.cli.evaluate_command import SIZES
from LiverTumorSegLib.cli.main import build_parser
from LiverTumorSegLib.evaluation.case_strata import CaseSize
from LiverTumorSegLib.evaluation.summary import ROLES

AFFINE = np.array([[-1.9, 0.2, 0.1, 60], [0.2, 1.9, -0.6, -50], [0, 0.4, 4.0, -30], [0, 0, 0, 1]])
SHAPE = (44, 40, 16)
FILES = {"evaluation.json", "evaluation.md", "scores.png", "lesions.png"}


def label_map(shift: int = 0) -> np.ndarray:
    """Liver (1), a vessel (2) and two tumours (3) of 5 and 3 voxels in a row; the tumours moved by ``shift``."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[4:38, 4:34, 3:13] = 1
    labels[6:30, 6:9, 5:8] = 2
    labels[10 + shift : 15 + shift, 20:25, 6:10] = 3
    labels[26:29, 20:23, 6:8] = 3
    return labels


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def evaluate(*words: object) -> dict:
    """The result that programs are told."""
    done = cli("evaluate", *words, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def refused(*words: object) -> str:
    """The one line that people are told."""
    done = cli("evaluate", *words, "--progress", "none")
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.fixture
def files(tmp_path) -> Path:
    """predictions/ and references/ of the cases a (perfect), b (tumour moved by 2 voxels), c (one lesion missed)."""
    missed = label_map()
    missed[26:29, 20:23, 6:8] = 1
    missed[33:35, 6:8, 6:8] = 3
    for name, labels in (("a", label_map()), ("b", label_map(2)), ("c", missed)):
        save(tmp_path / "predictions" / f"{name}.nii.gz", labels)
        save(tmp_path / "references" / f"{name}.nii.gz", label_map())
    return tmp_path


def table(folder: Path, *lines: str, name: str = "pairs.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def roles_table(files: Path) -> Path:
    return table(
        files,
        "case,prediction,reference,role,annotated",
        "a,predictions/a.nii.gz,references/a.nii.gz,trained-on,",
        "b,predictions/b.nii.gz,references/b.nii.gz,never-seen,liver tumour",
        "c,predictions/c.nii.gz,references/c.nii.gz,never-seen,",
    )


def test_a_table_gives_numbers_tables_and_pictures_for_each_role(files):
    out = files / "out"
    facts = evaluate("--cases", roles_table(files), "-o", out)
    assert {path.name for path in out.iterdir()} == FILES
    numbers = json.loads((out / "evaluation.json").read_text())
    assert facts["groups"] == numbers["groups"]
    trained, unseen = numbers["groups"]
    assert (trained["role"], trained["cases"], unseen["role"], unseen["cases"]) == ("trained-on", 1, "never-seen", 2)
    assert trained["structures"]["tumor"]["dice"]["mean"] == trained["structures"]["tumor"]["nsd"]["mean"] == 1.0
    assert unseen["structures"]["vessel"]["dice"]["cases"] == 1
    lesions = unseen["lesions"]
    assert (lesions["sensitivity"]["hits"], lesions["sensitivity"]["total"]) == (3, 4)
    assert (lesions["precision"]["hits"], lesions["precision"]["total"]) == (3, 4)
    assert lesions["false_ml"] == pytest.approx(8 * abs(np.linalg.det(AFFINE)) / 1000, rel=1e-4)
    for picture in ("scores.png", "lesions.png"):
        assert Image.open(out / picture).width == 1240
    assert "| never-seen | liver" in (out / "evaluation.md").read_text(encoding="utf-8")


def test_a_case_holds_its_scores_and_its_lesions_with_their_sizes(files):
    out = files / "out"
    evaluate("--cases", roles_table(files), "-o", out)
    cases = {case["case"]: case for case in json.loads((out / "evaluation.json").read_text())["cases"]}
    assert set(cases["b"]["classes"]) == {"liver", "tumor"}
    voxels, common = 100 + 18, 60 + 18
    assert cases["b"]["classes"]["tumor"]["dice"] == pytest.approx(2 * common / (2 * voxels))
    assert 0 < cases["b"]["classes"]["tumor"]["nsd"] < 1
    large, small = cases["c"]["reference_lesions"]
    assert (large["hit"], small["hit"]) == (True, False)
    steps = np.linalg.norm(AFFINE[:3, :2], axis=0)
    assert large["longest_mm"] > 5 * min(steps) > small["longest_mm"] > 3 * min(steps)
    (false,) = [lesion for lesion in cases["c"]["predicted_lesions"] if not lesion["hit"]]
    np.testing.assert_allclose(false["center_ras"], (AFFINE @ [33.5, 6.5, 6.5, 1])[:3], atol=0.01)
    assert cases["c"]["prediction"].endswith("c.nii.gz")


def test_sizes_and_replications_of_a_table_give_the_papers_scores(files):
    """Case b in two random splits, with two predictions: the tumours overlap by 78 of 118 voxels, and all of them."""
    cases = table(
        files,
        "case,prediction,reference,replication",
        "b,predictions/b.nii.gz,references/b.nii.gz,1",
        "b,predictions/a.nii.gz,references/b.nii.gz,2",
    )
    out = files / "out"
    done = cli("evaluate", "--cases", cases, "--strata", "diameter,volume", "-o", out)
    assert done.returncode == 0, done.stderr
    numbers = json.loads((out / "evaluation.json").read_text())
    assert [case["replication"] for case in numbers["cases"]] == ["1", "2"]
    tumor = numbers["cases"][0]["classes"]["tumor"]
    assert tumor["accuracy"] == pytest.approx(1 - 2 * 40 / (44 * 40 * 16))
    assert (tumor["iou"], tumor["sensitivity"]) == pytest.approx((78 / 158, 78 / 118))
    (group,) = numbers["groups"]
    iou = group["voxels"]["tumor"]["over_replications"]["iou"]
    assert (iou["replications"], iou["mean"]) == (2, pytest.approx((1 + 78 / 158) / 2))
    assert [(one["name"], one["cases"]) for one in group["strata"]] == [
        ("diameter >= 100 mm", 0),
        ("diameter < 100 mm", 2),
        ("volume >= 500 ml", 0),
        ("volume < 500 ml", 2),
    ]
    assert numbers["definitions"]["case_bounds"] == {"diameter_mm": 100.0, "volume_ml": 500.0}
    assert re.search(r"diameter < 100 mm \| tumor +\| 2 replications", done.stdout)
    assert "## Cases by size" in (out / "evaluation.md").read_text(encoding="utf-8")


def test_sizes_that_nobody_knows_are_refused():
    done = cli("evaluate", "--cases", "x.csv", "--strata", "diameter,stage")
    assert done.returncode == 2
    assert "'diameter,stage' is not diameter or volume" in done.stderr


def test_two_folders_are_matched_by_name_and_what_is_left_over_is_said(files):
    (files / "predictions" / "b.nii.gz").unlink()
    (files / "predictions" / "dataset.json").write_text("{}")
    done = cli("evaluate", files / "predictions", "--reference", files / "references", "--role", "never-seen")
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| never-seen \| liver +\| 2 ", done.stdout)
    assert "Case 2 of 2: c" in done.stderr
    assert "b has no prediction and does not count" in done.stderr


def test_one_label_map_against_another_is_told_as_one_case(files):
    pair = (files / "predictions" / "b.nii.gz", "--reference", files / "references" / "b.nii.gz")
    facts = evaluate(*pair, "-o", files / "out")
    assert facts["classes"]["liver"] == {
        "dice": 1.0,
        "nsd": 1.0,
        "nsd_tolerance_mm": 7.0,
        "predicted_ml": pytest.approx(facts["classes"]["liver"]["reference_ml"]),
        "reference_ml": pytest.approx(34 * 30 * 10 * abs(np.linalg.det(AFFINE)) / 1000, rel=1e-4),
        "volume_error": 0.0,
        "accuracy": 1.0,
        "iou": 1.0,
        "sensitivity": 1.0,
        "specificity": 1.0,
    }
    assert {path.name for path in (files / "out").iterdir()} == FILES
    told = cli("evaluate", *pair, "--progress", "none").stdout
    assert re.search(r"^class +Dice +NSD", told)
    assert re.search(r"tumor +0\.661 ", told)


def test_an_old_evaluation_is_replaced_and_other_files_are_not(files):
    out = files / "out"
    words = (files / "predictions", "--reference", files / "references", "-o", out)
    evaluate(*words)
    evaluate(*words)
    (out / "notes.txt").write_text("mine")
    assert "notes.txt" in refused(*words)


def test_separate_masks_of_a_table_are_united_and_vessels_counted_inside_the_liver(files):
    labels = label_map()
    save(files / "liver.nii", (labels > 0).astype(np.uint8))
    portal, hepatic = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    portal[6:20, 6:9, 5:8] = 255
    hepatic[20:30, 6:9, 5:8] = 255
    hepatic[40:, :, :] = 255  # the vena cava outside
    save(files / "portal.nii", portal)
    save(files / "hepatic.nii", hepatic)
    cases = table(
        files,
        "case;prediction;liver;vessel",
        "a;predictions/a.nii.gz;liver.nii;portal.nii|hepatic.nii",
        name="semi.csv",
    )
    evaluate("--cases", cases, "-o", files / "out")
    (case,) = json.loads((files / "out" / "evaluation.json").read_text())["cases"]
    assert {name: item["dice"] for name, item in case["classes"].items()} == {"liver": 1.0, "vessel": 1.0}
    assert case["lesion_sensitivity"] is None
    assert {path.name for path in (files / "out").iterdir()} == FILES - {"lesions.png"}


def test_labels_json_beside_a_reference_says_values_and_what_was_annotated(files):
    lits = np.where(label_map() == 3, 2, label_map() > 0).astype(np.uint8)
    save(files / "lits" / "b.nii.gz", lits)
    (files / "lits" / "labels.json").write_text('{"liver": 1, "tumor": 2}')
    facts = evaluate(files / "predictions" / "b.nii.gz", "--reference", files / "lits" / "b.nii.gz")
    assert set(facts["classes"]) == {"liver", "tumor"}
    assert facts["classes"]["tumor"]["dice"] == pytest.approx(78 / 118)


def test_a_reference_without_vessels_that_nobody_explained_is_warned_about(files):
    labels = label_map()
    labels[labels == 2] = 1
    save(files / "references" / "a.nii.gz", labels)
    pair = ("evaluate", files / "predictions" / "a.nii.gz", "--reference", files / "references" / "a.nii.gz")
    told = cli(*pair).stderr
    assert "marks no vessel" in told
    assert "--annotated liver tumor" in told
    assert "marks no vessel" not in cli(*pair, "--annotated", "liver", "tumor").stderr


def test_a_segmentation_that_slicer_cropped_is_put_in_its_place(files):
    import nrrd

    labels, start = label_map()[4:38, 4:34, 3:13], np.array([4, 4, 3])
    lps = np.diag([-1.0, -1.0, 1.0])
    header = {
        "space": "left-posterior-superior",
        "space directions": (lps @ AFFINE[:3, :3]).T,
        "space origin": lps @ (AFFINE[:3, :3] @ start + AFFINE[:3, 3]),
        "kinds": ["domain"] * 3,
    }
    for number, (value, name) in enumerate(((1, "Liver"), (3, "Liver tumors"))):
        header |= {
            f"Segment{number}_ID": f"Segment_{value}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(value),
            f"Segment{number}_Layer": "0",
        }
    path = files / "reader.seg.nrrd"
    nrrd.write(str(path), np.where(labels == 2, 1, labels), header)
    facts = evaluate(files / "predictions" / "a.nii.gz", "--reference", path)
    assert {name: item["dice"] for name, item in facts["classes"].items()} == {"liver": 1.0, "tumor": 1.0}


def test_a_reference_on_another_grid_is_refused_with_the_case_and_both_grids(files):
    moved = AFFINE.copy()
    moved[2, 3] += 4
    save(files / "references" / "b.nii.gz", label_map(), moved)
    told = refused(files / "predictions", "--reference", files / "references", "-o", files / "out")
    assert "in case b" in told
    assert told.count("44 x 40 x 16 voxels") == 2
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("case,prediction",), "columns case, prediction"),
        (("name,prediction,reference", "a,a.nii,b.nii"), "columns name, prediction, reference"),
        (("case,prediction,reference",), "no case in"),
        (("case,prediction,reference", "a,predictions/a.nii.gz,"), "line 2 of pairs.csv has case, prediction only"),
        (("case,prediction,reference,role", "a,predictions/a.nii.gz,references/a.nii.gz,test"), "role 'test'"),
        (("case,prediction,reference,annotated", "a,predictions/a.nii.gz,references/a.nii.gz,spleen"), "'spleen'"),
        (("case,prediction,reference", "a,predictions/a.nii.gz,nowhere.nii.gz"), "nowhere.nii.gz not there"),
        (
            ("case,prediction,reference", *["a,predictions/a.nii.gz,references/a.nii.gz"] * 2),
            "a more than once in pairs.csv",
        ),
        (
            (
                "case,prediction,reference,replication",
                "a,predictions/a.nii.gz,references/a.nii.gz,1",
                "b,predictions/b.nii.gz,references/b.nii.gz,",
            ),
            "a replication in some lines of pairs.csv only",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(files, lines, told):
    assert told in refused("--cases", table(files, *lines))


def test_words_that_contradict_each_other_are_refused(files):
    first = files / "predictions" / "a.nii.gz"
    assert "neither RESULT nor --cases" in refused()
    assert "no expert mask" in refused(first)
    assert "--reference and masks" in refused(first, "--reference", first, "--liver", first)
    assert "--cases and other results" in refused(first, "--cases", roles_table(files))
    assert "not there" in refused(first, "--reference", files / "nowhere.nii")


def test_folders_whose_names_do_not_match_are_refused(files):
    (files / "references" / "b.nii.gz").rename(files / "references" / "b_gt.nii.gz")
    told = refused(files / "predictions", "--reference", files / "references")
    assert "no reference for b" in told
    assert "a, b_gt, c" in told
    (files / "empty").mkdir()
    assert "no segmentation in" in refused(files / "empty", "--reference", files / "references")


def test_the_roles_of_the_command_are_those_of_the_library():
    for role in ROLES:
        assert build_parser().parse_args(["evaluate", "result", "--reference", "b", "--role", role]).role == role


def test_the_sizes_of_the_command_are_those_of_the_library():
    assert tuple(CaseSize) == SIZES


@pytest.mark.real
def test_a_real_case_against_its_eroded_self(real_data, tmp_path):
    from real_cases import load_case
    from scipy import ndimage

    case = load_case(real_data, "ircad01")
    folder = real_data / "cases" / "ircad01"
    labels = np.where(case.lesions > 0, 3, np.where(case.vessels, 2, case.organ)).astype(np.uint8)
    organ = ndimage.binary_erosion(case.organ, iterations=3)
    save(tmp_path / "found.nii.gz", np.where(organ, labels, 0).astype(np.uint8), case.ct.affine)
    names = (
        "liver.nii.gz",
        "liver_tumors_instances.nii.gz",
        "portal_vein.nii.gz",
        "hepatic_veins_and_vena_cava.nii.gz",
    )
    liver, tumor, *vessel = (folder / name for name in names)
    facts = evaluate(tmp_path / "found.nii.gz", "--liver", liver, "--tumor", tumor, "--vessel", *vessel)
    expected = 2 * organ.sum() / (organ.sum() + case.organ.sum())
    assert facts["classes"]["liver"]["dice"] == pytest.approx(expected)
    assert 0.99 < facts["classes"]["liver"]["nsd"] < 1.0  # at most 4.8 mm, but for bridges that broke off
    assert len(facts["reference_lesions"]) == len(np.unique(case.lesions)) - 1
    assert facts["lesion_sensitivity"] == facts["lesion_precision"] == 1.0
