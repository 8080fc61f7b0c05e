"""Networks of a model, ready to run, and the record of what ran them."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.engines import EngineChoice, Network, load_network
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.registry import ModelSpec


class Loader:
    """Of one model's networks; the last one stays, so that two looks through one window need not build it twice."""

    def __init__(self, spec: ModelSpec, choice: EngineChoice) -> None:
        self._spec, self._choice = spec, choice
        self._ran: list[dict[str, Any]] = []
        self._last: tuple[tuple[str, Size], Network] | None = None

    def load(self, definition: NetworkDefinition, window_in: Size | None = None) -> Network:
        """Raises ModelUnavailableError if the weights are not in the cache, or not those that the registry pins."""
        key = (definition.name, window_in or definition.trained_window)
        if self._last is None or self._last[0] != key:
            network = load_network(definition, weights.load(self._spec, definition.name), self._choice, key[1])
            self._ran.append({"network": definition.name} | network.describe())
            self._last = (key, network)
        return self._last[1]

    def let_go(self) -> None:
        """Of the network that was loaded last: its memory is needed for another model's."""
        self._last = None

    def describe(self) -> list[dict[str, Any]]:
        """What ran each network, for run.json."""
        return list(self._ran)
