"""What a stage of SmoothSegNet can be made of: any backbone for any stage.

A backbone's name may end in a number of features, as in "segresnet:8": the same network with that many at full
resolution and all widths in proportion, for small computers and for tests. Cards and recipes store that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models import baselines, smoothsegnet
from LiverTumorSegLib.models.baselines import Architecture, Backbone
from LiverTumorSegLib.models.network import NamedWeights, NetworkDefinition
from LiverTumorSegLib.models.ops import NetworkFunction, Ops, Size, T, Weights
from LiverTumorSegLib.registry import StageFacts

_ALL = (
    baselines.SEGRESNET_VAE,
    baselines.SEGRESNET,
    baselines.UNET,
    baselines.UNET_LARGE,
    baselines.UNET_PLUS_PLUS,
    baselines.MA_NET,
)
BACKBONES: Mapping[str, Backbone] = MappingProxyType({backbone.name: backbone for backbone in _ALL})


def find_backbone(name: str) -> Backbone:
    """By its name, with or without a number of features. Raises InputError, naming those there are."""
    plain, colon, filters = name.partition(":")
    try:
        backbone = BACKBONES[plain]
        return backbone.with_filters(int(filters)) if colon else backbone
    except (KeyError, ValueError) as error:
        raise InputError(
            found=f"no backbone {name!r}",
            expected=f"one of {', '.join(BACKBONES)}; or with another number of features, as in segresnet:8",
            remedy="Choose one of these",
        ) from error


def stage_definition(name: str, facts: StageFacts) -> NetworkDefinition:
    """The network of a stage as data: its answer is a softmax over ``facts.stage.channels``, as large as its window.

    name: of its weights file. spacing_mm and window are those of the facts and lie along ``facts.axes``. Raises
    InputError for an unknown backbone, ValueError for a window that it cannot take or an empty HU range.
    """
    if not facts.hu_range[0] < facts.hu_range[1]:
        message = f"{name}: HU range {facts.hu_range}, expected the lower end first"
        raise ValueError(message)
    backbone, channels = find_backbone(facts.backbone), len(facts.stage.channels)
    step = backbone.step
    definition = NetworkDefinition(
        name=name,
        function=_function(backbone, channels),
        kernels=(),
        spacing_mm=facts.spacing_mm,
        hu_range=facts.hu_range,
        trained_window=facts.window,
        margin=(0, 0, 0),
        smallest=smallest_window(backbone),
        step=(step, step, step),
        scaled_to=facts.scaled_to,
        named=_weights(backbone, channels),
    )
    definition.window_out(facts.window)
    return definition


def smallest_window(backbone: Backbone) -> Size:
    """Two voxels at the coarsest level along i and j: a norm over a single one would leave nothing of it."""
    return (2 * backbone.step, 2 * backbone.step, backbone.step)


def _weights(backbone: Backbone, channels: int) -> NamedWeights:
    if backbone.architecture is Architecture.SEGRESNET:
        return NamedWeights(channels, smoothsegnet.segresnet_shapes(channels, backbone.widths[0]))
    return NamedWeights(channels, {}, module=backbone.name)


def _function(backbone: Backbone, channels: int) -> NetworkFunction:
    if backbone.architecture is Architecture.SEGRESNET:
        return smoothsegnet.segresnet

    def network(ops: Ops[T], weights: Weights[T], x: T) -> T:
        return ops.softmax(ops.module(backbone.name, channels, weights, x))

    return network
