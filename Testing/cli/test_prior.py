"""``livertumorseg prior`` as users run it: a table and ratios in, the folder out, new patients, the refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from cli_runs import cli, events
from clinical_tables import linear_rows, write_csv_table

from LiverTumorSegLib.cli.main import main
from LiverTumorSegLib.cli.prior_command import MODELS
from LiverTumorSegLib.clinical.regressions import LINEAR_MODELS
from LiverTumorSegLib.io.prior_files import read_prior

QUICK = ("--folds", 3, "--repeats", 1, "--shuffles", 2)
FILES = {"prior.json", "prior.csv", "prior.md", "report", "run.json"}
TABLE = "HCC-TACE-Seg_clinical_data-V2.xlsx"


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write_csv_table(tmp_path_factory.mktemp("table") / "patients.csv", linear_rows())


@pytest.fixture(scope="module")
def fitted(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("prior") / "out"
    done = cli("prior", "--table", table, "--tlvr", "TLVR", "-o", out, *QUICK, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return out, events(done)


def test_the_folder_is_what_training_reads(fitted):
    out, told = fitted
    assert {item.name for item in out.iterdir()} == FILES
    assert (out / "report" / "index.html").is_file()
    ratios = read_prior(out / "prior.json")
    assert ratios == {row["TCIA_ID"]: pytest.approx(row["TLVR"], abs=1e-6) for row in linear_rows()}
    assert told[-1]["event"] == "result"
    assert told[-1]["cross_validated"]["r"]["value"] == pytest.approx(1)
    fractions = [event["fraction"] for event in told if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert len(fractions) > 20


def test_json_table_and_record_agree(fitted, table):
    out, _ = fitted
    data = json.loads((out / "prior.json").read_text())
    with (out / "prior.csv").open() as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    for case, one in data["predictions"].items():
        assert float(rows[case]["predicted"]) == one["predicted"]
        assert int(rows[case]["fold"]) == one["fold"]
    assert data["left_out"] == {"TTP": "known only after treatment (weeks from the procedure to progression)"}
    run = json.loads((out / "run.json").read_text())
    assert run["source"]["table"] == str(table)
    assert run["source"]["sha256"] == data["table"]["sha256"]
    assert run["versions"]["scikit-learn"]
    assert "0.820" in (out / "prior.md").read_text()


def test_new_patients_are_predicted_from_the_file_alone(fitted, tmp_path):
    new = [
        {"case": "n1", "age": 70, "Evidence_of_cirh": 1, "hepatitis": "HBV"},
        {"case": "n2", "age": None, "Evidence_of_cirh": 0, "hepatitis": "HCV"},
    ]
    given = write_csv_table(tmp_path / "new.csv", new)
    done = cli("prior", "--apply", fitted[0], "--table", given, "-o", tmp_path / "out", "--progress", "json")
    assert done.returncode == 0, done.stderr
    predicted = read_prior(tmp_path / "out")
    assert predicted["n1"] == pytest.approx(0.5 + 0.02 + 0.1 - 0.05)
    assert 0.46 < predicted["n2"] < 0.54, "an age that is not known is average"
    with (tmp_path / "out" / "prior.csv").open() as file:
        assert [row["columns_not_known"] for row in csv.DictReader(file)] == ["0", "1"]


def test_ratios_come_from_masks_of_the_same_names(tmp_path):
    """20 patients; tumor voxels 1 to 20 of 40: the ratio follows the age."""
    masks = tmp_path / "masks"
    masks.mkdir()
    rows = []
    for n in range(1, 22):
        rows.append({"case": f"p{n}", "age": 40 + 2 * n, "Sex": 1 + n % 2})
        if n < 21:
            labels = np.zeros((4, 5, 6), np.uint8)
            labels.reshape(-1)[5:45] = 1
            labels.reshape(-1)[5 : 5 + n] = 3
            nibabel.save(nibabel.Nifti1Image(labels, np.diag([0.7, 0.8, 5.0, 1.0])), masks / f"p{n}.nii.gz")
    table = write_csv_table(tmp_path / "t.csv", rows)
    done = cli("prior", "--table", table, "--masks", masks, "-o", tmp_path / "out", *QUICK, "--progress", "none")
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "out" / "prior.json").read_text())
    assert data["target"] == "tlvr"
    assert {case: one["observed"] for case, one in data["predictions"].items()} == {
        f"p{n}": n / 40 if n < 21 else None for n in range(1, 22)
    }
    assert data["predictions"]["p21"]["predicted"] == pytest.approx(21 / 40)


REFUSED = {
    "Perhaps TLVR is meant": ("--target", "TLRV"),
    "hepatitis holds": ("--target", "hepatitis"),
    "to be ratios|from 0 to 1": ("--tlvr", "age"),
    "--repeats 0": ("--tlvr", "TLVR", "--repeats", 0),
    "no column 'nix'": ("--tlvr", "TLVR", "--exclude", "nix"),
    "no folder": ("--masks", "/nowhere"),
    "no case of the table has a ratio": ("--ratios", "RATIOS"),
    "--apply together with --outcome": ("--apply", "RATIOS", "--outcome"),
    "cannot be read": ("--apply", "RATIOS"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_used_is_one_line_with_exit_code_two(table, tmp_path, said, capsys):
    """Without a process of its own, since there are many."""
    ratios = write_csv_table(tmp_path / "ratios.csv", [{"case": "other", "tlvr": 0.5}])
    words = [ratios if word == "RATIOS" else word for word in REFUSED[said]]
    given = ("prior", "--table", table, *words, "-o", tmp_path / "out", "--progress", "none")
    assert main([str(word) for word in given]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert any(one in line for one in said.split("|"))
    assert [item.name for item in tmp_path.iterdir()] == ["ratios.csv"]


def test_the_models_that_can_be_chosen_are_those_that_can_be_stored():
    assert tuple(LINEAR_MODELS) == MODELS


@pytest.mark.real
def test_the_public_table_of_105_patients(real_data, tmp_path):
    """Tumor size from the covariates of HCC-TACE-Seg: much of what is learned is learned by heart."""
    table = real_data / "clinical" / TABLE
    if not table.is_file():
        pytest.skip(f"no {table}")
    out = tmp_path / "out"
    done = cli("prior", "--table", table, "--target", "Tr_Size", "-o", out, *QUICK, "--progress", "none")
    assert done.returncode == 0, done.stderr
    data = json.loads((out / "prior.json").read_text())
    assert len(data["predictions"]) == 105
    assert sum(one["observed"] is not None for one in data["predictions"].values()) == data["patients"] == 53
    assert data["notes"] == []
    assert {"TTP", "OS", "chemotherapy", "BCLC", "TNM", "T_involvment", "1_RECIST_BL"} <= set(data["left_out"])
    assert data["predictions"]["HCC_001"]["fold"] is None or data["predictions"]["HCC_001"]["observed"] is not None
    metrics = data["metrics"]
    assert metrics["in_sample"]["r"]["value"] > 0.6
    assert metrics["cross_validated"]["r"]["value"] < metrics["in_sample"]["r"]["value"] - 0.2
