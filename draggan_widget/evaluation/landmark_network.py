"""Where the 24 landmarks of an animal's picture are, as a small network sees them.

The network was trained on renders of the procedural animals alone, never on pictures of a generator, so it is a
measure that no drag can flatter. Its own error is on its model card, ``landmarks.md``.
"""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from draggan_widget.animals import LANDMARK_NAMES, MIRROR_LANDMARKS
from draggan_widget.errors import GeneratorError, InputError

FORMAT = "draggan_widget landmark network 1"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

SHIPPED_WEIGHTS = Path(__file__).with_name("landmarks.safetensors")
"""Weights that come with the package."""

SMALLEST_PICTURE = 32
"""Side in pixels below which a picture shows too little of an animal."""

PICTURES_PER_CHUNK = 32
"""Pictures measured at once, some 100 MB of temporaries."""

STEM_STRIDE = 2
"""Pixels, in each direction, that the stem takes together."""

HEAT_MAP_STRIDE = 4
"""Pixels of the input per cell of the heat maps."""


@dataclass(frozen=True)
class LandmarkNetworkConfig:
    """Architecture of a landmark network.

    Attributes:
        resolution: Side of its input in pixels, a multiple of 16.
        channels: Of the levels at 1/2, 1/4, 1/8 and 1/16 of the input's side.
        blocks: Residual blocks at the coarsest level.
    """

    resolution: int = 128
    channels: tuple[int, int, int, int] = (24, 32, 64, 96)
    blocks: int = 2

    def __post_init__(self) -> None:
        """Check the sizes, which may come from a file.

        Raises:
            InputError: A size is no whole number, not positive, or far larger than any use of it.
        """
        sizes = (self.resolution, *self.channels, self.blocks)
        whole = all(isinstance(size, int) and 1 <= size <= 1024 for size in sizes)
        if len(self.channels) != 4 or not whole or self.resolution % 16:
            raise InputError(
                "a landmark network needs a resolution that is a multiple of 16, 4 channel numbers and a number of"
                f" blocks, each from 1 to 1024, got {self}"
            )


def _convolution(
    inputs: int, outputs: int, size: int, *, stride: int = 1, silent: bool = False
) -> nn.Conv2d:
    """Return a convolution with the initial weights of He et al. 2015, or with zeros."""
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2)
    if silent:
        nn.init.zeros_(convolution.weight)
    else:
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
    return convolution


class ResidualBlock(nn.Module):
    """Two convolutions beside an identity; it starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels, 3)
        self.second = _convolution(channels, channels, 3, silent=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``[B, C, h, w]`` of the same shape."""
        result: Tensor = x + self.second(F.silu(self.first(F.silu(x))))
        return result


