"""Random windowing: numbers by hand, shares by counting."""

from __future__ import annotations

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.training.augmentation.windowing import BASE, RandomWindowing, Window


def column(*hu: float) -> np.ndarray:
    return np.array(hu, np.float32).reshape(1, 1, -1)


def test_the_base_window_is_the_published_one():
    assert (BASE.low_hu, BASE.high_hu) == pytest.approx((-21.55, 195.75))


def test_through_the_base_window_hu_are_clipped_and_nothing_else():
    seen = RandomWindowing().seen(column(-1000, -21.55, 0, 87.1, 195.75, 900), BASE)
    assert seen.ravel() == pytest.approx([-21.55, -21.55, 0, 87.1, 195.75, 195.75], abs=1e-4)


def test_another_window_has_its_ends_and_its_middle_where_the_base_has_them():
    # 0 to 200 HU on -21.55 to 195.75: 217.3 / 200 as steep.
    seen = RandomWindowing().seen(column(-50, 0, 50, 100, 200, 230), Window(width=200.0, level=100.0))
    assert seen.ravel() == pytest.approx([-21.55, -21.55, 32.775, 87.1, 195.75, 195.75], abs=1e-4)


def test_a_wide_window_tells_apart_what_the_base_window_would_have_clipped():
    # 0 to 300 HU: 250 is five sixths of the way, 280 fourteen fifteenths.
    seen = RandomWindowing().seen(column(250, 280), Window(width=300.0, level=150.0))
    assert seen.ravel() == pytest.approx([-21.55 + 217.3 * 5 / 6, -21.55 + 217.3 * 14 / 15], abs=1e-3)


def test_level_and_width_change_independently_in_thirty_percent_of_the_patches():
    rng = np.random.default_rng(0)
    windows = [RandomWindowing().draw(rng) for _ in range(20_000)]
    shifted = np.array([window.level != BASE.level for window in windows])
    scaled = np.array([window.width != BASE.width for window in windows])
    assert shifted.mean() == pytest.approx(0.163, abs=0.01)
    assert scaled.mean() == pytest.approx(0.163, abs=0.01)
    assert (shifted | scaled).mean() == pytest.approx(0.2994, abs=0.012)
    assert (shifted & scaled).mean() == pytest.approx(0.0266, abs=0.005)
    levels = np.array([window.level for window in windows])[shifted]
    widths = np.array([window.width for window in windows])[scaled]
    assert 11.5 <= levels.min() < 13.5 < 150 < levels.max() <= 152.9
    assert 141.2 <= widths.min() < 144 < 323 < widths.max() <= 325.9
    assert (levels.mean(), widths.mean()) == pytest.approx((82.2, 233.55), abs=4)


def test_a_window_without_width_is_refused():
    with refused("0 HU wide"):
        Window(0.0, 100.0)
