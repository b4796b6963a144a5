"""The 30 documented scene parameters, how z becomes parameters, and the mirror symmetry.

Each entry of z is a standard normal number. It becomes a share ``u = Phi(z)`` of 0..1 (Phi is the
distribution function of the normal distribution), then one optional bend, then ``low + (high - low)
* u``. The first 21 entries are the geometry of the head, the other 9 its appearance. Left and right
are those of the picture. Angles are in radians; lengths are in scene units, of which the picture is
2.06 wide.

What the parameters do to the shape stays in `scene` and `field`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Block = Literal["geometry", "appearance"]
Bend = Literal["none", "power_1_3", "power_1_5", "power_1_8", "mostly_one"]
ArrayLike = Tensor | np.ndarray
"""What a caller may pass as z."""

BENDS: dict[Bend, Callable[[Tensor], Tensor]] = {
    "none": lambda u: u,
    "power_1_3": lambda u: u**1.3,
    "power_1_5": lambda u: u**1.5,
    "power_1_8": lambda u: u**1.8,
    "mostly_one": lambda u: 1.0 - (1.0 - u) ** 6,
}
"""Maps of 0..1 onto itself. The powers make small values common, ``mostly_one`` large ones."""


@dataclass(frozen=True)
class SceneParameter:
    """One number that the scene is drawn from.

    Attributes:
        name: Unique, in snake case.
        low, high: Range of the value.
        block: The block of z that the number belongs to.
        bend: Name of the map in `BENDS` that the share goes through.
        meaning: What a larger value does.
    """

    name: str
    low: float
    high: float
    block: Block
    meaning: str
    bend: Bend = "none"


def _degrees(name: str, limit: float, meaning: str) -> SceneParameter:
    """Return an angle of the head between ``-limit`` and ``limit`` degrees."""
    return SceneParameter(name, -math.radians(limit), math.radians(limit), "geometry", meaning)


def _geometry(
    name: str, low: float, high: float, meaning: str, bend: Bend = "none"
) -> SceneParameter:
    """Return a parameter of the shape."""
    return SceneParameter(name, low, high, "geometry", meaning, bend)


def _appearance(
    name: str, low: float, high: float, meaning: str, bend: Bend = "none"
) -> SceneParameter:
    """Return a parameter of colour or light."""
    return SceneParameter(name, low, high, "appearance", meaning, bend)


PARAMETERS: tuple[SceneParameter, ...] = (
    _degrees("yaw", 40.0, "the head turns towards the right of the picture"),
    _degrees("pitch", 20.0, "the head looks up"),
    _degrees("roll", 14.0, "the head tilts anticlockwise"),
    _geometry("shift_x", -0.12, 0.12, "the animal moves right; half the picture is 1.03"),
    _geometry("shift_y", -0.20, -0.04, "the animal moves up"),
    _geometry("scale", 0.84, 1.04, "the animal grows"),
    _geometry("mouth_open", 0.0, 1.0, "the mouth opens by 0.88 rad times the value", "power_1_3"),
    _geometry("muzzle_length", -0.06, 0.24, "muzzle and jaw grow longer, the muzzle also narrower"),
    _geometry("ear_length", 0.26, 0.58, "both ears grow from short and round to long and pointed"),
    _geometry(
        "ear_asymmetry", -0.28, 0.28, "the right ear grows by this share, the left one shrinks"
    ),
    _geometry("ear_width", 0.14, 0.25, "both ears grow wider"),
    _geometry("ear_tilt_left", 0.05, 0.95, "the ear on the left of the picture leans outwards"),
    _geometry("ear_tilt_right", 0.05, 0.95, "the ear on the right of the picture leans outwards"),
    _geometry("eye_open", 0.12, 1.0, "the lids open", "mostly_one"),
    _geometry("eye_size", 1.05, 1.5, "the eyes grow"),
    _geometry("gaze_x", -0.40, 0.40, "the eyes look to the right of the picture"),
    _geometry("gaze_y", -0.26, 0.26, "the eyes look up"),
    _geometry("nose_size", 0.8, 1.35, "the nose grows"),
    _geometry("head_width", 0.88, 1.14, "the skull grows wider"),
    _geometry("cheek", 0.85, 1.3, "the cheeks grow fuller"),
    _geometry("mane", 0.0, 1.0, "the mane grows; below about 0.3 it is hidden", "power_1_5"),
    _appearance(
        "fur_hue", 0.0, 1.0, "blue-grey, warm grey, cream, gold, ginger, red-brown, in this order"
    ),
    _appearance(
        "fur_lightness", 0.40, 0.86, "OKLab lightness of the fur; light fur has a pink nose"
    ),
    _appearance("stripes", 0.0, 1.0, "the stripes grow stronger", "power_1_8"),
    _appearance(
        "pale", 0.0, 1.0, "muzzle, cheeks, brows and chest grow paler, the pale parts larger"
    ),
    _appearance(
        "iris", 0.0, 1.0, "copper, amber, yellow-green, green, teal, blue eyes, in this order"
    ),
    _appearance("background_a", -0.085, 0.085, "OKLab a of the background, from green to red"),
    _appearance("background_b", -0.10, 0.085, "OKLab b of the background, from blue to yellow"),
    _appearance("background_lightness", 0.52, 0.90, "OKLab lightness of the background"),
    _appearance("light_azimuth", -0.95, 0.95, "the light comes from the right"),
)
"""The parameters in the order of z: the geometry block first."""

Z_DIM = len(PARAMETERS)
GEOMETRY_DIM = sum(parameter.block == "geometry" for parameter in PARAMETERS)
PARAMETER_INDEX: dict[str, int] = {parameter.name: i for i, parameter in enumerate(PARAMETERS)}
"""Where in z each parameter lies."""

_ODD_UNDER_MIRROR = ("yaw", "roll", "shift_x", "ear_asymmetry", "gaze_x", "light_azimuth")


def validated_z(z: ArrayLike, device: torch.device | str | None = None) -> Tensor:
    """Return z as a float tensor on ``device`` after the checks that every public function makes.

    Raises:
        ValueError: When z is not ``[B, 30]`` or holds a number that is not finite.
    """
    tensor = torch.as_tensor(z, device=device)
    if tensor.ndim != 2 or tensor.shape[1] != Z_DIM:
        raise ValueError(
            f"z must be [B, {Z_DIM}], one row for each animal, got {list(tensor.shape)}; "
            "wrap one animal as z[None]."
        )
    if not tensor.is_floating_point():
        tensor = tensor.to(torch.get_default_dtype())
    if not bool(torch.isfinite(tensor).all()):
        row = int((~torch.isfinite(tensor)).any(dim=1).nonzero()[0])
        raise ValueError(f"z must be finite, but row {row} holds NaN or infinity; draw it anew.")
    return tensor


def parameters_from_z(z: ArrayLike) -> Tensor:
    """Return the values of the scene parameters.

    Args:
        z: ``[B, 30]``, standard normal.

    Returns:
        ``[B, 30]`` in the order of `PARAMETERS` and of the dtype of z; computed in float64.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite.
    """
    checked = validated_z(z)
    shares = torch.special.ndtr(checked.double())
    values = [
        parameter.low + (parameter.high - parameter.low) * BENDS[parameter.bend](share)
        for parameter, share in zip(PARAMETERS, shares.unbind(1), strict=True)
    ]
    return torch.stack(values, dim=1).to(checked.dtype)


def mirror_z(z: ArrayLike) -> Tensor:
    """Return the z whose picture is the mirrored picture of ``z``.

    The angles, shifts and gaze that point sideways change sign; the two ears change places.

    Args:
        z: ``[B, 30]``.

    Returns:
        ``[B, 30]``; ``mirror_z(mirror_z(z))`` is z.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite.
    """
    checked = validated_z(z)
    sign = checked.new_ones(Z_DIM)
    sign[[PARAMETER_INDEX[name] for name in _ODD_UNDER_MIRROR]] = -1.0
    order = list(range(Z_DIM))
    left, right = PARAMETER_INDEX["ear_tilt_left"], PARAMETER_INDEX["ear_tilt_right"]
    order[left], order[right] = right, left
    return checked[:, order] * sign
