"""The steps of inverse kinematics on a matrix of derivatives; knows no pictures.

Handles are as many as a person put down and coordinates thousands, so that every system solved is small.
"""

import torch
from torch import Tensor


def damped_step(jacobian: Tensor, errors: Tensor, noise: Tensor, back: Tensor) -> Tensor:
    """Return the step that brings places nearer to where they should go.

    The most probable step d for a standard normal prior around ``back`` and places that are measured with an error
    (the update of an iterated Kalman filter, Bell and Cathey 1993)::

        d = back + J^T (J J^T + diag(noise))^-1 (errors - J back)

    It is the minimum of ``|d - back|^2 + (J d - errors)^T diag(noise)^-1 (J d - errors)``.

    Args:
        jacobian: J, derivatives of M places with respect to the coordinates, ``[M, A]`` px.
        errors: How far each place should move, ``[M]`` px.
        noise: Variance of each measured place, ``[M]`` px^2, positive.
        back: The step where no place says otherwise, ``[A]``.

    Returns:
        ``[A]``.
    """
    matrix = jacobian @ jacobian.T + torch.diag(noise)
    wanted = errors - jacobian @ back
    # In double precision on the CPU: the system is small, and handles side by side make it nearly singular.
    weights = torch.linalg.solve(matrix.cpu().double(), wanted.cpu().double())
    step: Tensor = back + jacobian.T @ weights.to(jacobian)
    return step


def in_noises(jacobian: Tensor, errors: Tensor, covariances: Tensor) -> tuple[Tensor, Tensor]:
    """Return derivatives and errors of handles in multiples of their noise, which then is one in every direction.

    Args:
        jacobian: Of x and y of each handle, ``[2 N, A]`` px.
        errors: ``[N, 2]`` px.
        covariances: Of each handle's noise, ``[N, 2, 2]`` px^2, positive definite.

    Returns:
        ``[2 N, A]`` and ``[2 N]``.
    """
    variances, axes = torch.linalg.eigh(covariances.cpu().double())
    roots = ((axes * variances.rsqrt()[:, None]) @ axes.mT).to(jacobian)
    derivatives = roots @ jacobian.reshape(len(roots), 2, -1)
    return derivatives.flatten(0, 1), (roots @ errors[..., None]).flatten()


def shortened(vectors: Tensor, longest: float) -> Tensor:
    """Return vectors ``[..., D]`` with those that are longer made so long."""
    return vectors * share_within(vectors, longest)


def share_within(vectors: Tensor, longest: float) -> Tensor:
    """Return the share of each vector ``[..., D]`` that is no longer than that, ``[..., 1]`` in 0..1."""
    lengths: Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return longest / lengths.clamp(min=longest)


def secant_update(jacobian: Tensor, step: Tensor, surprise: Tensor) -> Tensor:
    """Return the nearest matrix that explains what a step has done (Broyden 1965, "good" update).

    Args:
        jacobian: ``[M, A]``.
        step: That was taken, ``[A]``, not zero.
        surprise: Observed minus predicted change, ``[M]``.

    Returns:
        ``[M, A]``; times ``step`` it is the observed change, and across ``step`` it is as before.
    """
    return jacobian + torch.outer(surprise, step) / step.square().sum()
