"""What the tests of the drag core share."""

import pytest

from tests.drag.device_drags import device_steps


@pytest.fixture(params=[False, True], ids=["solver", "device"])
def mover(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with the solver, and with the device's step, which runs on the CPU as it is written."""
    if request.param:
        device_steps(monkeypatch)
