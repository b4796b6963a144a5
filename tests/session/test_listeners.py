import numpy as np

from tests.session.sessions import pair_session


def test_listeners_are_told_of_steps_and_of_other_changes() -> None:
    session, told = pair_session(), list[int | None]()
    end = session.listen(lambda step: told.append(None if step is None else step.step))
    session.mask = np.ones((64, 64), bool)
    session.drag(max_steps=1)
    end()
    session.sample(4)
    assert told == [None, 0, 1, None]
