"""Whole drags whose ops all run as kernels, against drags in PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.generator import Generator
from tests.drag.device_drags import device_steps, random_network


@pytest.fixture(scope="module")
def network() -> Generator:
    """A random network in float64, of which float32 statistics are known."""
    return random_network().double()


def dragged(generator: Generator, solver: str) -> DragStep[Any]:
    """Return the fourth picture of a drag of two points with a mask."""
    mask = np.ones((64, 64), dtype=bool)
    mask[:20] = False
    optimizer = DragOptimizer(
        generator, generator.w_of_z(generator.sample_z(1).double()), DragConfig(solver=solver)
    )
    optimizer.set_points(
        [[30.0, 40.0], [50.0, 45.5]], [[36.0, 44.0], [45.0, 50.0]], point_ids=[0, 1]
    )
    optimizer.set_mask(mask)
    for _ in range(3):
        optimizer.step()
    return optimizer.step()


@pytest.mark.parametrize("solver", ["paper", "official", "whitened", "kinematic"])
def test_a_drag_on_kernels_goes_where_one_in_pytorch_goes(
    solver: str, network: Generator, request: pytest.FixtureRequest
) -> None:
    expected = dragged(network, solver)
    request.getfixturevalue("on_kernels")
    found = dragged(network, solver)
    torch.testing.assert_close(found.w, expected.w, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.handle_points, expected.handle_points, rtol=0, atol=1e-7)


@pytest.mark.parametrize("solver", ["paper", "official", "whitened"])
def test_the_step_of_a_device_on_kernels_goes_there_too(
    solver: str,
    network: Generator,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = dragged(network, solver)
    request.getfixturevalue("on_kernels")
    device_steps(monkeypatch)
    found = dragged(network, solver)
    torch.testing.assert_close(found.w, expected.w, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.handle_points, expected.handle_points, rtol=0, atol=1e-7)


def test_a_picture_on_kernels_is_that_in_pytorch(
    network: Generator, request: pytest.FixtureRequest
) -> None:
    with torch.inference_mode():
        w = network.w_of_z(network.sample_z(2).double())
        expected = network.image(w)
        request.getfixturevalue("on_kernels")
        torch.testing.assert_close(network.image(w), expected)
