from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.partial_labels import (
    HEPATIC_VESSEL,
    HV_LIVER,
    IGNORE,
    IRCAD,
    LITS,
    OF_A_CT,
    Annotated,
    Setting,
    Targets,
    downsampled,
    targets_from_labels,
)

SETTINGS = pytest.mark.parametrize("setting", OF_A_CT)
MULTI_LABEL = pytest.mark.parametrize("setting", [Setting.MLX, Setting.ML])


def row(*values: int) -> torch.Tensor:
    """Label maps of one sample of 1 x 1 x n voxels."""
    return torch.tensor(values, dtype=torch.uint8).reshape(1, 1, 1, -1)


def channels(tensor: torch.Tensor) -> list[list[float]]:
    """Of the first sample, one list for each channel."""
    return tensor[0].flatten(1).tolist()


@pytest.mark.parametrize(
    ("annotated", "weights"),
    [(LITS, (1, 0, 1)), (HEPATIC_VESSEL, (0, 1, 1)), (IRCAD, (1, 1, 1)), (HV_LIVER, (1, 0, 0))],
)
def test_the_public_data_sets_have_the_weights_of_table_a1(annotated, weights):
    assert annotated.weights == weights


@pytest.mark.parametrize(
    "weights", [(0.0, 0.0, 0.0), (1.0, -1.0, 0.0), (float("nan"), 1.0, 1.0), (float("inf"), 1.0, 1.0)]
)
def test_weights_that_cannot_supervise_are_refused(weights):
    with pytest.raises(InputError, match="at least one of them above 0"):
        Annotated(*weights)


def test_a_softmax_has_a_channel_more_than_the_sigmoids():
    assert {setting: setting.channels for setting in OF_A_CT} == {Setting.MC: 4, Setting.MLX: 3, Setting.ML: 3}


