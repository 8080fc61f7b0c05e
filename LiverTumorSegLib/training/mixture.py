"""Samples of other sources: of several in given shares, or asked for less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.samples import Sample, Source, without_vessels


class Mixture:
    """A Source. sources: such as one for each data set. shares: how often each is drawn, relative to the others.

    Without shares all are drawn equally often, so that data sets are balanced however many cases they have. Raises
    InputError without sources, for another number of shares, and for shares that are not finite, negative or all 0.
    """

    def __init__(self, sources: Sequence[Source], shares: Sequence[float] | None = None) -> None:
        given = [1.0] * len(sources) if shares is None else [float(share) for share in shares]
        usable = all(math.isfinite(share) and share >= 0 for share in given) and sum(given) > 0
        if len(given) != len(sources) or not usable:
            raise InputError(
                found=f"{len(sources)} sources with the shares {given}",
                expected="one or more sources, and a share of 0 or more for each, not all of them 0",
                remedy="Correct the shares of the sources",
            )
        self._sources = tuple(sources)
        self._shares = np.array(given) / sum(given)

    def sample(self, rng: np.random.Generator) -> Sample:
        """One sample of one of the sources."""
        return self._sources[int(rng.choice(len(self._sources), p=self._shares))].sample(rng)


@dataclass(frozen=True)
class WithoutVessels:
    """A Source that does not ask for another one's vessels; its samples' livers are annotated."""

    source: Source

    def sample(self, rng: np.random.Generator) -> Sample:
        """One of the other source's, changed."""
        return without_vessels(self.source.sample(rng))
