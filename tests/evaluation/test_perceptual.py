"""LPIPS is optional: without the package, its weights or large enough pictures there is a reason in words."""

import importlib.util
import socket
import sys
from pathlib import Path

import pytest
import torch

from draggan_widget.evaluation.perceptual import load_perceptual_distance, why_not_measured


def test_small_pictures_are_not_measured() -> None:
    assert why_not_measured(32, 128) == "LPIPS needs pictures of at least 64 px"


@pytest.mark.skipif(bool(importlib.util.find_spec("lpips")), reason="lpips is installed")
def test_without_the_package_the_cure_is_named() -> None:
    assert "pip install lpips" in why_not_measured(128, 128)


@pytest.mark.skipif(bool(why_not_measured(128, 128)), reason=why_not_measured(128, 128))
def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    image = torch.zeros(1, 3, 128, 128)
    distance = load_perceptual_distance(torch.device("cpu"))
    assert distance(image, image) == 0.0
    assert distance(image, torch.rand(1, 3, 128, 128)) > 0.0


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``lpips`` that measures the mean difference, and where the weights of AlexNet would be."""
    (tmp_path / "lpips.py").write_text(
        "import torch\n"
        "class LPIPS(torch.nn.Module):\n"
        "    def __init__(self, net, verbose):\n"
        "        super().__init__()\n"
        "        assert net == 'alex'\n"
        "    def forward(self, first, second):\n"
        "        return (first - second).abs().mean()\n"
    )
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").touch()
    (tmp_path / "torchvision" / "models.py").write_text(
        "from types import SimpleNamespace\n"
        "V1 = SimpleNamespace(url='https://example.org/alexnet.pth')\n"
        "AlexNet_Weights = SimpleNamespace(IMAGENET1K_V1=V1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("lpips", "torchvision", "torchvision.models"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints" / "alexnet.pth"


def test_absent_weights_are_a_reason(stand_in: Path) -> None:
    reason = why_not_measured(128, 128)
    assert reason.startswith(f"the weights of AlexNet are not in {stand_in.parent}")


def test_pictures_are_compared_as_they_are_shown(stand_in: Path) -> None:
    stand_in.parent.mkdir(parents=True)
    stand_in.touch()
    assert why_not_measured(128, 128) == ""
    distance = load_perceptual_distance(torch.device("cpu"))
    white, loud, black = (torch.full((1, 3, 64, 64), v) for v in (1.0, 7.0, -1.0))
    assert distance(white, loud) == 0.0
    assert distance(white, black) == 2.0


def test_a_broken_installation_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lpips.py").write_text("raise ImportError('made for another torch')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lpips", raising=False)
    reason = why_not_measured(128, 128)
    assert reason.startswith("lpips cannot be imported (")
    assert reason.endswith("install lpips and a torchvision that fits torch")
