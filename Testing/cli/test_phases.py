"""``livertumorseg phases`` as users run it: the files, what is kept, the refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from cli_runs import cli, events
from phase_results import write_ct, write_phase_result

from LiverTumorSegLib.phases.phase import ContrastPhase

P = ContrastPhase
ALL = {"phases.json", "phases.html", "phases.png", "phases.csv", "run.json"}
CLASSICAL = ("--model", "classical", "--anatomy", "off")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[ContrastPhase, Path]:
    """Livers of the same size; in the delayed phase it is cut off in the middle."""
    folder = tmp_path_factory.mktemp("results")
    whole = {phase: write_phase_result(folder, phase) for phase in (P.LATE_ARTERIAL, P.PORTAL_VENOUS)}
    return whole | {P.DELAYED: write_phase_result(folder, P.DELAYED, first_slice=18)}


@pytest.fixture(scope="module")
def compared(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("phases") / "out"
    given = [results[phase] for phase in (P.DELAYED, P.PORTAL_VENOUS, P.LATE_ARTERIAL)]
    done = cli("phases", *given, "-o", out, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return out, events(done)


def test_the_report_holds_its_files_and_nothing_is_kept_of_results(compared):
    out, told = compared
    assert {item.name for item in (out / "report").iterdir()} == ALL
    assert [item.name for item in out.iterdir()] == ["report"]
    assert told[-1]["event"] == "result"
    assert Path(told[-1]["report"]) == out / "report" / "phases.html"
    fractions = [event["fraction"] for event in told if event["event"] == "progress"]
    assert fractions == sorted(fractions)


def test_phases_are_recognised_put_in_order_and_compared(compared):
    data = json.loads((compared[0] / "report" / "phases.json").read_text())
    assert [phase["title"] for phase in data["phases"]] == ["late arterial", "portal-venous", "delayed"]
    assert all(phase["recognised"]["confidence"] > 0.8 for phase in data["phases"])
    assert data["verdict"] == "pass"
    assert data["liver"]["percent"] == [0.0, 0.0, None]
    assert data["phases"][2]["left_out"].startswith("the liver reaches the edge")
    assert data["phases"][2]["verdict"] == "not evaluable"


def test_table_and_record_agree_with_the_json(compared, results):
    report = compared[0] / "report"
    data = json.loads((report / "phases.json").read_text())
    with (report / "phases.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["liver_ml"]) for row in rows] == [phase["liver_ml"] for phase in data["phases"]]
    assert rows[0]["aorta_hu"] == str(data["phases"][0]["recognised"]["evidence_hu"]["aorta"])
    run = json.loads((report / "run.json").read_text())
    assert run["command"] == "phases"
    assert {one["input"] for one in run["source"]["phases"]} == {str(path) for path in results.values()}
    assert run["timings_s"]["total"] > 0


def test_a_run_for_programs_draws_nothing(results, tmp_path):
    given = [results[phase] for phase in (P.PORTAL_VENOUS, P.LATE_ARTERIAL)]
    done = cli("phases", *given, "-o", tmp_path / "out", "--contents", "data", "--progress", "json")
    assert done.returncode == 0, done.stderr
    assert {item.name for item in (tmp_path / "out" / "report").iterdir()} == ALL - {"phases.html", "phases.png"}
    assert events(done)[-1]["report"] is None
    assert events(done)[-1]["phases"]["verdict"] == "pass"


def test_a_result_whose_ct_has_moved_is_known_again_by_ct(tmp_path):
    given = [write_phase_result(tmp_path / "all", phase) for phase in (P.NATIVE, P.PORTAL_VENOUS)]
    moved = tmp_path / "moved.nii.gz"
    (tmp_path / "all" / "native.nii.gz").rename(moved)
    for options, title in (((), "unknown"), (("--ct", moved), "native")):
        done = cli("phases", *given, "-o", tmp_path / "out", *options, "--contents", "data", "--progress", "none")
        assert done.returncode == 0, done.stderr
        data = json.loads((tmp_path / "out" / "report" / "phases.json").read_text())
        assert title in [phase["title"] for phase in data["phases"]]
        assert data["verdict"] == "pass", "volumes are compared all the same"


def test_cts_are_segmented_once_and_kept(tmp_path):
    """A CT with a result beside it; the second run finds what the first one has made."""
    given = write_ct(tmp_path / "cts", P.PORTAL_VENOUS), write_phase_result(tmp_path / "all", P.LATE_ARTERIAL)
    made = []
    for _ in range(2):
        done = cli("phases", *given, "-o", tmp_path / "out", *CLASSICAL, "--progress", "json")
        assert done.returncode == 0, done.stderr
        (folder,) = (tmp_path / "out" / "phases").iterdir()
        made.append({item.name: item.stat().st_mtime_ns for item in folder.iterdir()})
    assert made[0] == made[1]
    assert not any(event.get("message") == "Finding the liver" for event in events(done))
    data = events(done)[-1]["phases"]
    assert {Path(phase["result"]) for phase in data["phases"]} == {folder, given[1]}
    assert max(abs(percent) for percent in data["liver"]["percent"]) < 5


REFUSED = {
    "one CT": (P.PORTAL_VENOUS,),
    "the same CT twice": (P.PORTAL_VENOUS, P.PORTAL_VENOUS),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_compared_is_one_line_with_exit_code_two(results, tmp_path, said):
    given = [results[phase] for phase in REFUSED[said]]
    done = cli("phases", *given, "-o", tmp_path / "out", "--progress", "none")
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_two_patients_are_refused_unless_the_user_knows_better(tmp_path):
    given = [write_phase_result(tmp_path / "all", phase) for phase in (P.LATE_ARTERIAL, P.PORTAL_VENOUS)]
    for number, folder in enumerate(given):
        run = json.loads((folder / "run.json").read_text())
        run["source"]["patient_id"] = f"patient {number}"
        (folder / "run.json").write_text(json.dumps(run))
    words = ("phases", *given, "-o", tmp_path / "out", "--contents", "data", "--progress", "none")
    refused = cli(*words)
    assert refused.returncode == 2
    assert "different patient IDs (patient 0, patient 1)" in refused.stderr
    assert not (tmp_path / "out").exists()
    allowed = cli(*words, "--other-examination")
    assert allowed.returncode == 0, allowed.stderr
    assert "Compared although they have different patient IDs" in allowed.stdout


def test_the_report_replaces_no_other_folder(results, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "notes.txt").write_text("mine")
    given = [results[phase] for phase in (P.PORTAL_VENOUS, P.LATE_ARTERIAL)]
    done = cli("phases", *given, "-o", tmp_path, "--progress", "none")
    assert done.returncode == 2
    assert "holds other files" in done.stderr
    assert (tmp_path / "report" / "notes.txt").read_text() == "mine"


def test_the_command_explains_itself_with_units():
    done = cli("phases", "--help")
    assert done.returncode == 0
    for words in ("(ml)", "(%)", "(HU)", "--other-examination", "--series", "STUDY"):
        assert words in done.stdout
