"""Tensors, masks and states of a recipe as plain JSON, and back; everything that comes back is checked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from draggan_widget.drag.validation import Mask, check_mask, check_point_ids, check_points
from draggan_widget.errors import InputError
from draggan_widget.inputs import checked_seed, checked_truncation
from draggan_widget.mask_pictures import mask_of_picture
from draggan_widget.session.recipe import from_text, to_text
from draggan_widget.session.sources import checked_latent, checked_z
from draggan_widget.session.state import PictureGenerator, SessionState, closed

DTYPES = {"float32": torch.float32, "float64": torch.float64}
"""Types of latents; smaller ones are kept as float32, which holds each of their values."""

LATENTS = ("start_w", "w", "held_w")
ZS = ("start_z", "z")
POINTS = ("handle_points", "target_points", "put_points")
"""Attributes of a state."""


def tensor_to_json(tensor: Tensor) -> dict[str, Any]:
    """Return a tensor as type, shape and bytes."""
    kept = tensor.detach().cpu()
    kept = kept if kept.dtype == torch.float64 else kept.float()
    values = kept.contiguous().numpy()
    return {
        "dtype": str(values.dtype),
        "shape": list(values.shape),
        "data": to_text(values.astype(values.dtype.newbyteorder("<")).tobytes()),
    }


def tensor_from_json(name: str, value: object) -> Tensor:
    """Return a tensor.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, Mapping) or value.get("dtype") not in DTYPES:
        raise InputError(f"{name} must be a tensor of {' or '.join(DTYPES)}")
    data = from_text(name, value.get("data"))
    try:
        values = np.frombuffer(data, np.dtype(value["dtype"]).newbyteorder("<"))
        native = values.astype(value["dtype"]).reshape(value.get("shape"))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a whole tensor: {error}") from error
    return torch.from_numpy(native)


def mask_to_json(mask: Mask | None) -> str | None:
    """Return a mask as a PNG of one bit a pixel, in base 64."""
    if mask is None:
        return None
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    return to_text(stream.getvalue())


def mask_from_json(generator: PictureGenerator, value: object) -> Mask | None:
    """Return a mask as large as a generator's pictures.

    Raises:
        InputError: It is none.
    """
    if value is None:
        return None
    size = generator.width, generator.height
    data = from_text("mask", value)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != size:
                raise InputError(f"mask must be {size[0]} x {size[1]}, got {picture.size}")
            found = mask_of_picture(picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"mask must be a PNG: {error}") from error
    checked = check_mask(found, *size)
    return None if checked is None else closed(checked)


def state_to_json(state: SessionState) -> dict[str, Any]:
    """Return a state."""
    tensors = {name: tensor_to_json(getattr(state, name)) for name in LATENTS}
    zs = {name: getattr(state, name) for name in ZS}
    return {
        "seed": state.seed,
        "truncation_psi": state.truncation_psi,
        "point_ids": list(state.point_ids),
        "mask": mask_to_json(state.mask),
        **{name: getattr(state, name).tolist() for name in POINTS},
        **tensors,
        **{name: None if z is None else tensor_to_json(z) for name, z in zs.items()},
    }


def state_from_json(generator: PictureGenerator, value: Mapping[str, Any]) -> SessionState:
    """Return a state of a generator.

    Raises:
        InputError: It is none.
    """
    size = generator.width, generator.height
    handles, targets, put = (
        closed(check_points(name, value.get(name, ()), *size)) for name in POINTS
    )
    ids, _ = check_point_ids(value.get("point_ids", ()), (), len(handles))
    if len(put) != len(handles) or min(ids, default=1) < 1:
        raise InputError("a state must have an id from 1 and a put_point for each handle")
    latents = {
        name: checked_latent(generator, tensor_from_json(name, value.get(name))) for name in LATENTS
    }
    start_z, z = (
        None
        if value.get(name) is None
        else checked_z(generator, tensor_from_json(name, value[name]))
        for name in ZS
    )
    if (start_z is None) != (z is None):
        raise InputError("start_z and z must both be there or both be absent")
    return SessionState(
        seed=checked_seed(value.get("seed")),
        truncation_psi=checked_truncation(value.get("truncation_psi")),
        handle_points=handles,
        target_points=targets,
        put_points=put,
        point_ids=ids,
        mask=mask_from_json(generator, value.get("mask")),
        start_z=start_z,
        z=z,
        **latents,
    )


def start_to_json(state: SessionState, w: object, z: object) -> dict[str, Any]:
    """Return the first picture of a session: its seed and truncation, and of its w and z those that were given.

    Args:
        state: The first of the session.
        w, z: As they were given, or None.
    """
    given: dict[str, Any] = {"seed": state.seed, "truncation_psi": state.truncation_psi}
    if w is not None:
        given["w"] = tensor_to_json(state.w)
    if z is not None and state.z is not None:
        given["z"] = tensor_to_json(state.z)
    return given


def start_from_json(start: Mapping[str, Any]) -> tuple[Tensor | None, Tensor | None]:
    """Return w and z of a first picture, None where they were not given."""
    w, z = (tensor_from_json(name, start[name]) if name in start else None for name in ("w", "z"))
    return w, z
