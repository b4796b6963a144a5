"""The drag loop, one step at a time: synthesise, track, decide, move the latent.

Knows no threads, no pictures and no limit of steps; its caller decides when to call it again.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Generic

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from draggan_widget.drag.charts import chart_of
from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.mover import Picture
from draggan_widget.drag.movers import mover_of, needs_first_map
from draggan_widget.drag.points import Origin, TrackedPoints, read_only
from draggan_widget.drag.progress import Progress
from draggan_widget.drag.protocols import DragGenerator, TraceT
from draggan_widget.drag.step import DragStep
from draggan_widget.drag.supervision import held_share
from draggan_widget.drag.validation import (
    Points,
    check_mask,
    check_pairs,
    check_point_ids,
)
from draggan_widget.drag.views import Viewer
from draggan_widget.errors import GeneratorError, InputError


class DragOptimizer(Generic[TraceT]):
    """Moves a latent until handle points lie on target points.

    What the solver needs of the first picture, the points' references and the solver's memory are kept
    as long as the optimizer lives. A call that raises has not moved the latent.

    Attributes:
        config: The settings.
    """

    def __init__(
        self,
        generator: DragGenerator[TraceT],
        w: Tensor,
        config: DragConfig,
        *,
        z: Tensor | None = None,
    ) -> None:
        """Stand at the first picture, and synthesise it if the solver needs its features before there are points.

        Args:
            generator: Frozen generator.
            w: Latent of the first picture, ``[1, num_ws, w_dim]``, copied; all is computed in its type and on its device.
            config: The settings.
            z: The z that w came from, ``[1, z_dim]``, where it is known.

        Raises:
            InputError: The latent has another shape or is not finite, the generator is not frozen, or has no such
                feature block, or no mapping or z for the space z.
            GeneratorError: The features were computed and are not finite.
        """
        expected = [1, generator.num_ws, generator.w_dim]
        if list(w.shape) != expected:
            raise InputError(f"w must be {expected}, got {list(w.shape)}; sample_w makes one")
        if not bool(w.isfinite().all()):
            raise InputError("w must be finite, got NaN or infinite entries; sample_w makes one")
        if any(parameter.requires_grad for parameter in generator.parameters()):
            raise InputError("the generator must be frozen; call generator.requires_grad_(False)")
        self.config = config
        block = config.block_of(generator.height, generator.feature_blocks)
        self._size = generator.width, generator.height
        start = w.detach().clone()
        start_z = None if z is None else z.detach().clone()
        chart = chart_of(generator, start, config, start_z)
        viewer = Viewer(generator, start, chart.rows, block)
        with torch.no_grad():
            seen, self._like = viewer.first(start, whole=needs_first_map(config))
        if seen.features is not None and not bool(seen.features.isfinite().all()):
            raise GeneratorError("the features of w are not finite; choose another latent")
        self._mover = mover_of(generator, viewer, chart, seen, self._like, config, start_z)
        nothing = read_only(np.empty((0, 2)))
        self._points = TrackedPoints((), nothing, nothing, self._like.new_empty(0, 0))
        self._origins: tuple[Origin, ...] = ()
        self._seen_w = start  # of the picture to which new points refer
        self._at: Picture[TraceT] | None = None  # from which the latent was not moved yet
        self._aimed = False  # anew, and not moved since
        self._progress = Progress(config, *self._size)

    @property
    def w(self) -> Tensor:
        """The latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._mover.w()

    def set_points(
        self,
        handle_points: ArrayLike,
        target_points: ArrayLike,
        *,
        point_ids: Sequence[int],
        placed: Collection[int] = (),
    ) -> None:
        """Say which points shall go where; may be called at any time.

        Known ids keep their reference and the handle as tracked, whatever ``handle_points`` says, unless they are
        ``placed``. Unknown and placed ids take theirs from ``handle_points`` and the picture of the last step.

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
        is_new = ids != self._points.ids or len(kept) < len(ids)
        if is_new:
            references = self._references(handles, kept)
            origins = {new: self._origins[old] for new, old in kept}
            self._origins = tuple(
                origins.get(i) or Origin(self._seen_w, read_only(handle.copy()))
                for i, handle in enumerate(handles)
            )
            self._mover.arrange(ids, frozenset(ids[new] for new, _ in kept))
            self._at = None
        else:
            references = self._points.references
        if is_new or not np.array_equal(targets, self._points.targets):
            self._progress.restart(self._mover.moves)
            self._aimed = True
        self._points = TrackedPoints(ids, read_only(handles), read_only(targets), references)

    def set_mask(self, mask: ArrayLike | None) -> None:
        """Say where the picture may move; may be called at any time.

        Args:
            mask: Boolean ``[H, W]``, True where it may move, or None for everywhere.

        Raises:
            InputError: Another type or shape, or nothing may move.
        """
        checked = check_mask(mask, *self._size)
        if checked is None or checked.all() or self.config.mask_weight == 0:
            self._mover.hold(None)
        else:
            self._mover.hold(held_share(checked, self._like))
        self._at = None
        self._progress.restart(self._mover.moves)

    def step(self, *, drawn: bool = True) -> DragStep[TraceT]:
        """Synthesise, track and decide; then move the latent once, unless the status is final.

        Args:
            drawn: Whether the picture of this step will be drawn. Otherwise only what the solver reads of it may be
                computed, which is faster for large pictures, and the step has no trace.

        Returns:
            The picture before the move, and its handles.

        Raises:
            GeneratorError: Features or gradient are not finite.
        """
        picture = self._look(whole=drawn, differentiable=True)
        status = self._status(picture)
        if status == "stalled":
            picture = self._back(picture, whole=drawn)
        loss = self._mover.move(picture) if status == "running" else 0.0
        return self._report(picture, status, loss)

    def advance(self, *, drawn: bool = True) -> DragStep[TraceT]:
        """Move the latent once, unless the status is final, and return the picture after it.

        A target that was aimed anew is followed within the stop radius too, by solvers that can
        (:attr:`SolverRules.follow_px`): what follows a pointer shall not rest and leap. The move starts from the
        picture that this function returned before, and goes to the present targets: what a pointer asks for is seen
        one synthesis later. The kinematic solver takes no backward pass for it, unless a point is new or the last step
        went elsewhere than predicted.

        Args:
            drawn: As for :meth:`step`.

        Raises:
            GeneratorError: Features or gradient are not finite.
        """
        picture = self._at or self._look(whole=drawn, differentiable=True, lean=True)
        self._at = None  # a move that fails does not start from it again
        loss = 0.0
        if self._status(picture) == "running" or self._is_asked():
            self._aimed = False
            picture, loss = self._mover.advance(picture, self._points, whole=drawn)
            self._points = picture.points
        status = self._status(picture)
        if status == "stalled":
            picture = self._back(picture, whole=drawn)
        self._at, self._seen_w = picture, picture.w
        return self._report(picture, status, loss)

    def observe(self, *, drawn: bool = True) -> DragStep[TraceT]:
        """Synthesise and track, and leave the latent as it is.

        Args:
            drawn: As for :meth:`step`.

        Raises:
            GeneratorError: The features are not finite.
        """
        picture = self._look(whole=drawn, differentiable=False)
        return self._report(picture, self._status(picture), 0.0)

    def _look(self, *, whole: bool, differentiable: bool, lean: bool = False) -> Picture[TraceT]:
        """Synthesise the present latent and find the handles in it."""
        self._at = None
        picture = self._mover.look(
            self._points, whole=whole, differentiable=differentiable, lean=lean
        )
        self._points, self._seen_w = picture.points, picture.w
        return picture

    def _back(self, picture: Picture[TraceT], *, whole: bool) -> Picture[TraceT]:
        """Return to the picture in which the handles were nearest to their targets on average, and return it."""
        nearest = self._progress.nearest
        if nearest is None or nearest.mean_px == self._points.distances_px.mean():
            return picture
        self._mover.stand(nearest.coordinates)
        self._points = replace(self._points, handles=nearest.handles)
        return self._look(whole=whole, differentiable=True, lean=True)

    def _references(self, handles: Points, kept: list[tuple[int, int]]) -> Tensor:
        """Return the references of handles ``[N, 2]``: old ones of points that are kept, others from the picture seen.

        Args:
            handles: In pixels.
            kept: New and old index of each point that keeps its reference.
        """
        if len(kept) == len(handles):
            return self._points.references[[old for _, old in kept]]
        references = self._mover.references(handles)
        for new, old in kept:
            references[new] = self._points.references[old]
        return references

    def _status(self, picture: Picture[TraceT]) -> str:
        """Return ``running``, ``arrived`` or ``stalled`` for the handles as they are found in the present picture."""
        mover = self._mover
        return self._progress.status(self._points, picture.confidences, mover.moves, mover.standing)

    def _is_asked(self) -> bool:
        """Return whether a target that was aimed anew is so far away that it is followed in any case."""
        near_px = self.config.rules.follow_px
        if not self._aimed or near_px is None:
            return False
        return bool((self._points.distances_px > near_px).any())

    def _report(self, picture: Picture[TraceT], status: str, loss: float) -> DragStep[TraceT]:
        """Return what is known about a picture."""
        points = self._points
        return DragStep(
            step=picture.number,
            w=picture.w,
            z=picture.z,
            handle_points=points.handles,
            target_points=points.targets,
            point_ids=points.ids,
            distances_px=points.distances_px,
            confidences=picture.confidences,
            origins=self._origins,
            loss=loss,
            status=status,
            trace=picture.trace,
            generator_evaluations=self._mover.evaluations,
        )
