"""The measuring child against the library's own numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measure.live import answer, read_request, write_request
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.volume import Volume

ROOT = Path(__file__).parents[3]


@pytest.fixture
def segmentation() -> Volume:
    labels = np.zeros((40, 33, 21), np.uint8)
    labels[3:30, 4:28, 5:21] = 1
    labels[6:9, 6:25, 8:10] = 2
    labels[12:20, 10:16, 12:15] = 3
    labels[24:27, 20:23, 18:21] = 3
    return Volume(labels, affine_of((0.8, 0.9, 3.0), (10.0, -20.0, 30.0), rotation(20, 1)))


def request(folder, number, segmentation, lines=None, segments=None):
    box = bounding_box(segmentation.array) or (slice(0, 1),) * 3
    divided = None if segments is None else segments[box]
    return write_request(folder, number, segmentation, segmentation.array[box], box, lines or {}, divided)


def test_a_mask_comes_out_of_a_request_as_it_went_in(tmp_path, segmentation):
    back, segments = read_request(request(tmp_path, 1, segmentation))
    assert segments is None
    assert np.array_equal(back.array, segmentation.array)
    assert np.array_equal(back.affine, segmentation.affine)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_mask_comes_out_empty(tmp_path, segmentation):
    empty = segmentation.with_array(np.zeros_like(segmentation.array))
    assert not read_request(request(tmp_path, 1, empty))[0].array.any()


def test_segments_follow_an_edited_mask_to_the_voxel(tmp_path, segmentation):
    """The liver was divided at i = 12; since then it has lost a slab and gained another one beside segment 2."""
    segments = np.where(segmentation.array > 0, 1, 0).astype(np.uint8)
    segments[12:][segments[12:] > 0] = 2
    edited = segmentation.array.copy()
    edited[3:5] = 0
    edited[30:33, 4:28, 5:21] = 1
    answered = answer(request(tmp_path, 1, segmentation.with_array(edited), segments=segments))
    volumes = {one["name"]: one["volume_ml"] for one in answered["measurements"]["segments"]}
    voxel_ml = segmentation.voxel_ml
    assert volumes["I"] == pytest.approx(np.count_nonzero(edited[:12]) * voxel_ml)
    assert volumes["II"] == pytest.approx(np.count_nonzero(edited[12:]) * voxel_ml)
    assert sum(volumes.values()) == pytest.approx(answered["measurements"]["liver"]["volume_ml"])
    assert [lesion["segments"] for lesion in answered["measurements"]["lesions"]] == [
        [{"name": "II", "percent": 100}]
    ] * 2


def test_the_numbers_are_those_of_the_library_with_flags_of_the_whole_grid(tmp_path, segmentation):
    said = answer(request(tmp_path, 7, segmentation))
    expected = measure_case(segmentation)[0]
    assert Measurements.from_json(said["measurements"]) == expected
    assert said["number"] == 7
    assert "touches-edge" in expected.lesions[1].flags


def test_a_readers_line_is_told_its_lesion_or_none(tmp_path, segmentation):
    lines = {
        "a": segmentation.ras_from_ijk(np.array([(24, 21, 19), (26, 21, 19)])),
        "b": segmentation.ras_from_ijk(np.array([(0, 0, 0), (1, 1, 1)])),
    }
    assert answer(request(tmp_path, 1, segmentation, lines))["reader_lesions"] == {"a": 2, "b": None}


def test_a_mask_with_more_specks_than_lesions_can_be_is_refused_in_words(tmp_path, segmentation):
    i, j, k = np.indices((82, 82, 82))
    specks = np.where((i % 2 == 0) & (j % 2 == 0) & (k % 2 == 0), 3, 0).astype(np.uint8)
    said = answer(request(tmp_path, 1, Volume(specks, segmentation.affine)))
    assert said["event"] == "refused"
    assert "65535" in said["message"]


def test_the_child_answers_one_line_per_request_and_ends_with_its_input(tmp_path, segmentation):
    requests = [request(tmp_path, number, segmentation) for number in (1, 2)]
    done = subprocess.run(
        [sys.executable, "-m", "LiverTumorSegLib.measure.live"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [message["event"] for message in said] == ["ready", "measured", "measured"]
    assert [message.get("number") for message in said] == [None, 1, 2]
