"""Adam for the one tensor that a drag moves.

PyTorch's own is equal; but making one loads PyTorch's compiler, which takes seconds that a person
would wait for at the first drag.
"""

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
"""Decay of the running means of the gradient and of its square (Kingma and Ba 2015)."""

EPSILON = 1e-8
"""Added to the root of the mean square (Kingma and Ba 2015)."""


class Adam:
    """Running means of a gradient, and the steps that follow from them.

    Attributes:
        learning_rate: Length of the first step of each entry.
    """

    def __init__(self, like: Tensor, learning_rate: float) -> None:
        """Start with no memory, for gradients of the shape and type of ``like``."""
        self.learning_rate = learning_rate
        self._mean = torch.zeros_like(like, requires_grad=False)
        self._square = torch.zeros_like(like, requires_grad=False)
        self._steps = 0

    @torch.no_grad()
    def step(self, parameter: Tensor, gradient: Tensor) -> None:
        """Move a parameter, in place, against its gradient (Kingma and Ba 2015, algorithm 1)."""
        self._steps += 1
        self._mean.lerp_(gradient, 1 - BETAS[0])
        self._square.lerp_(gradient.square(), 1 - BETAS[1])
        mean = self._mean / (1 - BETAS[0] ** self._steps)
        root = (self._square / (1 - BETAS[1] ** self._steps)).sqrt()
        parameter.sub_(self.learning_rate * mean / (root + EPSILON))
