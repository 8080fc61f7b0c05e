"""The networks that SmoothSegNet's papers compare, as data; ``engines.modules`` builds them.

Parameter counts are those of the networks, counted without running them. Which of the papers' counts are a network's,
and which a summary tool printed: docs/models/smoothsegnet.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from LiverTumorSegLib.models import smoothsegnet

DROPOUT = 0.2
"""Of all of them, while they are trained."""
VAE_LATENT, VAE_DEVIATION = 256, 0.3
"""Numbers that the second decoder starts from, and the deviation of the noise on them."""


class Architecture(StrEnum):
    """What a backbone is built as."""

    SEGRESNET = "segresnet"
    UNET = "unet"
    NESTED_UNET = "nested unet"
    MA_NET = "ma-net"


class Norm(StrEnum):
    """Of each channel: over the window, or with the mean and variance that training has seen."""

    INSTANCE = "instance"
    BATCH = "batch"


@dataclass(frozen=True)
class Backbone:
    """A network that either stage can have, with any number of outputs.

    widths: features of each level, the finest first (of U-Net++ the last number is that of its last decoder node).
    step: windows are multiples of it along each axis. residual_units: convolutions of a block of a U-Net. has_vae:
    whether training adds a second decoder, which inference does not need. parameters: with 2 and with 3 outputs,
    without that decoder. printed: what the papers say.
    """

    name: str
    title: str
    architecture: Architecture
    widths: tuple[int, ...]
    norm: Norm
    step: int
    parameters: tuple[int, int]
    printed: tuple[int, ...]
    residual_units: int = 0
    has_vae: bool = False

    def with_filters(self, first: int) -> Backbone:
        """The same with ``first`` features at full resolution, and all other widths in proportion.

        Its name says so: "segresnet:8". Raises ValueError where a width would not be whole.
        """
        if first == self.widths[0]:
            return self
        if first < 1 or any(width * first % self.widths[0] for width in self.widths):
            message = f"{self.name} with {first} features at full resolution, its widths are {self.widths}"
            raise ValueError(message)
        widths = tuple(width * first // self.widths[0] for width in self.widths)
        return replace(self, name=f"{self.name}:{first}", widths=widths, parameters=(0, 0), printed=())


_SEGRESNET_WIDTHS = tuple(smoothsegnet.FILTERS * 2**level for level in range(len(smoothsegnet.BLOCKS_DOWN)))

SEGRESNET = Backbone(
    name="segresnet",
    title="SegResNet",
    architecture=Architecture.SEGRESNET,
    widths=_SEGRESNET_WIDTHS,
    norm=Norm.INSTANCE,
    step=smoothsegnet.STEP,
    parameters=(4_697_554, 4_697_571),
    printed=(4_697_554, 4_697_571),
)
SEGRESNET_VAE = replace(SEGRESNET, name="segresnet-vae", title="SegResNetVAE", printed=(9_258_756,), has_vae=True)
UNET = Backbone(
    name="unet",
    title="U-Net",
    architecture=Architecture.UNET,
    widths=(16, 32, 64, 128, 256),
    norm=Norm.BATCH,
    step=16,
    parameters=(4_808_917, 4_809_920),
    printed=(4_809_920,),
    residual_units=2,
)
UNET_LARGE = Backbone(
    name="unet-large",
    title="U-Net Large",
    architecture=Architecture.UNET,
    widths=(32, 64, 128, 256),
    norm=Norm.INSTANCE,
    step=8,
    parameters=(9_440_997, 9_442_862),
    printed=(9_442_862,),
    residual_units=4,
)
UNET_PLUS_PLUS = Backbone(
    name="unet++",
    title="U-Net++",
    architecture=Architecture.NESTED_UNET,
    widths=(32, 32, 64, 128, 256, 32),
    norm=Norm.INSTANCE,
    step=16,
    parameters=(6_976_008, 6_976_140),
    printed=(6_976_140,),
)
MA_NET = Backbone(
    name="ma-net",
    title="MA-Net",
    architecture=Architecture.MA_NET,
    widths=(16, 32, 64, 128, 256),
    norm=Norm.INSTANCE,
    step=16,
    parameters=(13_064_272, 13_064_289),
    printed=(22_453_723,),
)
"""Written anew in 3D from its paper (Fan et al., IEEE Access 2020); the printed figure is that of a 2D one."""
