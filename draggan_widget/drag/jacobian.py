"""How the places of handles depend on the coordinates of a latent: differentiated, and corrected by what steps do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.drag.least_squares import secant_update

DERIVATIVES_AT_ONCE = 8
"""Rows that are computed in one batch; each holds a gradient of every activation."""


@dataclass(frozen=True, eq=False)
class Jacobian:
    """Derivatives of handles.

    Attributes:
        rows: Of x and y of each handle by its id, ``[2, A]`` px, on the device of the places.
    """

    rows: Mapping[int, Tensor]

    def covers(self, point_ids: Collection[int]) -> bool:
        """Return whether the derivatives of all these handles are known."""
        return all(key in self.rows for key in point_ids)

    def matrix(self, point_ids: Sequence[int]) -> Tensor:
        """Return the rows of handles one below the other, ``[2 N, A]``."""
        return torch.cat([self.rows[key] for key in point_ids])

    def only(self, point_ids: Collection[int]) -> "Jacobian":
        """Return it without the rows of all other handles."""
        return Jacobian({key: row for key, row in self.rows.items() if key in point_ids})

    def after(self, step: Tensor, surprises: Mapping[int, Tensor]) -> "Jacobian":
        """Return the derivatives that explain what a step has done.

        Args:
            step: That was taken, ``[A]``, not zero.
            surprises: Observed minus predicted move of handles by id, ``[2]`` px each.
        """
        corrected = {
            key: secant_update(self.rows[key], step, miss) for key, miss in surprises.items()
        }
        return Jacobian({**self.rows, **corrected})

    def wanted(self, point_ids: Sequence[int], turn: int | None) -> list[int]:
        """Return which rows of :meth:`matrix` are to be computed: all of handles without, or else one in its turn.

        Args:
            point_ids: The handles.
            turn: Number of the turn, or None if no row has one.
        """
        absent = [i for i, key in enumerate(point_ids) if key not in self.rows]
        if absent:
            return [2 * i + axis for i in absent for axis in (0, 1)]
        return [] if turn is None else [turn % (2 * len(point_ids))]

    def computed(
        self, point_ids: Sequence[int], wanted: Sequence[int], places: Tensor, coordinates: Tensor
    ) -> "Jacobian":
        """Return it with some rows of :meth:`matrix` computed.

        Args:
            point_ids: The handles.
            wanted: Numbers of the rows, at least one.
            places: Where the handles are, ``[N, 2]`` px up to a constant, differentiable in the coordinates.
            coordinates: Of the latent.
        """
        derivatives = _derivatives(places.flatten()[list(wanted)], coordinates).to(places)
        rows = dict(self.rows)
        for number, derivative in zip(wanted, derivatives, strict=True):
            key = point_ids[number // 2]
            row = rows[key].clone() if key in rows else derivative.new_zeros(2, len(derivative))
            row[number % 2] = derivative
            rows[key] = row
        return Jacobian(rows)


def _derivatives(values: Tensor, coordinates: Tensor) -> Tensor:
    """Return the derivatives of numbers ``[M]`` by the coordinates, ``[M, A]``."""
    directions = torch.eye(len(values), dtype=values.dtype, device=values.device)
    parts = [
        torch.autograd.grad(values, coordinates, batch, retain_graph=True, is_grads_batched=True)[0]
        for batch in torch.split(directions, DERIVATIVES_AT_ONCE)
    ]
    return torch.cat(parts).flatten(1)