def test_with_all_annotated_ml_counts_vessels_and_tumours_as_liver_and_mlx_does_not():
    labels = row(0, 1, 2, 3, IGNORE)
    ml, mlx = (targets_from_labels(labels, [IRCAD], setting) for setting in (Setting.ML, Setting.MLX))
    assert channels(ml.values) == [[0, 1, 1, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert channels(mlx.values) == [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    for targets in (ml, mlx):
        assert channels(targets.weights) == [[1, 1, 1, 1, 0]] * 3


def test_with_all_annotated_mc_knows_every_voxel_but_the_ignored_ones():
    targets = targets_from_labels(row(0, 1, 2, 3, IGNORE), [IRCAD], Setting.MC)
    assert channels(targets.values) == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert channels(targets.known) == [[1, 1, 1, 1, 0]]
    assert targets.class_weights.tolist() == [[1, 1, 1, 1]]


def test_without_liver_labels_neither_background_nor_vessels_supervise_the_liver():
    targets = targets_from_labels(row(0, 2, 3), [HEPATIC_VESSEL], Setting.ML)
    assert channels(targets.weights) == [[0, 0, 0], [1, 1, 1], [1, 1, 1]]
    assert channels(targets.values)[1:] == [[0, 1, 0], [0, 0, 1]]


@MULTI_LABEL
def test_without_vessel_labels_nothing_supervises_the_vessel_channel(setting):
    targets = targets_from_labels(row(0, 1, 3), [LITS], setting)
    assert channels(targets.weights) == [[1, 1, 1], [0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    ("annotated", "labels", "known"),
    [
        (LITS, (0, 1, 3, IGNORE), [0, 1, 1, 0]),
        (HEPATIC_VESSEL, (0, 2, 3, IGNORE), [0, 1, 1, 0]),
        (HV_LIVER, (0, 1, 0, IGNORE), [0, 1, 0, 0]),
        (Annotated(tumor=1.0), (0, 0, 3, 0), [0, 0, 1, 0]),
    ],
)
def test_mc_knows_only_annotated_foreground_of_partial_data(annotated, labels, known):
    targets = targets_from_labels(row(*labels), [annotated], Setting.MC)
    assert channels(targets.known) == [known]
    assert targets.class_weights.tolist() == [[1, *annotated.weights]]
    assert channels(targets.weights)[1:] == [[weight * k for k in known] for weight in annotated.weights]


@SETTINGS
def test_ignored_voxels_have_no_weight_in_any_class(setting):
    labels = torch.full((2, 2, 3, 5), IGNORE, dtype=torch.uint8)
    targets = targets_from_labels(labels, [IRCAD, LITS], setting)
    assert not targets.weights.any()
    assert not targets.values.any()


@MULTI_LABEL
def test_weights_between_the_data_sets_of_a_batch_are_kept_apart(setting):
    labels = torch.cat([row(0, 1, IGNORE), row(2, 3, 0)])
    targets = targets_from_labels(labels, [HV_LIVER, Annotated(vessel=0.5, tumor=2.0)], setting)
    assert targets.class_weights.tolist() == [[1, 0, 0], [0, 0.5, 2]]
    assert targets.weights[0].flatten(1).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert targets.weights[1].flatten(1).tolist() == [[0, 0, 0], [0.5, 0.5, 0.5], [2, 2, 2]]


def test_a_batch_is_the_stack_of_its_samples():
    labels = torch.randint(0, 4, (2, 3, 4, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels[1][labels[1] == 2] = 1
    both = targets_from_labels(labels, [IRCAD, LITS], Setting.MC)
    for sample, annotated in enumerate([IRCAD, LITS]):
        one = targets_from_labels(labels[sample : sample + 1], [annotated], Setting.MC)
        for name in ("values", "class_weights", "known"):
            assert torch.equal(getattr(one, name)[0], getattr(both, name)[sample])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_every_integer_type_of_labels_gives_the_same_targets(dtype):
    expected = targets_from_labels(row(0, 1, 2, 3, IGNORE), [IRCAD], Setting.ML)
    found = targets_from_labels(row(0, 1, 2, 3, IGNORE).to(dtype), [IRCAD], Setting.ML)
    assert torch.equal(found.values, expected.values)
    assert torch.equal(found.known, expected.known)


@SETTINGS
@pytest.mark.parametrize(
    ("annotated", "value", "name"), [(LITS, 2, "vessel"), (HEPATIC_VESSEL, 1, "liver"), (HV_LIVER, 3, "tumor")]
)
def test_a_label_of_a_structure_that_the_data_set_does_not_annotate_is_refused(setting, annotated, value, name):
    labels = torch.cat([row(0, 0), row(0, value)])
    with pytest.raises(InputError, match=f"voxels of {name} in sample 1"):
        targets_from_labels(labels, [IRCAD, annotated], setting)


def test_an_unknown_label_is_refused_and_the_known_ones_named():
    with pytest.raises(InputError, match=r"\[0, 4\].*'tumor': 3.*255"):
        targets_from_labels(row(0, 4), [IRCAD], Setting.ML)


@pytest.mark.parametrize("annotated", [[], [IRCAD, LITS]])
def test_every_sample_needs_its_data_set(annotated):
    with pytest.raises(InputError, match=f"1 label maps of {len(annotated)} data sets"):
        targets_from_labels(row(0, 1), annotated, Setting.ML)


def test_targets_of_another_setting_are_refused():
    ml = targets_from_labels(row(0, 1), [IRCAD], Setting.ML)
    with pytest.raises(InputError, match="3 channels for setting mc"):
        Targets(Setting.MC, ml.values, ml.class_weights, ml.known)


def coordinates(size: tuple[int, int, int]) -> torch.Tensor:
    """Targets' values that name their voxel: 100 i + 10 j + k, the same in all channels."""
    i, j, k = torch.meshgrid(*map(torch.arange, size), indexing="ij")
    return (100 * i + 10 * j + k).float().expand(1, 3, *size)


def test_a_coarse_voxel_is_the_fine_one_nearest_to_its_centre():
    size = (6, 4, 5)
    known = torch.ones((1, 1, *size), dtype=torch.bool)
    known[0, 0, 4, 1, 2] = False
    fine = Targets(Setting.ML, coordinates(size), torch.ones(1, 3), known)
    coarse = downsampled(fine, (2, 2, 5))
    # Blocks of three have their centre at 1 and 4; those of two have it between voxels, the higher one is taken.
    expected = [[[100 * i + 10 * j + k for k in range(5)] for j in (1, 3)] for i in (1, 4)]
    assert coarse.values[0, 2].tolist() == expected
    assert (~coarse.known).nonzero().tolist() == [[0, 0, 1, 0, 2]]
    assert torch.equal(coarse.class_weights, fine.class_weights)


@pytest.mark.parametrize("size", [(6, 4, 5), (3, 2, 3), (2, 1, 1), (5, 3, 4)])
def test_coarse_targets_agree_with_torchs_nearest_exact(size):
    fine = Targets(Setting.ML, coordinates((6, 4, 5)), torch.ones(1, 3), torch.ones((1, 1, 6, 4, 5), dtype=torch.bool))
    expected = functional.interpolate(fine.values, size=size, mode="nearest-exact")
    assert torch.equal(downsampled(fine, size).values, expected)


def test_coarse_targets_keep_the_hierarchy_and_the_volumes_on_average():
    labels = torch.randint(0, 4, (1, 32, 24, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    fine = targets_from_labels(labels, [IRCAD], Setting.ML)
    coarse = downsampled(fine, (16, 12, 8))
    liver, vessel, tumor = coarse.values[0]
    assert bool((liver >= vessel).all())
    assert bool((liver >= tumor).all())
    torch.testing.assert_close(coarse.values.mean((2, 3, 4)), fine.values.mean((2, 3, 4)), atol=0.04, rtol=0)


@pytest.mark.parametrize("size", [(6, 4, 6), (0, 4, 5)])
def test_finer_or_empty_targets_are_refused(size):
    fine = Targets(Setting.ML, coordinates((6, 4, 5)), torch.ones(1, 3), torch.ones((1, 1, 6, 4, 5), dtype=torch.bool))
    with pytest.raises(InputError, match="order of decreasing resolution"):
        downsampled(fine, size)
