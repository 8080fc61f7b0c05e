from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
from mrml_case import case_on, tilted_affine

from LiverTumorSegLib.mrml.handover import read_handover, remove_handover, write_handover


def test_a_case_arrives_as_it_was_sent(tmp_path):
    sent = case_on(tilted_affine(), patient_name="Müller^Jörg", study_date="20260102")
    write_handover(tmp_path, sent)
    got = read_handover(tmp_path)
    volumes = ((case.study.ct, case.segmentation, case.lesions) for case in (sent, got))
    for ours, theirs in zip(*volumes, strict=True):
        assert np.array_equal(ours.array, theirs.array)
        assert ours.array.dtype == theirs.array.dtype
        assert np.array_equal(ours.affine, theirs.affine)
    assert got.measurements == sent.measurements
    assert got.study.source == sent.study.source
    assert got.labels == sent.labels
    assert dataclasses.asdict(got.run) == dataclasses.asdict(sent.run)


def test_what_a_case_may_have_arrives_too(tmp_path):
    plain = case_on(tilted_affine())
    cava = np.zeros(plain.segmentation.shape, np.uint8)
    cava[2:4, 5, 6:9] = 1
    sent = dataclasses.replace(plain, segments=plain.segmentation, vena_cava=plain.segmentation.with_array(cava))
    write_handover(tmp_path, sent)
    got = read_handover(tmp_path)
    for name in ("segments", "vena_cava"):
        assert np.array_equal(getattr(got, name).array, getattr(sent, name).array)
    remove_handover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_handover_leaves_with_its_own_files_only(tmp_path):
    write_handover(tmp_path, case_on(tilted_affine()))
    (tmp_path / "scene.mrb").write_bytes(b"result")
    remove_handover(tmp_path)
    remove_handover(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mrb"]


def test_the_parents_side_imports_neither_vtk_nor_slicer():
    heavy = "{'vtk', 'vtkmodules', 'slicer', 'slicer_core'}"
    code = f"import sys, LiverTumorSegLib.mrml.client; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
