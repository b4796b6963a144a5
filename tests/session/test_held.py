import numpy as np
import pytest
import torch

from tests.session.sessions import pair_session, same_z, z_session


def test_arrays_of_a_session_are_copies_closed_for_writing() -> None:
    session, mask = pair_session(), np.ones((64, 64), bool)
    session.mask = mask
    mask[:] = False
    assert session.mask is not None
    assert session.mask.all()
    for array in (session.handle_points, session.target_points, session.mask):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_latent_cannot_be_changed_behind_the_session() -> None:
    session = pair_session()
    session.w[:] = 5
    assert torch.equal(session.w, torch.zeros(1, 8, 6))


def test_the_z_that_is_returned_is_a_copy() -> None:
    session = z_session()
    z = session.z
    assert z is not None
    z.zero_()
    assert not same_z(session.z, z)
