"""``livertumorseg track`` as users run it: files, corrections that stay, refusals, cancels, CTs segmented first."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import psutil
import pytest
from cli_runs import ROOT, cli, command, events
from followup_pages import DATES, write_visit

from LiverTumorSegLib.timeline import FollowUp

REPORT = {"followup.json", "followup.html", "followup.png", "visits.csv", "lesions.csv", "run.json"}
QUIET = ("--progress", "none")


@pytest.fixture(scope="module")
def visits(tmp_path_factory) -> list[Path]:
    """Three result folders with their CTs beside them."""
    folder = tmp_path_factory.mktemp("visits")
    return [write_visit(folder, visit) for visit in range(3)]


@pytest.fixture(scope="module")
def finished(visits, tmp_path_factory):
    out = tmp_path_factory.mktemp("track") / "out"
    done = cli("track", *visits[::-1], "-o", out, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return out, events(done)


def timeline_of(out: Path) -> FollowUp:
    return FollowUp.from_json(json.loads((out / "report" / "followup.json").read_text()))


def copy_of(finished, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished[0], tmp_path / "out"))


def corrections_of(out: Path) -> dict:
    return json.loads((out / "corrections.json").read_text())


def test_the_folder_holds_the_report_and_nothing_else(finished):
    out, told = finished
    assert [item.name for item in out.iterdir()] == ["report"]
    assert {item.name for item in (out / "report").iterdir()} == REPORT
    assert told[-1]["event"] == "result"
    assert told[-1]["report"] == str(out / "report" / "followup.html")
    assert told[-1]["folder"] == str(out / "report")
    fractions = [event["fraction"] for event in told if event["event"] == "progress"]
    assert fractions == sorted(fractions)


def test_visits_are_in_the_order_of_time_whatever_the_order_given(finished, visits):
    timeline = timeline_of(finished[0])
    assert [visit.date for visit in timeline.visits] == list(DATES)
    assert [Path(visit.result) for visit in timeline.visits] == visits
    assert FollowUp.from_json(finished[1][-1]["followup"]) == timeline


def test_lesions_are_matched_over_moves_turns_and_grids_and_measured_as_they_were(finished, visits):
    """L1 is there thrice, L2 goes, L3 comes; diameters are those of the results to the bit."""
    timeline = timeline_of(finished[0])
    states = [[str(seen.state) for seen in lesion.sightings] for lesion in timeline.lesions]
    assert states == [
        ["baseline", "persistent", "persistent"],
        ["baseline", "gone", "gone"],
        ["absent", "absent", "new"],
    ]
    for number, folder in enumerate(visits):
        measured = json.loads((folder / "measurements.json").read_text())["lesions"]
        parts = [part for lesion in timeline.lesions for part in lesion.sightings[number].parts]
        assert {part.id: part.long_axis_mm for part in parts} == {one["id"]: one["long_axis_mm"] for one in measured}


def test_tables_page_and_record_agree_with_the_follow_up(finished, visits):
    report, timeline = finished[0] / "report", timeline_of(finished[0])
    with (report / "lesions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(timeline.lesions)
    page = (report / "followup.html").read_text()
    assert all(lesion.id in page for lesion in timeline.lesions)
    assert "drawings of the segmentation" not in page
    record = json.loads((report / "run.json").read_text())
    assert record["command"] == "track"
    assert [visit["result"] for visit in record["source"]["visits"]] == [str(folder) for folder in visits]
    assert record["settings"]["studies"] == [str(folder) for folder in visits[::-1]]
    assert record["peak_memory_mib"] > 50


def test_a_new_lesion_is_looked_back_at_in_the_cts_that_the_results_name(finished):
    lesion = timeline_of(finished[0]).lesions[2]
    assert [one.visit for one in lesion.look_back] == [0, 1]
    assert all(one.contrast_hu is not None and one.probability is None for one in lesion.look_back)


def test_the_terminal_shows_visits_and_lesions(visits, tmp_path):
    done = cli("track", *visits, "-o", tmp_path / "out", *QUIET)
    assert done.returncode == 0, done.stderr
    for words in ("visit  date", DATES[2], "PD", "L3", "new", "followup.html"):
        assert words in done.stdout
    assert done.stdout.isascii()


def test_contents_data_has_no_page(visits, tmp_path):
    done = cli("track", *visits, "-o", tmp_path / "out", "--contents", "data", "--progress", "json")
    assert done.returncode == 0, done.stderr
    assert {item.name for item in (tmp_path / "out" / "report").iterdir()} == REPORT - {"followup.html", "followup.png"}
    assert events(done)[-1]["report"] is None


def test_corrections_are_kept_and_used_by_the_next_run_without_being_told_again(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    words = ("--exclude", "L3", "--gone", "3:L2", "--diameter", "2:L1=31.5", "--non-target", "L2")
    assert cli("track", *visits, "-o", out, *words, *QUIET).returncode == 0
    first = timeline_of(out)
    assert [str(lesion.role) for lesion in first.lesions] == ["target", "non-target", "excluded"]
    assert first.lesions[0].sightings[1].long_axis_mm == 31.5
    assert [seen.confirmed for seen in first.lesions[1].sightings] == [False, False, True]
    kept = (out / "corrections.json").read_bytes()
    assert cli("track", *visits, "-o", out, *QUIET).returncode == 0
    second = timeline_of(out)
    assert second.lesions == first.lesions
    assert (out / "corrections.json").read_bytes() == kept
    assert cli("track", *visits, "-o", out, "--diameter", "2:L1=33", *QUIET).returncode == 0
    assert [one["long_axis_mm"] for one in corrections_of(out)["diameters"]] == [33.0]
    assert len(corrections_of(out)["roles"]) == 2


def test_a_match_and_a_new_lesion_of_the_reader_change_who_is_who(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    assert cli("track", *visits, "-o", out, "--match", "3:2=L2", *QUIET).returncode == 0
    assert [str(seen.state) for seen in timeline_of(out).lesions[1].sightings][::2] == ["baseline", "persistent"]
    assert len(timeline_of(out).lesions) == 2
    assert cli("track", *visits, "-o", out, "--new", "3:2", *QUIET).returncode == 0
    assert [str(seen.state) for seen in timeline_of(out).lesions[2].sightings] == ["absent", "absent", "new"]
    assert len(corrections_of(out)["matches"]) == 1


def test_a_broken_file_of_corrections_is_refused_and_stays(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    before = (out / "report" / "followup.json").read_bytes()
    for text in (
        '{"schema": 1, "roles": [',
        '{"schema": 7}',
        '{"schema": 1, "gone": [{"visit": "1"}]}',
        '{"schema": 1, "roles": 3}',
    ):
        (out / "corrections.json").write_text(text)
        done = cli("track", *visits, "-o", out, "--exclude", "L3", *QUIET)
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert "corrections.json cannot be used" in line
        assert (out / "corrections.json").read_text() == text
        assert (out / "report" / "followup.json").read_bytes() == before


def test_a_name_that_is_not_known_is_refused_and_changes_nothing(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    done = cli("track", *visits, "-o", out, "--exclude", "L9", "--target", "L1", *QUIET)
    assert done.returncode == 2
    assert "one of L1, L2, L3" in done.stderr
    assert [item.name for item in out.iterdir()] == ["report"]


def test_a_changed_older_mask_is_told_and_all_that_hangs_on_it_is_found_anew(finished, visits, tmp_path):
    out, older = copy_of(finished, tmp_path), Path(shutil.copytree(visits[0], tmp_path / "older"))
    image = nib.load(older / "segmentation.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.uint8)
    lesions = np.asarray(nib.load(older / "lesions.nii.gz").dataobj)
    labels[lesions == 2] = 1
    nib.save(nib.Nifti1Image(labels, image.affine), tmp_path / "edited.nii.gz")
    shutil.copy(older / "labels.json", tmp_path)
    ct = visits[0].parent / "ct0.nii.gz"
    edited = tmp_path / "edited"
    assert (
        cli(
            "measure", ct, tmp_path / "edited.nii.gz", "-o", edited, "--contents", "data", "--anatomy", "off", *QUIET
        ).returncode
        == 0
    )
    run = json.loads((edited / "run.json").read_text())
    run["source"] |= {"study_date": DATES[0], "patient_id": "P1"}
    (edited / "run.json").write_text(json.dumps(run))
    done = cli("track", edited, *visits[1:], "-o", out, "--progress", "json")
    assert done.returncode == 0, done.stderr
    after = timeline_of(out)
    assert after.log
    assert "Visit 1's mask changed." in after.log
    assert [str(seen.state) for seen in after.lesions[1].sightings] == ["absent", "absent", "new"]


def test_without_the_ct_there_are_drawings_and_with_one_given_pictures(visits, tmp_path):
    moved = [Path(shutil.copytree(folder, tmp_path / folder.name)) for folder in visits]
    cts = [Path(shutil.copy(visits[0].parent / f"ct{n}.nii.gz", tmp_path / f"moved{n}.nii.gz")) for n in range(3)]
    for number, folder in enumerate(moved):
        run = json.loads((folder / "run.json").read_text())
        run["source"]["path"] = str(tmp_path / "nowhere" / f"{number}.nii.gz")
        (folder / "run.json").write_text(json.dumps(run))
    assert cli("track", *moved, "-o", tmp_path / "out", *QUIET).returncode == 0
    assert "drawings of the segmentation" in (tmp_path / "out" / "report" / "followup.html").read_text()
    assert any("not at hand" in warning for warning in timeline_of(tmp_path / "out").warnings)
    assert all(one.contrast_hu is None for one in timeline_of(tmp_path / "out").lesions[2].look_back)
    words = [word for ct in cts[::-1] for word in ("--ct", ct)]
    assert cli("track", *moved, "-o", tmp_path / "out", *words, *QUIET).returncode == 0
    assert "drawings of the segmentation" not in (tmp_path / "out" / "report" / "followup.html").read_text()
    assert not any("not at hand" in warning for warning in timeline_of(tmp_path / "out").warnings)


def test_another_ct_in_the_place_of_the_old_one_is_not_shown(visits, tmp_path):
    folder = tmp_path / "results"
    results = [write_visit(folder, visit) for visit in range(2)]
    shutil.copy(folder / "ct1.nii.gz", folder / "ct0.nii.gz")
    done = cli("track", *results, "-o", tmp_path / "out", "--progress", "json")
    assert done.returncode == 0, done.stderr
    assert any("ct0.nii.gz has changed" in warning for warning in events(done)[-1]["warnings"])


def test_dates_can_be_given_and_rule_over_those_of_the_headers(visits, tmp_path):
    words = ("--dates", "2025-03-01,2025-02-01,2025-01-01")
    assert cli("track", *visits, "-o", tmp_path / "out", *words, *QUIET).returncode == 0
    timeline = timeline_of(tmp_path / "out")
    assert [visit.date for visit in timeline.visits] == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert [Path(visit.result) for visit in timeline.visits] == visits[::-1]


def test_another_patient_is_refused_unless_told_otherwise(visits, tmp_path):
    other = write_visit(tmp_path / "other", 1, patient="P2")
    done = cli("track", visits[0], other, "-o", tmp_path / "out", *QUIET)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
    assert cli("track", visits[0], other, "-o", tmp_path / "out", "--other-patient", *QUIET).returncode == 0
    assert timeline_of(tmp_path / "out").warnings


def test_what_makes_no_sense_is_one_line_with_exit_code_two(visits, tmp_path):
    for words in (
        (visits[0],),
        (visits[0], tmp_path / "nowhere"),
        (*visits, "--gone", "L2"),
        (*visits, "--dates", "2024-01-01"),
    ):
        done = cli("track", *words, "-o", tmp_path / "out", *QUIET)
        assert done.returncode == 2, done.stdout
        (line,) = done.stderr.strip().splitlines()
        assert "Expected" in line
        assert list(tmp_path.iterdir()) == []


def test_a_report_folder_with_other_files_is_never_replaced(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    (out / "report" / "notes.txt").write_text("years of work")
    done = cli("track", *visits, "-o", out, *QUIET)
    assert done.returncode == 2
    assert "notes.txt" in done.stderr
    assert (out / "report" / "notes.txt").read_text() == "years of work"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["read", "track", "pictures", "report"])
def test_a_cancel_leaves_no_file_and_no_process(visits, tmp_path, stage, number):
    words = command("track", *visits, "-o", tmp_path / "out", "--progress", "json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            if f'"stage": "{stage}"' in line:
                break
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert err.strip().endswith("Cancelled; nothing was written.")
    assert list(tmp_path.iterdir()) == []
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_cancel_keeps_the_earlier_report_and_the_readers_corrections(finished, visits, tmp_path):
    out = copy_of(finished, tmp_path)
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    words = command("track", *visits, "-o", out, "--progress", "json", "--exclude", "L3")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            if '"stage": "report"' in line:
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    if process.returncode == 3:  # else it was done before the signal came
        assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
        assert not [item for item in out.iterdir() if item.name.startswith(".")]


@pytest.mark.slow
def test_cts_are_segmented_first_and_a_second_run_uses_what_is_there(phantom, tmp_path):
    """The phantom and its copy, shifted by the header; the outline without a network is enough here."""
    image = nib.load(phantom / "ct.nii.gz")
    affine = image.affine.copy()
    affine[:3, 3] += (12.0, -7.0, 9.0)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), affine), tmp_path / "second.nii.gz")
    words = ("--dates", "2024-01-01,2024-03-01", "--model", "classical", "--anatomy", "off", "--contents", "data")
    studies = (phantom / "ct.nii.gz", tmp_path / "second.nii.gz")
    done = cli("track", *studies, "-o", tmp_path / "out", *words, "--progress", "json")
    assert done.returncode == 0, done.stderr
    fractions = [event["fraction"] for event in events(done) if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    results = {folder: (folder / "run.json").read_bytes() for folder in (tmp_path / "out" / "visits").iterdir()}
    assert {folder.name for folder in results} == {visit.key for visit in timeline_of(tmp_path / "out").visits}
    again = cli("track", *studies, "-o", tmp_path / "out", *words, "--progress", "json")
    assert again.returncode == 0, again.stderr
    assert {folder: (folder / "run.json").read_bytes() for folder in results} == results
    other = cli("track", *studies, "-o", tmp_path / "out", *words, "--min-lesion-ml", "0.5", "--progress", "json")
    assert other.returncode == 0, other.stderr
    assert all((folder / "run.json").read_bytes() != before for folder, before in results.items())


def test_the_command_explains_itself_with_units():
    done = cli("track", "--help")
    assert done.returncode == 0
    for words in ("(mm, ml)", "--match V:ID=L1", "corrections.json", "2024-01-31", "RECIST 1.1"):
        assert words in " ".join(done.stdout.split())