class LandmarkNetwork(nn.Module):
    """Encoder and decoder with skips that give each landmark a heat map and, in each of its cells, a vote.

    A landmark is the mean of the votes under its heat map (integral regression, Sun et al. 2018, with votes instead
    of cell centres): differentiable, finer than the cells, and free to leave the picture a little.

    Attributes:
        own_error_share: Mean distance between measured and true place of visible landmarks in renders that no training
            saw, as a share of the width of the picture; None until that is measured.
    """

    def __init__(self, config: LandmarkNetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config or LandmarkNetworkConfig()
        self.own_error_share: float | None = None
        half, quarter, eighth, sixteenth = self.config.channels
        self.stem = _convolution(3 * STEM_STRIDE**2, half, 3)
        self.downs = nn.ModuleList(
            _convolution(finer, coarser, 3, stride=2)
            for finer, coarser in pairwise(self.config.channels)
        )
        self.encoders = nn.ModuleList((ResidualBlock(quarter), ResidualBlock(eighth)))
        self.middle = nn.Sequential(*(ResidualBlock(sixteenth) for _ in range(self.config.blocks)))
        self.ups = nn.ModuleList(
            (_convolution(sixteenth, eighth, 1), _convolution(eighth, quarter, 1))
        )
        self.decoders = nn.ModuleList((ResidualBlock(eighth), ResidualBlock(quarter)))
        self.head = _convolution(quarter, 3 * len(LANDMARK_NAMES), 1, silent=True)
        side = self.config.resolution // HEAT_MAP_STRIDE
        line = (torch.arange(side) + 0.5) / side
        cells = torch.stack((line.repeat(side), line.repeat_interleave(side)), dim=-1)
        self.register_buffer("cells", cells, persistent=False)
        self.cells: Tensor

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return where the landmarks are, and their heat maps.

        Args:
            images: ``[B, 3, r, r]`` in -1..1 at the network's resolution.

        Returns:
            ``[B, 24, 2]``, (x, y) as fractions of the picture; and the logarithms of the heat maps,
            ``[B, 24, cells]``, row by row, whose exponentials sum to one.
        """
        fine = F.silu(self.stem(F.pixel_unshuffle(images, STEM_STRIDE)))
        quarter = self.encoders[0](self.downs[0](fine))
        eighth = self.encoders[1](self.downs[1](quarter))
        x = self.middle(self.downs[2](eighth))
        for up, decoder, skip in zip(self.ups, self.decoders, (eighth, quarter), strict=True):
            coarse = F.interpolate(up(x), scale_factor=2, mode="bilinear", align_corners=False)
            x = decoder(skip + coarse)
        maps = self.head(F.silu(x)).flatten(2).unflatten(1, (3, len(LANDMARK_NAMES)))
        log_heat = maps[:, 0].log_softmax(dim=-1)
        side = self.config.resolution // HEAT_MAP_STRIDE
        votes = self.cells.t() + maps[:, 1:].transpose(1, 2) / side
        points = (votes * log_heat.exp()[:, :, None]).sum(-1)
        return points, log_heat

    def frozen(self) -> "LandmarkNetwork":
        """Return this network, in evaluation mode and with weights that take no gradient."""
        self.eval().requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
        return self


@torch.no_grad()
def measured_landmarks(network: LandmarkNetwork, images: Tensor) -> Tensor:
    """Return where the landmarks of pictures are.

    Each picture is looked at twice, once mirrored, and the mean is taken; so the landmarks of a mirrored picture are
    the mirrored landmarks.

    Args:
        network: From :func:`load_landmark_network`.
        images: ``[B, 3, H, W]``, square, at least 32 px, in -1..1 (values outside are clipped, as they are when
            shown); on any device.

    Returns:
        ``[B, 24, 2]``, float32, on the device of ``images``: ``(x, y)`` pixels of the given pictures, pixel centres
        at integers, in the order of ``LANDMARK_NAMES``. A hidden landmark is where it would be, less exactly.

    Raises:
        InputError: ``images`` has another shape or is not finite.
    """
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        raise InputError(f"images must be square, [B, 3, H, H], got {list(images.shape)}")
    size = images.shape[-1]
    if size < SMALLEST_PICTURE:
        raise InputError(f"pictures must be at least {SMALLEST_PICTURE} px wide, got {size} px")
    if not images.isfinite().all():
        raise InputError("images must be finite, got NaN or infinity")
    if not len(images):  # which pixel_unshuffle would not take
        return images.new_empty((0, len(LANDMARK_NAMES), 2), dtype=torch.float32)
    parts = [_fractions(network, part) for part in torch.split(images, PICTURES_PER_CHUNK)]
    return torch.cat(parts).to(images.device) * size - 0.5


def _fractions(network: LandmarkNetwork, images: Tensor) -> Tensor:
    """Return the landmarks ``[B, 24, 2]`` of pictures of any size, as fractions."""
    x = images.to(network.cells).clamp(-1, 1)
    side = network.config.resolution
    if x.shape[-1] != side:
        x = F.interpolate(x, (side, side), mode="bilinear", align_corners=False, antialias=True)
    x = x.contiguous(memory_format=torch.channels_last)
    seen, mirrored = network(x)[0], network(x.flip(3))[0]
    back = mirrored[:, list(MIRROR_LANDMARKS)] * seen.new_tensor([-1.0, 1.0])
    result: Tensor = (seen + back + seen.new_tensor([1.0, 0.0])) / 2
    return result


def save_landmark_network(network: LandmarkNetwork, path: str | Path) -> None:
    """Write a network's weights, in half precision, architecture and own error; ``path`` ends in ``.safetensors``."""
    tensors = {k: v.detach().cpu().half().contiguous() for k, v in network.state_dict().items()}
    metadata = {"format": FORMAT, "config": json.dumps(asdict(network.config))}
    if network.own_error_share is not None:
        metadata["own_error_share"] = repr(network.own_error_share)
    save_file(tensors, str(path), metadata)


def load_landmark_network(
    device: torch.device | str | None = None, *, path: str | Path = SHIPPED_WEIGHTS
) -> LandmarkNetwork:
    """Return a landmark network, in single precision, frozen.

    Args:
        device: Where to put it; None is the CPU.
        path: A file that :func:`save_landmark_network` wrote; by default the one that comes with the package.

    Raises:
        GeneratorError: The file is absent, damaged or holds something else; every tensor that does not fit is listed.
    """
    path = Path(path)
    if not path.is_file():
        raise GeneratorError(f"there is no landmark network {path}; install the package again")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  # not a dict
    except SafetensorError as error:
        raise GeneratorError(f"{path} is not a complete safetensors file: {error}") from error
    if metadata.get("format") != FORMAT:
        raise GeneratorError(
            f"{path} does not hold a landmark network: its format is {metadata.get('format')!r}, expected {FORMAT!r}"
        )
    network = LandmarkNetwork(_read_config(path, metadata))
    problems = _misfits(network, tensors)
    if problems:
        raise GeneratorError(f"{path} does not fit its architecture: " + "; ".join(problems))
    network.load_state_dict(tensors)
    network.own_error_share = _read_own_error(path, metadata)
    return network.to(device or "cpu").frozen()


def _read_config(path: Path, metadata: dict[str, str]) -> LandmarkNetworkConfig:
    """Return the architecture that a file describes."""
    try:
        fields = json.loads(metadata["config"])
        return LandmarkNetworkConfig(**{**fields, "channels": tuple(fields["channels"])})
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise GeneratorError(f"{path} describes no architecture: {error!r}") from error


def _read_own_error(path: Path, metadata: dict[str, str]) -> float | None:
    """Return the own error that a file tells."""
    if (text := metadata.get("own_error_share")) is None:
        return None
    try:
        share = float(text)
    except ValueError as error:
        raise GeneratorError(f"{path} tells an own error that is no number: {text!r}") from error
    if not 0.0 <= share < 1.0:
        raise GeneratorError(f"{path} tells an own error outside 0..1: {text}")
    return share


def _misfits(network: LandmarkNetwork, tensors: dict[str, Tensor]) -> list[str]:
    """Return in words, sorted, in what the tensors of a file differ from those of the network."""
    expected = {name: list(t.shape) for name, t in network.state_dict().items()}
    found = {name: list(t.shape) for name, t in tensors.items()}
    return sorted(
        [f"missing {name} {shape}" for name, shape in expected.items() if name not in found]
        + [f"unexpected {name} {shape}" for name, shape in found.items() if name not in expected]
        + [
            f"{name} is {found[name]}, expected {shape}"
            for name, shape in expected.items()
            if found.get(name, shape) != shape
        ]
        + [f"{name} is not finite" for name, t in tensors.items() if not t.isfinite().all()]
    )
