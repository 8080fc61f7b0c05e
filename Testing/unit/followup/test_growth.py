"""Growth rates with answers known by hand."""

from __future__ import annotations

import math

import pytest

from LiverTumorSegLib.followup.growth import growth_of, growth_of_diameters


def test_a_volume_that_doubles_in_two_months_has_that_doubling_time():
    first, second = growth_of([10.0, 20.0], [0.0, 2.0])
    assert first is None
    assert second.doubling_days == pytest.approx(2 * 30.4375)
    assert second.percent_per_month == pytest.approx(100 * (math.sqrt(2) - 1))


def test_one_that_halves_has_a_negative_one():
    _, second = growth_of([10.0, 5.0], [0.0, 1.0])
    assert second.doubling_days == pytest.approx(-30.4375)
    assert second.percent_per_month == pytest.approx(-50.0)


def test_without_change_there_is_no_doubling_time():
    _, second = growth_of([7.0, 7.0], [0.0, 3.0])
    assert (second.percent_per_month, second.doubling_days) == (0.0, None)


def test_growth_starts_from_the_last_visit_whose_volume_is_known():
    growth = growth_of([10.0, None, 40.0], [-1.0, 0.0, 3.0])
    assert growth[:2] == (None, None)
    assert growth[2].doubling_days == pytest.approx(2 * 30.4375)


def test_no_rate_leads_to_nothing_or_from_nothing():
    assert growth_of([10.0, 0.0, 5.0, 10.0], [0.0, 1.0, 2.0, 3.0])[:3] == (None, None, None)
    assert growth_of([0.0, 5.0], [0.0, 1.0]) == (None, None)


def test_missing_dates_and_visits_of_one_examination_have_none():
    assert growth_of([10.0, 20.0, 40.0], [0.0, None, 2.0]) == (None, None, None)
    assert growth_of([10.0, 11.0], [1.0, 1.0]) == (None, None)
    assert growth_of([10.0, 11.0], [0.0, 2.9 / 30.4375]) == (None, None)
    assert growth_of([10.0, 11.0], [0.0, 3.1 / 30.4375])[1] is not None
    assert growth_of([], []) == ()


def test_diameters_grow_as_spheres_do():
    volumes = [math.pi / 6 * d**3 for d in (10.0, 12.0, 9.0)]
    from_volumes = growth_of(volumes, [0.0, 2.0, 5.0])
    from_diameters = growth_of_diameters([10.0, 12.0, 9.0], [0.0, 2.0, 5.0])
    assert from_diameters[1].percent_per_month == pytest.approx(100 * (math.exp(3 * math.log(1.2) / 2) - 1))
    for one, other in zip(from_volumes[1:], from_diameters[1:], strict=True):
        assert one.percent_per_month == pytest.approx(other.percent_per_month)
        assert one.doubling_days == pytest.approx(other.doubling_days)
    assert growth_of_diameters([10.0, None], [0.0, 1.0]) == (None, None)


def test_lists_of_two_lengths_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="2 volumes at 1 visits"):
        growth_of([1.0, 2.0], [0.0])
