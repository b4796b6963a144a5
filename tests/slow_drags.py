"""Drags that last as long as a test needs them."""

from dataclasses import replace

from draggan_widget.session import DragSession
from tests.picture_blobs import MANY_STEPS, blob_session

SLOW = replace(MANY_STEPS, max_steps=1_000_000, learning_rate=0.001)
"""Settings with which a long drag does not end by itself soon, but never stalls."""


def far_session() -> DragSession:
    """Return a session whose drag does not end by itself soon."""
    session = blob_session(config=SLOW)
    session.set_points([(30, 32)], [(60, 60)])
    return session
