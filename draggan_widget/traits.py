"""The kinds of traits that the widget has beside the plain ones; each checks what it is set to.

The checks are here, and not in ``@validate`` methods, because those are put off while notifications are held.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t
from numpy.typing import NDArray

from draggan_widget.errors import InputError
from draggan_widget.inputs import check_startable, checked_seed, checked_truncation

if TYPE_CHECKING:
    from draggan_widget.drag import DragConfig, DragStep

NO_POINTS: NDArray[np.float64] = np.empty((0, 2))
"""The positions of no points."""
NO_POINTS.setflags(write=False)

NOT_LOADED: Mapping[str, Any] = MappingProxyType({})
"""Stands for settings that are not known yet."""


class Points(t.TraitType[Any, Any]):
    """Positions ``[N, 2]`` px as a read-only array; takes whatever converts to one."""

    default_value = NO_POINTS
    info_text = "points [N, 2] in pixels of the picture"

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the checked array."""
        return value if value is NO_POINTS else obj.check_points(self.name, value)


class Mask(t.TraitType[Any, Any]):
    """A read-only boolean array ``[H, W]``, or None."""

    default_value = None
    info_text = "a boolean array [H, W] or None"

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the checked array."""
        return None if value is None else obj.check_mask(value)


class Seed(t.Int[Any, Any]):
    """A seed, 0 to 2**32 - 1."""

    def validate(self, obj: Any, value: Any) -> int:  # the signature of traitlets
        """Return the checked seed."""
        return checked_seed(value)


class Truncation(t.Float[Any, Any]):
    """A truncation, -1 to 1.5."""

    def validate(self, obj: Any, value: Any) -> float:  # the signature of traitlets
        """Return the checked truncation."""
        return checked_truncation(value)


class Running(t.Bool[Any, Any]):
    """Whether a drag runs; can be set once there are points."""

    def validate(self, obj: Any, value: Any) -> bool:
        """Return the checked flag."""
        if not isinstance(value, bool | np.bool_):
            raise InputError(f"running must be True or False, got {value!r}")
        if value and not obj.is_agreed(self.name, True):
            check_startable(obj.handle_points, obj.target_points)
        return bool(value)


class Loaded(t.TraitType[Any, Any]):
    """A value that is known once the picture is there: reading it waits for that, sending it doesn't."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the value."""
        obj.wait_until_loaded()
        return super().get(obj, cls)


class Config(Loaded):
    """Settings of the drag; takes a ``DragConfig`` or a mapping of its fields."""

    default_value = NOT_LOADED
    info_text = "a DragConfig"

    def validate(self, obj: Any, value: Any) -> Any:  # the signature of traitlets
        """Return the checked settings."""
        return value if value is NOT_LOADED else checked_config(value)


class StepCount(int):
    """How many times the latent was moved since the drag began; calling it moves the latent once."""

    widget: Any

    def __call__(self) -> DragStep[Any]:
        """Move the latent once, and return the picture after it."""
        step: DragStep[Any] = self.widget.take_step()
        return step


class Step(t.Int[Any, Any]):
    """The count of steps, under the name that is also the method's."""

    def get(self, obj: Any, cls: Any = None) -> StepCount:
        """Return the count, which can be called."""
        count = StepCount(super().get(obj, cls) or 0)
        count.widget = obj
        return count


def checked_config(value: object) -> DragConfig:
    """Return settings that are given as such or as a mapping of fields.

    Raises:
        InputError: They are something else, or a field is unknown or unusable.
    """
    from draggan_widget.drag import DragConfig  # needs torch, which is imported late

    if isinstance(value, DragConfig):
        return value
    if isinstance(value, Mapping):
        return DragConfig.from_json(value)
    raise InputError(
        f"config must be a DragConfig or a mapping of its fields, got {type(value).__name__}"
    )


def equal(one: object, other: object) -> bool:
    """Return whether two values of a trait are the same, arrays included."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return False
    return bool(one == other)
