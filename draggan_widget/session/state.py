"""What a session holds at one moment, and the generator it needs; nothing here changes or computes pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.drag import DragGenerator
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.errors import InputError
from draggan_widget.inputs import TRUNCATION_PSI


class PictureGenerator(DragGenerator[Any], Protocol):
    """A generator that can be dragged, sampled and drawn."""

    @property
    def name(self) -> str:
        """Name shown to people, by which a session file finds it again."""
        ...

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        ...

    def sample_w(self, seed: int, truncation_psi: float = ...) -> Tensor:
        """Return the latent ``[1, num_ws, w_dim]`` of a seed."""
        ...

    def image(self, w: Tensor) -> Tensor:
        """Return the picture ``[1, 3, H, W]`` of a latent, nominally -1..1."""
        ...

    def image_from_trace(self, trace: Any) -> Tensor:
        """Return the picture of a synthesis that has run up to some block."""
        ...


@dataclass(frozen=True, eq=False)
class SessionState:
    """Everything that undo brings back; arrays are closed for writing and tensors are never written to.

    Attributes:
        seed: Seed of the sample that the session came from.
        start_w: Latent to which a reset returns, ``[1, num_ws, w_dim]``.
        w: Present latent.
        start_z: z that ``start_w`` came from, ``[1, z_dim]``; None where a w was given or there is no mapping.
        z: z that ``w`` came from, which a drag in the space z moves; None with ``start_z``.
        handle_points: ``[N, 2]`` px.
        target_points: ``[M, 2]`` px; a drag needs M = N.
        point_ids: One id a handle.
        put_points: Where each handle was put down, ``[N, 2]`` px.
        mask: Boolean ``[H, W]``, True where the picture may move, or None for everywhere.
        held_w: Latent of the picture that stays where the mask is False: the one in which the mask was set, or with
            which a latent began. Drags leave it.
        truncation_psi: Truncation of the sample, which the next one keeps.
    """

    seed: int
    start_w: Tensor
    w: Tensor
    handle_points: Points
    target_points: Points
    point_ids: tuple[int, ...]
    put_points: Points
    mask: Mask | None
    held_w: Tensor
    start_z: Tensor | None = None
    z: Tensor | None = None
    truncation_psi: float = TRUNCATION_PSI

    @classmethod
    def first(
        cls,
        seed: int,
        w: Tensor,
        z: Tensor | None = None,
        truncation_psi: float = TRUNCATION_PSI,
    ) -> SessionState:
        """Return the state of a new picture: no points and no mask."""
        points = NO_POINTS, NO_POINTS, (), NO_POINTS
        return cls(seed, w, w, *points, None, w, z, z, truncation_psi)

    @property
    def is_complete(self) -> bool:
        """Whether there are as many targets as handles."""
        return len(self.handle_points) == len(self.target_points)

    @property
    def is_masked(self) -> bool:
        """Whether a mask holds a part of the picture."""
        return self.mask is not None and not self.mask.all()

    @property
    def distances_px(self) -> NDArray[np.float64]:
        """From each handle to its target ``[N]``; empty while the state is not complete."""
        if not self.is_complete:
            return np.empty(0)
        distances: NDArray[np.float64] = np.hypot(*(self.target_points - self.handle_points).T)
        return distances

    def with_points(
        self,
        handle_points: Points,
        target_points: Points,
        point_ids: tuple[int, ...],
        placed: Collection[int],
    ) -> SessionState:
        """Return the state with other points; a known handle stays where it is, unless its id is ``placed``."""
        known = {key: index for index, key in enumerate(self.point_ids) if key not in placed}
        handles, put = handle_points.copy(), handle_points.copy()
        for index, key in enumerate(point_ids):
            if key in known:
                handles[index] = self.handle_points[known[key]]
                put[index] = self.put_points[known[key]]
        return replace(
            self,
            handle_points=closed(handles),
            target_points=target_points,
            point_ids=point_ids,
            put_points=closed(put),
        )

    def with_target(self, index: int, target: NDArray[np.float64]) -> SessionState:
        """Return the state with the target of one handle elsewhere, ``[2]`` px; this very state if it is there.

        Raises:
            InputError: There is no such handle.
        """
        count = len(self.point_ids)
        whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
        if not whole or not 0 <= index < count:
            raise InputError(
                f"handle_index must be a whole number from 0 to {count - 1}, got {index!r}"
            )
        if (self.target_points[index] == target).all():
            return self
        targets = self.target_points.copy()
        targets[index] = target
        return replace(self, target_points=closed(targets))

    def with_tracked(
        self, w: Tensor, z: Tensor | None, point_ids: Iterable[int], handles: Points
    ) -> SessionState:
        """Return the state of another picture, in which the handles of these ids are elsewhere."""
        tracked = dict(zip(point_ids, handles, strict=True))
        own = zip(self.point_ids, self.handle_points, strict=True)
        moved = np.array([tracked.get(key, handle) for key, handle in own])
        return replace(self, w=w, z=z, handle_points=closed(moved.reshape(-1, 2)))

    def equals(self, other: SessionState) -> bool:
        """Return whether another state holds the same values."""
        tensors = ("start_w", "w", "held_w", "start_z", "z")
        arrays = ("handle_points", "target_points", "put_points")
        return (
            (self.seed, self.truncation_psi) == (other.seed, other.truncation_psi)
            and self.point_ids == other.point_ids
            and all(np.array_equal(getattr(self, each), getattr(other, each)) for each in arrays)
            and same_mask(self.mask, other.mask)
            and all(_same_tensor(getattr(self, each), getattr(other, each)) for each in tensors)
        )

    def moved_parts(self, before: SessionState) -> frozenset[tuple[int, str]] | None:
        """Return which ends of which points lie elsewhere than before; None when points came or went."""
        if self.point_ids != before.point_ids or not (self.is_complete and before.is_complete):
            return None
        moved = set()
        for index, key in enumerate(self.point_ids):
            for part in ("handle_points", "target_points"):
                if (getattr(self, part)[index] != getattr(before, part)[index]).any():
                    moved.add((key, part))
        return frozenset(moved)


def same_mask(one: Mask | None, other: Mask | None) -> bool:
    """Return whether two masks are equal, or both absent."""
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _same_tensor(one: Tensor | None, other: Tensor | None) -> bool:
    """Return whether two tensors are equal, or both absent."""
    if one is None or other is None:
        return one is other
    return one is other or torch.equal(one, other)


def closed(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, closed for writing."""
    array.setflags(write=False)
    return array


NO_POINTS: Points = closed(np.empty((0, 2)))
"""The positions of no points."""
