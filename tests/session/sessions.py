"""Sessions over the analytic generator, and what can be asked of them."""

from typing import Any

import numpy as np
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession, SessionState
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs, blob_session

HANDLE, TARGET = (30.0, 32.0), (33.0, 31.0)
"""Where the blob is, and where it is to go."""

Z_CONFIG = DragConfig(solver="kinematic", space="z", feature_block=32, arrival_px=2)
"""Settings of a drag in the space z."""


def pair_session(**arguments: Any) -> DragSession:
    """Return a session with one pair of points, many steps apart unless told otherwise."""
    arguments.setdefault("config", MANY_STEPS)
    session = blob_session(**arguments)
    session.set_points([HANDLE], [TARGET])
    return session


def centre(session: DragSession) -> np.ndarray:
    """Return where the blob of a session's latent is."""
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    return generator.centres(session.w)[0].numpy()


def same(one: SessionState, other: SessionState) -> bool:
    """Whether two states are equal bit for bit."""
    masks = (one.mask is None and other.mask is None) or (
        one.mask is not None and other.mask is not None and np.array_equal(one.mask, other.mask)
    )
    return (
        masks
        and one.seed == other.seed
        and one.point_ids == other.point_ids
        and torch.equal(one.w, other.w)
        and torch.equal(one.start_w, other.start_w)
        and torch.equal(one.held_w, other.held_w)
        and same_z(one.z, other.z)
        and same_z(one.start_z, other.start_z)
        and np.array_equal(one.handle_points, other.handle_points)
        and np.array_equal(one.target_points, other.target_points)
        and np.array_equal(one.put_points, other.put_points)
    )


def same_z(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two z are equal bit for bit, or both absent."""
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def z_session(config: DragConfig = Z_CONFIG) -> DragSession:
    """Return a session over a blob of seed 5 whose latent comes from a z, with one pair of points."""
    generator = MappedPictureBlobs()
    session = DragSession(generator, seed=5, config=config)
    handle = generator.centres(session.w)[0].numpy()
    session.set_points([handle], [np.add(handle, (5, -4))])
    return session
