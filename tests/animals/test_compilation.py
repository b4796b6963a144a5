"""The compiled field: as the eager one, and a clear word where it cannot be had."""

import importlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from draggan_widget.animals import Z_DIM, compilation, render
from draggan_widget.animals.compilation import (
    compiled_distance,
    compiled_distance_or_eager,
    packed_distance,
)
from draggan_widget.animals.scene import build_scene, pack_scene


def random_z(count: int) -> torch.Tensor:
    return torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def nothing_compiled() -> Iterator[None]:
    """Forget what was compiled, before and after."""
    for function in (compiled_distance, compiled_distance_or_eager):
        function.cache_clear()
    yield
    for function in (compiled_distance, compiled_distance_or_eager):
        function.cache_clear()


@pytest.fixture
def no_compiler(nothing_compiled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `torch.compile` fail as it does without a compiler: when the function is called."""

    def compile_without_compiler(function: object, **_: object) -> object:
        def fail(*_: Any) -> torch.Tensor:
            raise RuntimeError("backend='inductor' raised:\nNo working C++ compiler found\nmore")

        return fail

    monkeypatch.setattr(torch, "compile", compile_without_compiler)


def test_without_a_compiler_the_eager_field_is_used_with_one_warning(no_compiler: None) -> None:
    with pytest.warns(UserWarning, match="No working C.. compiler found. Install a C.. compiler"):
        assert compiled_distance_or_eager("cpu") is packed_distance
    assert compiled_distance_or_eager("cpu") is packed_distance


def test_without_a_compiler_a_request_to_compile_fails_with_the_cure(no_compiler: None) -> None:
    with pytest.raises(RuntimeError, match="compiled=False"):
        render(random_z(1), 8, compiled=True)


def test_little_work_is_not_compiled(no_compiler: None) -> None:
    assert render(random_z(1), 8).shape == (1, 8, 8, 3)


def test_much_work_is_compiled_unless_refused(
    no_compiler: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    render_module = importlib.import_module("draggan_widget.animals.render")
    monkeypatch.setattr(render_module, "RAYS_WORTH_COMPILING", 100)
    assert render(random_z(1), 8, compiled=False).shape == (1, 8, 8, 3)
    with pytest.warns(UserWarning, match="four times slower"):
        render(random_z(1), 8)


@pytest.mark.slow
# PyTorch's own compiler imports modules of PyTorch that PyTorch has deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.skipif(
    shutil.which("c++") is None and shutil.which("g++") is None, reason="needs a C++ compiler"
)
def test_the_compiled_field_and_its_pictures_are_those_of_the_eager_one() -> None:
    distance = compiled_distance("cpu")
    with torch.no_grad():
        for animals, count in ((2, 64), (5, 1000), (3, 77), (1, 128)):
            values = pack_scene(build_scene(random_z(animals)))
            points = 3.0 * torch.rand(3, animals, count) - 1.5
            expected = packed_distance(values, points)
            torch.testing.assert_close(distance(values, points), expected, atol=3e-6, rtol=1e-5)
    difference = render(random_z(3), 32, compiled=True).int() - render(random_z(3), 32).int()
    assert difference.abs().float().mean() < 0.02
    assert difference.abs().max() <= 8
    assert compilation.compiled_distance("cpu") is distance
