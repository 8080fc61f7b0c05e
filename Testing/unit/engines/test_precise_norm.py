from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from LiverTumorSegLib.engines.precise_norm import PreciseNorm, with_precise_norms  # noqa: E402


@pytest.mark.parametrize("size", [(2, 3, 1), (8, 8, 8), (17, 70, 9)])
def test_it_is_the_instance_norm_of_torch_on_grids_that_blocks_do_not_fill(size):
    x = 3.0 + 0.01 * torch.randn((2, 3, *size), generator=torch.Generator().manual_seed(1))
    expected = torch.nn.InstanceNorm3d(3)(x.double())
    torch.testing.assert_close(PreciseNorm(1e-5)(x.double()), expected, atol=1e-9, rtol=0)
    torch.testing.assert_close(PreciseNorm(1e-5)(x).double(), expected, atol=2e-3, rtol=0)


def test_every_instance_norm_of_a_module_is_replaced_and_nothing_else():
    module = torch.nn.Sequential(torch.nn.Sequential(torch.nn.InstanceNorm3d(2, eps=1e-3)), torch.nn.Conv3d(2, 2, 1))
    before = set(module.state_dict())
    changed = with_precise_norms(module)
    assert (changed[0][0].epsilon, set(changed.state_dict())) == (1e-3, before)


def test_an_instance_norm_with_parameters_is_not_taken_for_one_without():
    with pytest.raises(ValueError, match="with parameters"):
        with_precise_norms(torch.nn.Sequential(torch.nn.InstanceNorm3d(2, affine=True)))
