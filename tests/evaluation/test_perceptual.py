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


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    if not why_not_measured(128, 128):
        image = torch.zeros(1, 3, 128, 128)
        distance = load_perceptual_distance(torch.device("cpu"))
        assert distance(image, image) == 0.0
        assert distance(image, torch.rand(1, 3, 128, 128)) > 0.0


def test_a_broken_installation_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lpips.py").write_text("raise ImportError('made for another torch')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lpips", raising=False)
    reason = why_not_measured(128, 128)
    assert reason.startswith("lpips cannot be imported (")
    assert reason.endswith("install lpips and a torchvision that fits torch")
