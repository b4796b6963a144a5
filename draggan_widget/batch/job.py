"""A drag of the picture of a seed, as light as it can be told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from draggan_widget.drag import DragConfig
from draggan_widget.drag.validation import Mask, check_mask
from draggan_widget.errors import InputError
from draggan_widget.inputs import TRUNCATION_PSI
from draggan_widget.session.plain_values import mask_to_json
from draggan_widget.session.session import DEFAULT_CONFIG


@dataclass(frozen=True, eq=False)
class DragJob:
    """One item of a batch: a seed, and what to drag where. Values are checked when the batch comes to them.

    Attributes:
        seed: Of the picture.
        handle_points: ``[N, 2]`` px.
        target_points: ``[N, 2]`` px.
        mask: Boolean ``[H, W]``, True where the picture may move, or None for everywhere.
        config: Settings of the drag, or their fields by name.
        truncation_psi: Truncation of the seed's picture.
        max_steps: Most moves of the latent; None is that of ``config``.
        generator: Name or file; None is that of the batch.
    """

    seed: int
    handle_points: ArrayLike
    target_points: ArrayLike
    mask: ArrayLike | str | None = None
    config: DragConfig | Mapping[str, Any] = DEFAULT_CONFIG
    truncation_psi: float = TRUNCATION_PSI
    max_steps: int | None = None
    generator: str | os.PathLike[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types.

        Raises:
            InputError: Points or mask are no arrays of numbers, the settings are none, or the generator has no name.
        """
        config = self.config
        if not isinstance(config, DragConfig | Mapping):
            raise InputError(
                f"config must be a DragConfig or its fields by name, got {type(config).__name__}"
            )
        return {
            "seed": _plain(self.seed),
            "handle_points": _rows("handle_points", self.handle_points),
            "target_points": _rows("target_points", self.target_points),
            "mask": self.mask if isinstance(self.mask, str) else mask_to_json(_mask(self.mask)),
            "config": config.to_json() if isinstance(config, DragConfig) else dict(config),
            "truncation_psi": _plain(self.truncation_psi),
            "max_steps": _plain(self.max_steps),
            "generator": _named(self.generator),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DragJob:
        """Return the job of an object of JSON; absent fields take their defaults.

        Args:
            values: What :meth:`to_json` returns; a mask may be rows of true and false too.

        Raises:
            InputError: A field is missing or unknown.
        """
        known = [field.name for field in fields(cls)]
        needed = known[:3]
        if not set(needed) <= set(values) <= set(known):
            raise InputError(
                f"a job must have {', '.join(needed)} and may have {', '.join(known[3:])}, "
                f"got {sorted(map(str, values))}"
            )
        return cls(**values)


def _named(generator: object) -> str | None:
    """Return the name or file of a generator."""
    if generator is None or isinstance(generator, str):
        return generator
    if isinstance(generator, os.PathLike):
        return str(os.fspath(generator))
    raise InputError(
        f"generator of a job must be a name or a file, got {type(generator).__name__}; give one that is loaded to "
        "drag_batch as generator=, or make items of sessions"
    )


def _plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _rows(name: str, points: ArrayLike) -> Sequence[Any]:
    """Return points as lists."""
    try:
        rows: list[Any] = np.asarray(points, dtype=np.float64).tolist()
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be [N, 2] numbers: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{name} must be [N, 2], got one number")
    return rows


def _mask(mask: ArrayLike | None) -> Mask | None:
    """Return a mask of any size."""
    shape = () if mask is None else np.shape(mask)
    if mask is not None and len(shape) != 2:
        raise InputError(f"mask must be boolean [H, W] or None, got {list(shape)}")
    return None if mask is None else check_mask(mask, shape[1], shape[0])
