"""Bodies with their own livers, and with those of donors, from maps on disk."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
from refusals import refused
from training_runs import SMALL

from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.training.anatomies import make_anatomies
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.recipe import SynthesisSource
from LiverTumorSegLib.training.synthesis.patches import SyntheticPatches
from LiverTumorSegLib.training.synthesis.tissues import Tissue, is_organ

MM = SMALL.training.spacing_mm


def write(path, codes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(codes.astype(np.uint8), np.diag([MM, MM, MM, 1.0])), path)


def liver(shape, center, radii) -> np.ndarray:
    """The right lobe (low i) is larger and lies behind, as the readers of donors check."""
    i, j, k = np.indices(shape)
    right = sum(((x - c) / r) ** 2 for x, c, r in zip((i, j, k), center, radii, strict=True)) < 1
    left_center = (center[0] - 0.9 * radii[0], center[1] + 2, center[2] + 1)
    left_radii = (radii[0], radii[1] / 2, radii[2] / 2)
    left = sum(((x - c) / r) ** 2 for x, c, r in zip((i, j, k), left_center, left_radii, strict=True)) < 1
    return right | left


@pytest.fixture
def data(tmp_path):
    """Two bodies of 6 mm voxels and a donor."""
    maps = tmp_path / "labelmaps"
    values = {"body": 1, "bone": 2, "liver": 3, "portal_vein": 4}
    for name in ("ircad02", "ircad03"):
        i, j, _k = np.indices((64, 48, 40))
        codes = (((i - 32) / 26) ** 2 + ((j - 24) / 20) ** 2 < 1).astype(np.uint8)
        codes[liver(codes.shape, (40, 24, 22), (13, 11, 11))] = values["liver"]
        codes[38:42, 23:25, 20:24] = values["portal_vein"]
        write(maps / "abdomen" / f"{name}.nii.gz", codes)
    facts = {"labels": values, "annotated": {name: list(values) for name in ("ircad02", "ircad03")}}
    (maps / "abdomen" / "labels.json").write_text(json.dumps(facts))
    donor = liver((40, 36, 36), (24, 16, 18), (12, 10, 10)).astype(np.uint8)
    donor[22:26, 15:17, 17:20] = 2
    write(maps / "vessels" / "msd001.nii.gz", donor)
    return tmp_path


def test_a_donor_becomes_one_body_more(data, tmp_path):
    source = SynthesisSource(("ircad02", "ircad03"), 1, donors=("msd001",))
    make_anatomies(SMALL, source, data, tmp_path / "made", ignore_progress)
    files = {path.name: path for path in (tmp_path / "made").glob("*.npy")}
    assert {"ircad02-0.npy", "ircad03-0.npy"} < set(files)
    (given,) = [name for name in files if name.endswith("+msd001.npy")]
    own, new = (np.load(files[name]) for name in (f"{given.split('+')[0]}-0.npy", given))
    assert own.shape == new.shape
    assert (is_organ(own) != is_organ(new)).any()
    assert (new == Tissue.PORTAL_VEIN).any()
    before = files[given].stat().st_mtime_ns
    make_anatomies(SMALL, source, data, tmp_path / "made", ignore_progress)
    assert files[given].stat().st_mtime_ns == before


def test_a_liver_that_fits_nowhere_is_named(data, tmp_path):
    maps = data / "labelmaps"
    i, j, _k = np.indices((64, 48, 40))
    narrow = (((i - 32) / 9) ** 2 + ((j - 24) / 9) ** 2 < 1).astype(np.uint8)
    narrow[30:36, 21:27, 20:24] = 3
    write(maps / "abdomen" / "ircad02.nii.gz", narrow)
    with refused("msd001", "none of 1 bodies"):
        make_anatomies(
            SMALL, SynthesisSource(("ircad02",), 1, donors=("msd001",)), data, tmp_path / "made", ignore_progress
        )


def test_vessels_that_nobody_drew_are_not_asked_for(tmp_path):
    codes = np.full((40, 40, 40), np.uint8(Tissue.FAT))
    codes[8:32, 8:32, 8:32] = Tissue.LIVER
    np.save(tmp_path / "a+lits1.npy", codes)
    patches = SyntheticPatches(tmp_path, (16, 16, 16), MM)
    assert patches.sample(np.random.default_rng(1)).annotated == LITS
    codes[18:22, 18:22, 10:30] = Tissue.PORTAL_VEIN
    np.save(tmp_path / "a+lits1.npy", codes)
    assert patches.sample(np.random.default_rng(1)).annotated == IRCAD
