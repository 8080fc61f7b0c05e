"""A network that is ready to run, whichever engine runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import ProbabilityArray
from LiverTumorSegLib.engines.choice import EngineChoice
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Engine

AnswerArray = Float32[np.ndarray, "channel i_out j_out k_out"]
"""Of a window's centre: a size of its own, beside the window's."""

WindowsArray = Float32[np.ndarray, "window i j k"]
AnswersArray = Float32[np.ndarray, "window channel i_out j_out k_out"]

Poll = Callable[[], None]
"""Called several times a second while a window is computed; may raise to stop it."""


def keep_going() -> None:
    """The poll of a caller that never stops a window."""


@runtime_checkable  # so that the tests can check annotations
class Network(Protocol):
    """One window in, the probabilities of its centre out.

    window_in, window_out: voxels along i, j, k; the output lies in the middle of the input. batch: how many windows are
    best handed over at once; 1 where more gain nothing.
    """

    window_in: Size
    window_out: Size
    batch: int = 1

    def run(self, window: ProbabilityArray, poll: Poll = keep_going) -> AnswerArray:
        """float32 (i, j, k) of window_in -> float32 (channel, i, j, k) of window_out, 0 to 1.

        Raises ValueError on another shape; whatever ``poll`` raises, and KeyboardInterrupt, stops it within a second.
        """
        ...

    def run_batch(self, windows: WindowsArray, poll: Poll = keep_going) -> AnswersArray:
        """Any number of windows, one or more; each gets the answer that it would get alone. Raises as ``run`` does."""
        return np.stack([self.run(window, poll) for window in windows])

    def describe(self) -> dict[str, str | int]:
        """Engine, its version, precision, device, threads and window, for run.json."""
        ...


def load_network(
    definition: NetworkDefinition,
    weights: Mapping[str, np.ndarray],
    choice: EngineChoice,
    window: Size | None = None,
) -> Network:
    """Build and compile a network for one window size (the one it was trained with unless given).

    weights: as ``io.weights.load`` returns them. Raises ValueError if they do not fit or the window is not legal,
    InputError for a network that exists only as a module of torch where torch or monai is not installed.
    """
    _known_shapes(definition).check_weights(weights)
    window_in = window or definition.trained_window
    if choice.engine is Engine.OPENVINO:
        from LiverTumorSegLib.engines.openvino_engine import OpenVinoNetwork

        return OpenVinoNetwork(definition, weights, choice, window_in)
    from LiverTumorSegLib.engines.torch_engine import TorchNetwork

    return TorchNetwork(definition, weights, choice, window_in)


def _known_shapes(definition: NetworkDefinition) -> NetworkDefinition:
    """With the shapes of a module's weights, which only torch can tell."""
    named = definition.named
    if named is None or not named.module:
        return definition
    try:
        from LiverTumorSegLib.engines.module_runs import module_shapes
    except ImportError as error:
        raise InputError(
            found=f"the network {named.module}, but {error.name} is not installed",
            expected="torch and monai, which build it, in this Python environment, also for OpenVINO",
            remedy=f'Run: {sys.executable} -m pip install "livertumorseg[torch]"',
        ) from error
    shapes = module_shapes(named.module, named.channels)
    return replace(definition, named=replace(named, shapes=shapes))


def check_window(shape: tuple[int, ...], window_in: Size) -> None:
    """Raises ValueError if a window's shape is not the one that a network was built for."""
    if shape != window_in:
        message = f"window of shape {shape} for a network built for {window_in}"
        raise ValueError(message)
