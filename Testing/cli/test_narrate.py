"""--narrate: a summary phrased by a server of the test's own; whatever that says, the result is there."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest
from cli_runs import RESULT_FILES, ROOT, cli, command
from narration_server import MODEL, Endpoint, narration_server, saying

WORDS = ("--anatomy", "off", "--progress", "none")


def echo(endpoint: Endpoint):
    """A text made of the facts that came, as a faithful model would write it."""
    facts = endpoint.facts
    lesions = [
        f"{one['name']} measures {one['long_axis_mm']} x {one['short_axis_mm']} mm and has {one['volume_ml']} ml."
        for one in facts["lesions"]
    ]
    return saying("\n".join([f"The liver has {facts['liver']['volume_ml']} ml.", *lesions]))


def measured(phantom, out, url, *words):
    ct, mask = phantom / "ct.nii.gz", phantom / "segmentation.nii.gz"
    return cli("measure", ct, mask, "-o", out, *WORDS, "--narrate", url, *words)


def files_of(out):
    return {file.name for file in out.iterdir()}


def test_a_faithful_text_is_in_the_report_and_beside_it(phantom, tmp_path):
    with narration_server(echo) as server:
        done = measured(phantom, tmp_path / "out", server.url)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    plain = RESULT_FILES - {"couinaud.nii.gz", "couinaud.seg.nrrd", "vena_cava.nii.gz"}
    assert files_of(out) == plain | {"summary_narrated.txt"}
    told = (out / "summary_narrated.txt").read_text()
    assert f"Phrased by a language model ({MODEL})" in told
    assert "L1 measures" in told
    report = (out / "report.html").read_text()
    assert "L1 measures" in report
    assert "Phrased by a language model" in report
    assert "LESIONS" in (out / "summary.txt").read_text()
    run = json.loads((out / "run.json").read_text())
    assert run["settings"]["narrate"] == {"address": server.url, "model": MODEL, "accepted": True}
    sent = json.dumps(server.question)
    for secret in (str(phantom), "ct.nii", "sha256", run["source"]["sha256"], run["started"][:10]):
        assert secret not in sent
    stored = json.loads((out / "measurements.json").read_text())
    assert server.facts["lesion_count"] == len(stored["lesions"])
    assert server.facts["liver"]["attenuation_hu"] == round(stored["parenchyma"]["mean_hu"])
    assert server.facts["lesions"][0]["volume_ml"] == round(stored["lesions"][0]["volume_ml"], 1)
    assert stored["lesions"][0]["appearance"]["mean_hu"] is not None
    assert stored["phase"]["phase"] in (out / "summary.txt").read_text()


def test_an_invented_number_is_a_warning_and_the_result_is_whole(phantom, tmp_path):
    with narration_server(lambda _endpoint: saying("The liver has 4711 ml.")) as server:
        done = measured(phantom, tmp_path / "out", server.url)
    assert done.returncode == 0, done.stderr
    assert "Warning: The summary was not phrased by a model: its text was rejected, it says 4711 ml" in done.stdout
    out = tmp_path / "out"
    assert "summary_narrated.txt" not in files_of(out)
    report = (out / "report.html").read_text()
    assert "4711 ml, which is not among the facts" in report
    assert "Phrased by a language model" not in report
    assert json.loads((out / "run.json").read_text())["settings"]["narrate"]["accepted"] is False
    assert "LESIONS" in (out / "summary.txt").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--narrate", "localhost:1"), "no http or https address"),
        (("--narrate", "https://8.8.8.8"), "--narrate-anywhere"),
        (("--narrate", "http://127.0.0.1:1", "--contents", "data"), "--contents data"),
        (("--narrate-anywhere",), "without --narrate"),
        (("--narrate-model", "x"), "without --narrate"),
    ],
)
def test_what_must_not_or_cannot_be_asked_is_refused_before_any_work(tmp_path, words, said):
    done = cli("segment", tmp_path / "not-read.nii.gz", "-o", tmp_path / "out", "--progress", "none", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "not-read" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_while_the_model_thinks_leaves_nothing(phantom, tmp_path):
    def never(endpoint):
        endpoint.waits.wait(60)
        return saying("too late")

    with narration_server(never) as server:
        words = command(
            *("measure", phantom / "ct.nii.gz", phantom / "segmentation.nii.gz", "-o", tmp_path / "out", *WORDS),
            *("--narrate", server.url),
        )
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            deadline = time.monotonic() + 60
            while not any(method == "POST" for method, _path, _body in server.asked):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert list(tmp_path.iterdir()) == []
