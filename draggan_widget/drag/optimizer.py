"""The drag loop, one step at a time: synthesise, track, decide, move the latent.

Knows no threads, no pictures and no limit of steps; its caller decides when to call it again.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from draggan_widget.drag.adam import Adam
from draggan_widget.drag.config import DragConfig, pixel_scale
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.protocols import DragGenerator, TraceT
from draggan_widget.drag.supervision import (
    Patch,
    held_share,
    mask_loss,
    motion_loss,
    steps_towards,
)
from draggan_widget.drag.tracking import MARGIN_PX, track
from draggan_widget.drag.validation import (
    Points,
    check_mask,
    check_pairs,
    check_point_ids,
)
from draggan_widget.errors import GeneratorError, InputError

STALL_STEPS = 100
"""A drag has stalled when the largest distance did not fall for so many steps. Shorter pauses are
usual: against a mask a point needs some 40 steps for a whole pixel, and a mask that is set late
pulls points back for as long before they come on again."""

STALL_PROGRESS_PX = 1.0
"""By how much the largest distance must fall to count, in px of a 512-px picture; less is the
trembling of a point that is held back."""


@dataclass(frozen=True, eq=False)
class DragStep(Generic[TraceT]):
    """A picture on the way, and where its handles are.

    Attributes:
        step: How many times the latent had been moved when this picture was made.
        w: Latent of ``trace``, ``[1, num_ws, w_dim]``.
        handle_points: Where the handles are in this picture, ``[N, 2]`` px, read-only.
        target_points: ``[N, 2]`` px, read-only.
        point_ids: One id a point.
        distances_px: From each handle to its target, ``[N]`` px, read-only.
        loss: Value of the loss at ``w``; 0 when the latent was not moved after this picture.
        status: ``"running"``, ``"arrived"`` or ``"stalled"``.
        trace: The synthesis up to the feature block, from which the generator draws the picture;
            draw it without gradient.
        generator_evaluations: Forward and backward passes through the generator so far.
    """

    step: int
    w: Tensor
    handle_points: Points
    target_points: Points
    point_ids: tuple[int, ...]
    distances_px: Points
    loss: float
    status: str
    trace: TraceT
    generator_evaluations: int


@dataclass(frozen=True, eq=False)
class _TrackedPoints:
    """The points: ids, handles and targets ``[N, 2]`` px, and reference features ``[N, C]``."""

    ids: tuple[int, ...]
    handles: Points
    targets: Points
    references: Tensor

    @property
    def distances_px(self) -> Points:
        """From each handle to its target, ``[N]``."""
        return _read_only(np.hypot(*(self.targets - self.handles).T))


@dataclass(frozen=True, eq=False)
class _Picture(Generic[TraceT]):
    """A latent ``[1, num_ws, w_dim]``, its synthesis, features ``[C, h, w]`` and number."""

    w: Tensor
    trace: TraceT
    features: Tensor
    number: int


class DragOptimizer(Generic[TraceT]):
    """Moves a latent until handle points lie on target points.

    The features of the first picture, the points' reference features and Adam's memory are kept
    as long as the optimizer lives. A call that raises has not moved the latent.

    Attributes:
        config: The settings.
    """

    def __init__(self, generator: DragGenerator[TraceT], w: Tensor, config: DragConfig) -> None:
        """Synthesise the first picture.

        Args:
            generator: Frozen generator.
            w: Latent of the first picture, ``[1, num_ws, w_dim]``; it is copied. Its type and
                device are those of all computations.
            config: The settings.

        Raises:
            InputError: The latent has another shape or is not finite, the generator is not
                frozen, or it has no such feature block.
            GeneratorError: The features are not finite.
        """
        expected = [1, generator.num_ws, generator.w_dim]
        if list(w.shape) != expected:
            raise InputError(f"w must be {expected}, got {list(w.shape)}; sample_w makes one")
        if not bool(w.isfinite().all()):
            raise InputError("w must be finite, got NaN or infinite entries; sample_w makes one")
        if any(parameter.requires_grad for parameter in generator.parameters()):
            raise InputError("the generator must be frozen; call generator.requires_grad_(False)")
        self.config = config
        self._generator = generator
        self._block = config.block_of(generator.height, generator.feature_blocks)
        self._size = size = generator.width, generator.height
        self._rows = rows = min(config.trainable_rows, generator.num_ws)
        self._start = w.detach().clone()
        self._offset = w.new_zeros(1, rows if config.space == "w+" else 1, generator.w_dim)
        self._offset.requires_grad_()
        deviation = float(generator.w_std[:rows].square().mean().sqrt())
        self._adam = Adam(self._offset, config.step_size(deviation))
        self._updates = 0
        self._evaluations = 0
        self._search_px = config.tracking_radius_px(*size)
        radius_px = config.supervision_radius_px(*size)
        self._patch = Patch.disc(radius_px, with_rim=not config.rules.whole_pixel_disc, like=w)
        with torch.no_grad():
            self._start_features = self._features = self._synthesise().features
        if not bool(self._features.isfinite().all()):
            raise GeneratorError("the features of w are not finite; choose another latent")
        self._grid = FeatureGrid.between(*size, self._features)
        nothing = _read_only(np.empty((0, 2)))
        self._points = _TrackedPoints((), nothing, nothing, self._features.new_empty(0, 0))
        self._held: Tensor | None = None
        self._least_px, self._least_at = math.inf, 0

    @property
    def w(self) -> Tensor:
        """The latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._latent().detach()

    def set_points(
        self,
        handle_points: ArrayLike,
        target_points: ArrayLike,
        *,
        point_ids: Sequence[int],
        placed: Collection[int] = (),
    ) -> None:
        """Say which points shall go where; may be called at any time.

        Known ids keep their reference and the handle as tracked, whatever ``handle_points`` says,
        unless they are ``placed``. Unknown and placed ids take their handle from
        ``handle_points`` and their reference from the picture of the last step.

        Args:
            handle_points: ``[N, 2]`` px, inside the picture.
            target_points: ``[N, 2]`` px, inside the picture.
            point_ids: One id a point, all different.
            placed: Ids whose handle was put down by hand.

        Raises:
            InputError: Wrong shapes, numbers or ids, or a point outside the picture.
        """
        handles, targets = check_pairs(handle_points, target_points, *self._size)
        ids, put_down = check_point_ids(point_ids, placed, len(handles))
        known = {key: i for i, key in enumerate(self._points.ids) if key not in put_down}
        kept = [(i, known[key]) for i, key in enumerate(ids) if key in known]
        for new, old in kept:
            handles[new] = self._points.handles[old]
        references = self._grid.sample_points(self._features, self._tensor(handles))
        for new, old in kept:
            references[new] = self._points.references[old]
        self._points = _TrackedPoints(ids, _read_only(handles), _read_only(targets), references)
        self._watch_from_now()

    def set_mask(self, mask: ArrayLike | None) -> None:
        """Say where the picture may move; may be called at any time.

        Args:
            mask: Boolean ``[H, W]``, True where it may move, or None for everywhere.

        Raises:
            InputError: Another type or shape, or nothing may move.
        """
        checked = check_mask(mask, *self._size)
        if checked is None or checked.all():
            self._held = None
        else:
            self._held = held_share(checked, self._features)
        self._watch_from_now()

    def step(self) -> DragStep[TraceT]:
        """Synthesise, track and decide; then move the latent once, unless the status is final.

        Returns:
            The picture before the move, and its handles.

        Raises:
            GeneratorError: Features or gradient are not finite.
        """
        with torch.set_grad_enabled(bool(self._points.ids)):
            picture = self._synthesise()
        self._follow(picture)
        status = self._status()
        loss = self._move(picture) if status == "running" else 0.0
        return self._report(picture, status, loss)

    def observe(self) -> DragStep[TraceT]:
        """Synthesise and track, and leave the latent as it is.

        Raises:
            GeneratorError: The features are not finite.
        """
        with torch.no_grad():
            picture = self._synthesise()
        self._follow(picture)
        return self._report(picture, self._status(), 0.0)

    def _synthesise(self) -> _Picture[TraceT]:
        """Run the generator up to the feature block."""
        w = self._latent()
        trace = self._generator.trace(w, self._block)
        self._evaluations += 1
        return _Picture(w, trace, trace.features[0].to(w.dtype), self._updates)

    def _latent(self) -> Tensor:
        """Return the start with the trainable rows moved by the offset."""
        moved, fixed = self._start[:, : self._rows], self._start[:, self._rows :]
        return torch.cat([moved + self._offset, fixed], dim=1)

    @torch.no_grad()
    def _follow(self, picture: _Picture[TraceT]) -> None:
        """Track the handles into a picture, which becomes the one that new points refer to."""
        points, features = self._points, picture.features.detach()
        if points.ids:
            handles = self._tensor(points.handles)
            offsets = track(
                self._grid.windows(features, handles, self._search_px + MARGIN_PX),
                handles,
                points.references,
                radius_px=self._search_px,
                norm=self.config.rules.tracking_norm,
                subpixel=self.config.tracks_subpixel,
            )
            moved = points.handles + offsets.cpu().double().numpy()  # the one wait for the device
            if not np.isfinite(moved).all():
                raise GeneratorError(
                    "the features around a handle are not finite; "
                    "undo or reset the picture, and lower learning_rate"
                )
            last = np.subtract(self._size, 1)
            self._points = replace(points, handles=_read_only(moved.clip(0, last)))
        self._features = features

    def _status(self) -> str:
        """Return ``running``, ``arrived`` or ``stalled`` for the handles as tracked."""
        distances = self._points.distances_px
        if (distances <= self.config.stop_radius_px(*self._size, len(distances))).all():
            return "arrived"
        largest = float(distances.max())
        if largest <= self._least_px - STALL_PROGRESS_PX * pixel_scale(*self._size):
            self._least_px, self._least_at = largest, self._updates
        return "stalled" if self._updates - self._least_at >= STALL_STEPS else "running"

    def _watch_from_now(self) -> None:
        """Forget how far the points have come: the task is a new one."""
        self._least_px, self._least_at = math.inf, self._updates

    @torch.enable_grad()
    def _move(self, picture: _Picture[TraceT]) -> float:
        """Move the latent by one step of Adam, and return the loss at the picture."""
        loss = self._loss(picture.features)
        (gradient,) = torch.autograd.grad(loss, self._offset)
        self._evaluations += 1
        value, size = torch.stack([loss.detach(), gradient.abs().sum()]).tolist()
        if not (math.isfinite(value) and math.isfinite(size)):
            raise GeneratorError(
                "the gradient of the drag is not finite; the latent was not moved: "
                "undo or reset the picture, and lower learning_rate"
            )
        self._adam.step(self._offset, gradient)
        self._updates += 1
        return float(value)

    def _loss(self, features: Tensor) -> Tensor:
        """Return the motion loss plus the weighed mask loss of a picture's features."""
        points, rules = self._points, self.config.rules
        handles = self._tensor(points.handles)
        windows = self._grid.windows(features, handles, self._patch.reach_px)
        loss = motion_loss(
            windows.detach(),
            windows,
            handles,
            self._tensor(steps_towards(points.handles, points.targets)),
            self._tensor(points.distances_px > rules.idle_px),
            self._patch,
            rules,
        )
        if self._held is None or self._updates == 0:  # the first picture has not changed yet
            return loss
        return loss + self.config.mask_weight * mask_loss(
            features, self._start_features, self._held
        )

    def _report(self, picture: _Picture[TraceT], status: str, loss: float) -> DragStep[TraceT]:
        """Return what is known about a picture."""
        points = self._points
        return DragStep(
            step=picture.number,
            w=picture.w.detach(),
            handle_points=points.handles,
            target_points=points.targets,
            point_ids=points.ids,
            distances_px=points.distances_px,
            loss=loss,
            status=status,
            trace=picture.trace,
            generator_evaluations=self._evaluations,
        )

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        """Return an array as a tensor of the latent's type and device."""
        return torch.tensor(values, dtype=self._start.dtype, device=self._start.device)


def _read_only(array: Points) -> Points:
    """Return the array, closed for writing."""
    array.setflags(write=False)
    return array
