from pathlib import Path

import numpy as np
import pytest

from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession
from tests.session.sessions import pair_session, z_session


@pytest.fixture
def saved(tmp_path: Path) -> tuple[DragSession, Path]:
    """Return a session with a past and a future, and its file."""
    session = pair_session(config=DragConfig(max_steps=3))
    session.mask = np.tri(64, dtype=bool)
    session.drag()
    session.sample(8)
    session.handle_points = [[1.25, 2.5]]
    session.undo()
    session.undo()
    return session, session.save(tmp_path / "a.dgs")


@pytest.fixture
def saved_z(tmp_path: Path) -> tuple[DragSession, Path]:
    """Return a session that was dragged in z, undone once, and its file."""
    session = z_session()
    session.drag()
    session.w = session.w + 0.1
    session.undo()
    return session, session.save(tmp_path / "z.dgs")
